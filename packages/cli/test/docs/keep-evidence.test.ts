import { waitUntil } from '@congvan/bus/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { PASSPHRASE, type RunningPart, type Town, createTown, writePdf } from '../town.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const WAIT_MS = 30_000;

/** A relay, two agencies and a document that one has sent to the other. @returns its id. */
async function sendDocument(
  town: Town,
  tsa: string,
): Promise<{ readonly document: string; readonly relay: RunningPart }> {
  const run = async (argv: readonly string[]): Promise<void> => {
    expect(await town.run(argv)).toMatchObject({ code: 0 });
  };
  await run(['bus', 'up', '--detach', '--site', 'H09,TW']);
  await run(['relay', 'init']);
  for (const [code, tier] of [
    ['H09', 'province'],
    ['H09.12', 'district'],
  ] as const) {
    await run([
      'agency',
      'add',
      code,
      '--name',
      `Cơ quan ${code}`,
      '--site',
      'H09',
      '--tier',
      tier,
    ]);
    await run(['agent', 'init', '--from', town.path('enrolment', code.replaceAll('.', '-'))]);
  }
  await town.start(['site', 'run'], /site running/);
  const relay = await town.start(['relay', 'run', '--http', '0'], /url=/, { CONGVAN_TSA: tsa });
  await town.start(['agent', 'run', '--all', '--json'], /(?:entries.*){2}/s);
  const pdf = await writePdf(town.path('cong-van.pdf'));
  const about = ['--abstract', 'V/v báo cáo', '--type', 'Công văn', '--agency', 'H09.12'];
  const sent = await town.json<{ documentId: string }>(['send', pdf, '--to', 'H09', ...about]);
  await waitUntil(async () => {
    const { deliveries } = await town.json<{ deliveries: { status: string | null }[] }>([
      'track',
      sent.documentId,
      '--agency',
      'H09.12',
    ]);
    return deliveries.every(({ status }) => status === '01');
  }, WAIT_MS);
  return { document: sent.documentId, relay };
}

/** @returns a bearer token of an auditor. */
async function addAuditor(town: Town): Promise<string> {
  await writeFile(town.path('password'), 'một mật khẩu đủ dài\n', { mode: 0o600 });
  const password = ['--password-file', town.path('password')];
  const add = ['relay', 'user', 'add', 'lan', '--role', 'auditor', ...password];
  expect(await town.run(add)).toMatchObject({ code: 0 });
  const { token } = await town.json<{ token: string }>(['relay', 'user', 'token', 'lan']);
  return token;
}

/** The evidence file of a document, as the relay gives it to an auditor over HTTP. */
async function download(
  town: Town,
  relay: RunningPart,
  document: string,
  token: string,
): Promise<{ readonly file: string; readonly headers: Headers }> {
  const url = /url=(\S+)/.exec(relay.output())?.[1] ?? '';
  const answer = await fetch(`${url}/api/v1/evidence/${document}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
  const file = town.path('downloaded.asice');
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  return { file, headers: answer.headers };
}

async function check(
  town: Town,
  file: string,
  trust: string,
): Promise<{
  readonly indication: string;
  readonly provenAt: string | null;
  readonly lacking: readonly string[];
}> {
  return await town.json(['verify', file, '--trust', trust]);
}

/** The relay and the sender write evidence while the service is away, and say what it lacks. */
async function exportWithoutTimeStamp(
  town: Town,
  document: string,
  trust: string,
  tsa: string,
): Promise<void> {
  for (const who of [[], ['--agency', 'H09.12']]) {
    const file = town.path(`lacking-${who.length}.asice`);
    const argv = ['evidence', 'export', document, '--output', file, '--tsa', tsa, ...who, '--json'];
    const made = await town.run(argv);
    expect(made).toMatchObject({ code: 0 });
    expect(made.err).toContain('warning: the file was made without a time-stamp');
    expect(made.out).toMatch(/"lacking":\[[^\]]*"time-stamp"/u);
    const read = await town.run(['evidence', 'verify', file, '--trust', trust]);
    expect(read).toMatchObject({ code: 0 });
    expect(read.out).toMatch(/proven at +by no valid time-stamp/u);
    expect(read.out).toMatch(/not in it .*a time-stamp: the service did not give one/u);
  }
}

it(
  'docs/how-to/keep-evidence.md runs as it stands, and one turned byte is named',
  async () => {
    await using folder = await createGuideFolder();
    await using town = await createTown();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    expect(await town.run(['ca', 'init', '--base-url', base])).toMatchObject({ code: 0 });
    const tsa = town.path('tsa.p12');
    const issue = ['ca', 'issue', '--use', 'tsa', '--name', 'Dấu thời gian', '--out', tsa];
    expect(await town.run(issue)).toMatchObject({ code: 0 });
    const ca = await town.start(
      ['ca', 'serve', '--port', String(port), '--tsa', tsa],
      /127\.0\.0\.1/,
    );
    const { document, relay } = await sendDocument(town, `${base}/tsa`);
    const guide = await blocksOf('how-to/keep-evidence.md');
    const setUp = 'export PATH="$PWD/node_modules/.bin:$PATH"';
    const { code, output } = await runScript(folder.path, [setUp, ...guide].join('\n'), {
      CONGVAN_HOME: town.home,
      CONGVAN_PASSPHRASE: PASSPHRASE,
      CONGVAN_TSA: `${base}/tsa`,
      DOCUMENT: document,
    });
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toMatch(/result +TOTAL-PASSED: valid/u);
    expect(output).toMatch(/\d+ files are as the exporter signed them/u);
    expect(output).toContain('Verification: OK');
    expect(output.match(/CMS Verification successful/gu)?.length).toBeGreaterThanOrEqual(5);
    expect(output).toContain('"kind":"dispatch"');

    const file = join(folder.path, 'chung-cu.asice');
    const trust = join(folder.path, 'trust');
    const short = await town.run(['verify', file, '--trust', trust, '--json']);
    expect(short).toMatchObject({ code: 0 });
    expect(short.out).toContain('"role":"relay"');
    const token = await addAuditor(town);
    const fetched = await download(town, relay, document, token);
    expect(fetched.headers.get('congvan-time-stamp')).toBeNull();
    const proven = await check(town, fetched.file, trust);
    expect(proven.provenAt).toMatch(/^\d{4}-/);
    expect(proven.lacking).not.toContain('time-stamp');
    await ca.interrupt();
    const without = await download(town, relay, document, token);
    expect(without.headers.get('congvan-time-stamp')).toBe('unavailable');
    expect(without.headers.get('content-disposition')).toContain('without-time-stamp');
    const plain = await check(town, without.file, trust);
    expect(plain).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: null });
    expect(plain.lacking).toContain('time-stamp');
    const sheet = `unzip -p ${without.file} cover-vi.pdf > cover.pdf && pdftotext -layout cover.pdf -`;
    const cover = await runScript(folder.path, sheet);
    expect(cover.output.replaceAll(/\s+/gu, ' ')).toContain(
      'dấu thời gian: dịch vụ không cấp được',
    );
    await exportWithoutTimeStamp(town, document, trust, `${base}/tsa`);
    const bytes = await readFile(file);
    const at = bytes.indexOf('"kind":"dispatch"');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(folder.path, 'changed.asice'), bytes);
    const verify = ['evidence', 'verify', join(folder.path, 'changed.asice'), '--trust', trust];
    const changed = await town.run([...verify, '--json']);
    expect(changed.code).toBe(3);
    expect(changed.out).toContain('records/0001-dispatch-H09.12.record');
  },
  GUIDE_LIMIT_MS,
);
