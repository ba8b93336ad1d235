import { execFile } from 'node:child_process';
import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { openPkcs12, parseCertificate, parseCrl } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTown, PASSPHRASE, type Town } from './town.ts';

const exec = promisify(execFile);

interface Issued {
  readonly serialNumber: string;
  readonly file: string;
  readonly leftOut?: readonly string[];
  readonly renews?: string;
}
interface Shown {
  readonly subjectText: string;
  readonly revoked?: { readonly reason: string };
  readonly renewedBy?: string;
  readonly pem: string;
}
interface Audit {
  readonly lineCount: number;
  readonly events: readonly { readonly event: string; readonly actor: string }[];
}

const NAME = 'Ủy ban nhân dân xã Thường Tân';

let template: Town;
beforeAll(async () => {
  template = await createTown();
  const { code, err } = await template.run(['ca', 'init', '--base-url', 'http://pki.example']);
  if (code !== 0) throw new Error(err);
});
afterAll(async () => {
  await template[Symbol.asyncDispose]();
});

/** A home with an authority, copied: making one takes a second. */
async function townWithCa(): Promise<Town> {
  const town = await createTown();
  await cp(template.home, town.home, { recursive: true });
  return town;
}

async function openssl(...args: string[]): Promise<string> {
  const { stdout, stderr } = await exec('openssl', args);
  return stdout + stderr;
}

it('a server’s certificate goes with --pem as servers read it, good for both ends of a line', async () => {
  await using town = await townWithCa();
  const out = town.path('server.pem');
  const issue = ['ca', 'issue', '--name', 'n1', '--ip', '127.0.0.1', '--pem', '--out', out];
  expect(await town.run([...issue, '--use', 'tls'])).toMatchObject({ code: 0 });
  expect((await stat(town.path('server.key'))).mode & 0o777).toBe(0o600);
  expect(await readFile(town.path('server.key'), 'utf8')).toContain('BEGIN PRIVATE KEY');
  const root = town.path('ca', 'root.crt');
  for (const purpose of ['sslserver', 'sslclient']) {
    const told = await openssl(
      'verify',
      '-purpose',
      purpose,
      '-CAfile',
      root,
      '-untrusted',
      out,
      out,
    );
    expect(told).toContain('OK');
  }
  // A seal never stands on a disk without its passphrase.
  const seal = [...issue.slice(0, -1), town.path('seal.pem'), '--use', 'seal'];
  expect(await town.run(seal)).toMatchObject({ code: 2 });
  await expect(stat(town.path('seal.key'))).rejects.toThrow('ENOENT');
});

describe('a certificate for a key that stays with its owner', () => {
  it('goes by request, signature and receipt to a P12, and is renewed the same way', async () => {
    await using town = await townWithCa();
    const request = ['ca', 'request', '--new-key', town.path('a.key'), '--algorithm', 'ec-p256'];
    const named = ['--name', NAME, '--organization', NAME, '--out', town.path('a.csr')];
    const asked = await town.run([...request, ...named]);
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.err).toContain('keep');
    expect((await stat(town.path('a.key'))).mode & 0o077).toBe(0);
    expect(await readFile(town.path('a.key'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
    expect(await openssl('req', '-verify', '-in', town.path('a.csr'), '-noout')).toContain('OK');

    const sign = ['ca', 'sign', town.path('a.csr'), '--use', 'seal', '--out', town.path('a.crt')];
    const { serialNumber, leftOut } = await town.json<Issued>(sign);
    expect(leftOut).toEqual([]);
    const receive = ['ca', 'receive', town.path('a.crt'), '--key', town.path('a.key'), '--out'];
    expect(await town.run([...receive, town.path('a.p12')])).toMatchObject({ code: 0 });
    const signer = openPkcs12(await readFile(town.path('a.p12')), PASSPHRASE);
    expect(signer.certificate.serialNumber).toBe(serialNumber);
    expect(signer.chain).toHaveLength(1);
    expect(await town.run([...receive, town.path('a.p12')])).toMatchObject({ code: 6 });

    const again = ['ca', 'request', '--p12', town.path('a.p12'), '--out', town.path('b.csr')];
    expect(await town.run(again)).toMatchObject({ code: 0 });
    const renew = ['ca', 'renew', serialNumber, '--request', town.path('b.csr'), '--out'];
    const next = await town.json<Issued>([...renew, town.path('b.crt')]);
    expect(next.renews).toBe(serialNumber);
    const shown = await town.json<Shown>(['ca', 'show', serialNumber]);
    expect(shown).toMatchObject({ renewedBy: next.serialNumber, use: 'seal' });
    expect(parseCertificate(Buffer.from(shown.pem)).commonName).toBe(NAME);
  });

  it('is refused where the request, the key or the command does not fit', async () => {
    await using town = await townWithCa();
    const make = async (name: string): Promise<void> => {
      const request = ['ca', 'request', '--new-key', town.path(`${name}.key`), '--name', NAME];
      const argv = [...request, '--algorithm', 'ec-p256', '--out', town.path(`${name}.csr`)];
      expect(await town.run(argv)).toMatchObject({ code: 0 });
    };
    await make('a');
    await make('b');
    const pem = await readFile(town.path('a.csr'));
    const at = pem.length - 60; // in the signature
    pem[at] = pem[at] === 65 ? 66 : 65;
    await writeFile(town.path('bad.csr'), pem);
    const sign = (file: string, ...more: string[]) =>
      town.run(['ca', 'sign', town.path(file), '--out', town.path('x.crt'), ...more]);
    expect(await sign('bad.csr', '--use', 'node')).toMatchObject({ code: 9 });
    expect(await sign('a.csr', '--use', 'tls')).toMatchObject({ code: 9 });
    expect(await sign('a.csr', '--use', 'node', '--dns', 'x.example')).toMatchObject({ code: 9 });
    expect(await sign('missing.csr', '--use', 'node')).toMatchObject({ code: 5 });
    expect(await sign('a.csr', '--use', 'node')).toMatchObject({ code: 0 });
    const receive = ['ca', 'receive', town.path('x.crt'), '--out', town.path('x.p12'), '--key'];
    expect(await town.run([...receive, town.path('b.key')])).toMatchObject({ code: 8 });
    const wrong = { env: { CONGVAN_PASSPHRASE: 'not the passphrase' } };
    expect(await town.run([...receive, town.path('a.key')], wrong)).toMatchObject({ code: 8 });
    expect(await town.run(['ca', 'request', '--out', town.path('c.csr')])).toMatchObject({
      code: 2,
    });
    expect(await town.run(['ca', 'renew', '00ff', '--out', town.path('c.p12')])).toMatchObject({
      code: 5,
    });
  });
});

describe('what becomes of a certificate', () => {
  it('is hold, release, revocation by a delta list, and a line in the log for each', async () => {
    await using town = await townWithCa();
    const issue = ['ca', 'issue', '--use', 'node', '--name', NAME, '--out', town.path('n.p12')];
    const { serialNumber } = await town.json<Issued>(issue);
    const run = async (...argv: string[]) =>
      expect(await town.run(['ca', ...argv])).toMatchObject({ code: 0 });
    await run('revoke', serialNumber, '--reason', 'certificateHold');
    await run('release', serialNumber);
    await run(
      'revoke',
      serialNumber,
      '--reason',
      'keyCompromise',
      '--invalid-since',
      '2026-01-02T00:00:00Z',
      '--delta',
    );
    const out = town.path('delta.crl');
    await run('crl', '--delta', '--out', out);
    const delta = parseCrl(await readFile(out));
    expect(delta.baseNumber).toBe(3n);
    expect(delta.entries).toMatchObject([
      { serialNumber, reason: 'keyCompromise', invalidSince: new Date('2026-01-02T00:00:00Z') },
    ]);
    const { out: shown } = await town.run(['ca', 'show', serialNumber]);
    expect(shown).toContain('keyCompromise');
    const audit = await town.json<Audit>(['ca', 'audit', '--limit', '6']);
    expect(audit.events.map(({ event }) => event)).toEqual([
      'crl',
      'release',
      'crl',
      'revoke',
      'delta-crl',
      'delta-crl',
    ]);
    expect(audit.events.every(({ actor }) => actor === 'văn thư')).toBe(true);

    const log = town.path('ca', 'audit.log');
    await writeFile(log, (await readFile(log, 'utf8')).replace('keyCompromise', 'superseded'));
    const damaged = await town.run(['ca', 'audit']);
    expect(damaged.code).toBe(8);
    expect(damaged.err).toContain('audit.log: line');
  });

  it('goes with that of its issuing authority, which is replaced', async () => {
    await using town = await townWithCa();
    const serial = parseCertificate(await readFile(town.path('ca', 'issuing.crt'))).serialNumber;
    const replaced = await town.run(['ca', 'renew', serial, '--algorithm', 'ec-p256']);
    expect(replaced).toMatchObject({ code: 0 });
    expect(replaced.err).toContain('trust/intermediates');
    expect(await town.run(['ca', 'revoke', serial, '--reason', 'superseded'])).toMatchObject({
      code: 0,
    });
    expect(parseCrl(await readFile(town.path('ca', 'root.crl'))).entries).toMatchObject([
      { serialNumber: serial },
    ]);
    const issue = ['ca', 'issue', '--use', 'node', '--name', NAME, '--out', town.path('n.p12')];
    await town.run(issue);
    const signer = openPkcs12(await readFile(town.path('n.p12')), PASSPHRASE);
    expect(signer.certificate.issuerText).toContain('G2');
  });
});

it('serves OCSP, lists and time-stamps to openssl', async () => {
  await using town = await townWithCa();
  const issue = async (use: string) => {
    const out = town.path(`${use}.p12`);
    const argv = ['ca', 'issue', '--use', use, '--name', `${NAME} ${use}`, '--out', out];
    return (await town.json<Issued>(argv)).serialNumber;
  };
  await issue('tsa');
  const serial = await issue('node');
  await town.run(['ca', 'revoke', serial, '--reason', 'superseded']);
  const { pem } = await town.json<Shown>(['ca', 'show', serial]);
  await writeFile(town.path('node.pem'), pem);
  expect(await openssl('x509', '-in', town.path('node.pem'), '-noout', '-ocsp_uri')).toContain(
    'http://pki.example/ocsp',
  );

  const serve = ['ca', 'serve', '--port', '0', '--tsa', town.path('tsa.p12')];
  const part = await town.start(serve, /url=http\S+/);
  const [, url = ''] = /url=(http\S+)/.exec(part.output()) ?? [];
  const taken = await town.run(['ca', 'serve', '--port', new URL(url).port]);
  expect(taken.code).toBe(6);
  expect(taken.err).toContain('is in use');
  const root = town.path('ca', 'root.crt');
  const issuing = town.path('ca', 'issuing.crt');
  const ask = ['ocsp', '-url', `${url}/ocsp`, '-issuer', issuing, '-cert', town.path('node.pem')];
  const answer = await openssl(...ask, '-CAfile', root, '-verify_other', issuing);
  expect(answer).toContain('Response verify OK');
  expect(answer).toMatch(/node\.pem: revoked[^]*superseded/);

  const list = await fetch(`${url}/crl/issuing-delta.crl`);
  expect(parseCrl(new Uint8Array(await list.arrayBuffer())).baseNumber).toBeDefined();

  const query = town.path('q.tsq');
  await openssl('ts', '-query', '-data', root, '-sha256', '-cert', '-out', query);
  const reply = await fetch(`${url}/tsa`, {
    method: 'POST',
    body: await readFile(query),
    headers: { 'content-type': 'application/timestamp-query' },
  });
  await writeFile(town.path('r.tsr'), Buffer.from(await reply.arrayBuffer()));
  const verify = ['ts', '-verify', '-queryfile', query, '-in', town.path('r.tsr')];
  expect(await openssl(...verify, '-CAfile', root, '-untrusted', issuing)).toContain('OK');
  expect(await part.interrupt()).toBe(0);
});
