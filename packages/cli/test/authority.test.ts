import { execFile } from 'node:child_process';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { createTown, PASSPHRASE } from './town.ts';

const exec = promisify(execFile);

interface Issued {
  readonly serialNumber: string;
  readonly file: string;
}
interface Listed {
  readonly certificates: readonly { serialNumber: string; use: string; revoked?: object }[];
}

describe('a certificate authority', () => {
  it('issues a P12 that openssl opens, with Vietnamese names, and revokes it', async () => {
    await using town = await createTown();
    expect(await town.run(['ca', 'init'])).toMatchObject({ code: 0 });
    const name = 'Ủy ban nhân dân xã Thường Tân';
    const out = town.path('seal.p12');
    const issued = await town.json<Issued>([
      'ca',
      'issue',
      '--use',
      'seal',
      '--name',
      name,
      '--locality',
      'Bình Dương',
      '--out',
      out,
    ]);
    const env = { ...process.env, PASS: PASSPHRASE };
    const args = ['pkcs12', '-in', out, '-passin', 'env:PASS', '-nodes'];
    const { stdout: pem } = await exec('openssl', args, { env });
    await writeFile(town.path('all.pem'), pem);
    const subject = ['x509', '-in', town.path('all.pem'), '-noout', '-subject', '-nameopt', 'utf8'];
    expect((await exec('openssl', subject)).stdout).toContain(`CN=${name}`);
    expect((await stat(out)).mode & 0o077).toBe(0);

    const serial = issued.serialNumber.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
    expect(await town.run(['ca', 'revoke', serial, '--reason', 'superseded'])).toMatchObject({
      code: 0,
    });
    const { certificates } = await town.json<Listed>(['ca', 'list']);
    expect(certificates.map(({ use, revoked }) => [use, revoked !== undefined])).toEqual([
      ['registrar', false],
      ['seal', true],
    ]);
    expect(await town.run(['ca', 'revoke', serial])).toMatchObject({ code: 6 });
    expect(await town.run(['ca', 'revoke', '00ff'])).toMatchObject({ code: 5 });
    expect(await town.run(['ca', 'crl', '--out', town.path('x.crl')])).toMatchObject({ code: 0 });
    const crl = ['crl', '-inform', 'der', '-in', town.path('x.crl'), '-noout', '-text'];
    expect((await exec('openssl', crl)).stdout).toContain(issued.serialNumber.toUpperCase());
  });

  it('is made once and goes on after it was cut off', async () => {
    await using town = await createTown();
    await town.run(['ca', 'init']);
    const before = await readFile(town.path('ca', 'root.crt'));
    const again = await town.run(['ca', 'init']);
    expect(again.code).toBe(6);
    expect(again.err).toContain('CLI_ALREADY_EXISTS');
    await rm(town.path('site'), { recursive: true });
    expect(await town.run(['ca', 'init'])).toMatchObject({ code: 0 });
    expect(await readFile(town.path('ca', 'root.crt'))).toEqual(before);
    expect(await readdir(town.path('site'))).toContain('registrar.p12');
  });

  it('overwrites no file and leaves none behind a wrong passphrase', async () => {
    await using town = await createTown();
    await town.run(['ca', 'init']);
    const out = town.path('x.p12');
    const issue = ['ca', 'issue', '--use', 'node', '--name', 'x', '--out', out];
    const wrong = await town.run(issue, { env: { CONGVAN_PASSPHRASE: 'not the passphrase' } });
    expect(wrong.code).toBe(8);
    expect(wrong.err).toContain('nothing was written');
    const short = await town.run(issue, { env: { CONGVAN_KEYS_PASSPHRASE: 'short' } });
    expect(short.code).toBe(8);
    expect(await readdir(town.home)).not.toContain('x.p12');

    await writeFile(out, 'mine');
    expect(await town.run(issue)).toMatchObject({ code: 6 });
    expect(await readFile(out, 'utf8')).toBe('mine');
    const { certificates } = await town.json<Listed>(['ca', 'list']);
    expect(certificates).toHaveLength(1);
  });

  it('is missed in words', async () => {
    await using town = await createTown();
    const { code, err } = await town.run(['ca', 'list']);
    expect(code).toBe(5);
    expect(err).toContain('`congvan ca init` creates one');
  });
});
