import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findNatsServer } from '@congvan/bus';
import { expect, it } from 'vitest';

import { type Country, MACHINES, describeHere, readCountry } from './country-guide.ts';
import { makeReport } from './make-report.ts';
import { GUIDE_LIMIT_MS, createGuideFolder, freePort, runScript } from './run-guide.ts';

/** Before this one a source waits for an hour at a message that it has had; the page says so. */
const STANDBY_FROM = [2, 12, 8];

/** Description, servers, streams, registrars, services, and a letter from a province to a ministry. */
async function bringUp({ country, ofTw, background, first }: Country): Promise<string[]> {
  return [
    'at TW',
    country('--organization "Văn', 'tw'),
    country('--use tls', 'tw'),
    'at H09',
    country('--registrar H09', 'h09'),
    'at TW',
    country('congvan bus plan', 'tw'),
    'for name in c1 c2 c3 tw h09; do start $name; done',
    first(country('chmod', 'c1'), 'chmod'),
    `apply() { ${country('bus apply bus --dry-run', 'tw').trim().split('\n').join(' && ')}; }`,
    'again apply',
    country('agency delegate', 'tw'),
    country('for folder in public', 'tw'),
    `desk TW ${await freePort()}`,
    'at H09',
    country('for folder in public', 'h09'),
    `desk H09 ${await freePort()}`,
    background(country('congvan site run', 'h09'), 'site-H09'),
    'at TW',
    background(ofTw(country('congvan site run', 'tw')), 'site-TW'),
    'has site-H09.log port && has site-TW.log port',
    background(country('congvan relay run', 'tw'), 'relay'),
    'congvan ca issue --use client --name centre --out machine/c1/centre-tls.p12',
    'mkdir -p home/centre && cp -R bus/centre/home/. home/centre/ && at centre',
    background(country('congvan centre run', 'c1'), 'centre'),
    'has relay.log running && has centre.log running',
    'mkdir site-copy && cp -R home/H09/site home/H09/ca home/H09/bus site-copy/',
    'enrol TW G09 & other=$!',
    'enrol H09 H09.12',
    'wait "$other"',
    'again knows TW && again knows H09',
    'letter before && again arrived 1',
    'at TW',
    country('congvan bus status', 'tw'),
  ];
}

function growBySite({ country, first }: Country): string[] {
  return [
    'echo "== a site more"',
    'cp bus-with-h44.yaml bus.yaml',
    'congvan bus plan bus.yaml --out bus --check || echo "check says $?"',
    country('congvan bus plan', 'tw'),
    'start h44',
    `grown() { ${country('bus apply bus --dry-run', 'tw').trim().split('\n').at(-1)}; }`,
    'again grown',
    first(country('congvan bus status', 'tw'), 'bus status'),
  ];
}

/** The centre is lost with its disks; what a province sends meanwhile arrives by the new one. */
function moveCentre({ standby, background, backup, first }: Country): string[] {
  return [
    'echo "== the standby"',
    first(backup('mkdir', 'backup'), 'mkdir'),
    first(backup('relay backup', 'backup'), 'relay backup'),
    'at offices-H09',
    first(backup('agent backup', 'backup'), 'agent backup'),
    'kill -9 $(cat machine/c?/pid) && rm -r machine/c?/data',
    'end relay && end centre',
    'letter between',
    'for name in c1 c2 c3; do start $name; done',
    'at TW',
    `central() { ${standby('--place central', 'tw').trim()}; }`,
    'again central',
    'restore home/TW/relay backup/relay/2026-07-15',
    background(standby('congvan relay run', 'tw'), 'relay'),
    'at centre',
    background(standby('congvan centre run', 'c1'), 'centre'),
    'at TW',
    `doctor() { ${standby('bus doctor', 'tw').trim()}; }`,
    'again doctor',
    'again arrived 2',
  ];
}

/** A site and an agency put back from copies that lack what came after. */
function putBack({ country, background, backup, first }: Country): string[] {
  return [
    'echo "== put back"',
    'end site-H09 && rm -r home/H09/site home/H09/ca home/H09/bus',
    'cp -R site-copy/. home/H09/ && at H09',
    'find home/H09/site/directory -name "*.rec"',
    'echo "== its service runs"',
    background(first(country('congvan site run', 'h09'), 'site run'), 'site-H09'),
    'has site-H09.log port',
    'congvan agency list',
    'at offices-H09',
    'again settled',
    'end offices-H09 && restore home/offices-H09/agents/H09-12 backup/H09-12/2026-07-15',
    background(backup('--copy restored', 'offices').trim(), 'offices-H09'),
    'again settled && again whole',
    'letter after && again arrived 3',
  ];
}

it(
  'the commands of run-a-country.md, move-to-the-standby-centre.md and back-up-and-restore.md bring up a country, and bring it back',
  async () => {
    await using folder = await createGuideFolder();
    const { path, version } = await findNatsServer();
    const { description, ...here } = await describeHere(folder.path, String(version));
    const withoutH44 = description.replace(/ {2}- code: H44\n.*\n/u, '');
    expect(withoutH44).not.toBe(description);
    await writeFile(join(folder.path, 'bus.yaml'), withoutH44);
    await writeFile(join(folder.path, 'bus-with-h44.yaml'), description);
    await writeFile(join(folder.path, 'report.pdf'), await makeReport());
    await writeFile(join(folder.path, 'passphrase'), 'một mật khẩu đủ dài\n', { mode: 0o600 });
    const pages = await readCountry(here);
    const canMove = isFrom(String(version), STANDBY_FROM);
    const parts = [
      MACHINES,
      ...(await bringUp(pages)),
      ...growBySite(pages),
      ...(canMove ? moveCentre(pages) : []),
      ...(canMove ? putBack(pages) : []),
    ];
    const { code, output } = await runScript(folder.path, parts.join('\n'), {
      NATS_SERVER: path,
      GUIDE: folder.path,
      CONGVAN_PASSPHRASE_FILE: join(folder.path, 'passphrase'),
    });
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    const [first = '', grown = ''] = output.split('== a site more');
    expect(first).toMatch(/^relays\/TW-RELAY\/central\.creds +made/mu);
    expect(first).toMatch(/^H09 +REPORT_H09 +made/mu);
    for (const server of ['c1', 'c2', 'c3', 'tw', 'h09']) {
      expect(first).toMatch(new RegExp(`^\\S+ +${server} +[\\d.]+ +ok`, 'mu'));
    }
    expect(first.match(/a message was written and read/gu)?.length).toBeGreaterThanOrEqual(3);
    expect(grown).toMatch(/^H44 +REPORT_H44 +made/mu);
    expect(grown).toMatch(/^central +REPORTS .*REPORT_H44/mu);
    expect(grown).toMatch(/^H44 +h44 +[\d.]+ +ok/mu);
    if (!canMove) return;
    const [, back = ''] = output.split('== put back');
    const [old = '', whole = ''] = back.split('== its service runs');
    expect(old).not.toContain('.rec');
    expect(whole).toMatch(/^H09\.12 /mu);
    // The copy knows of one number; of the second the relay knows.
    expect(whole).toMatch(/^number +03\//mu);
  },
  GUIDE_LIMIT_MS,
);

function isFrom(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const at = wanted.findIndex((number, index) => parts[index] !== number);
  return at === -1 || (parts[at] ?? 0) > (wanted[at] ?? 0);
}
