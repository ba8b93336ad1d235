import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { SignerError, encodePem, openPkcs12, writePkcs12 } from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { toIndefinite } from '../support/odd-cms.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('p12');
const passphrase = 'mật khẩu: Đ€ "1"';
const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', cwd: folder, stdio: 'pipe' });

let pki: TestPki;
let signers: Record<'rsa-2048' | 'ec-p256' | 'ec-p384', TestSigner>;

beforeAll(async () => {
  pki = await createTestPki();
  const issue = (algorithm: keyof typeof signers) =>
    pki.issue({ commonName: `Văn thư xã Hải Lăng, ${algorithm}`, algorithm });
  signers = {
    'rsa-2048': await issue('rsa-2048'),
    'ec-p256': await issue('ec-p256'),
    'ec-p384': await issue('ec-p384'),
  };
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SignerError ? error.code : `foreign: ${String(error)}`;
  }
  return 'no error';
};

const write = (signer: TestSigner, secret = passphrase): Uint8Array =>
  writePkcs12({
    privateKey: signer.keys.privateKey,
    certificate: signer.certificate,
    chain: [pki.issuing, pki.root],
    friendlyName: 'Con dấu số',
    passphrase: secret,
  });

describe.each(['rsa-2048', 'ec-p256', 'ec-p384'] as const)('PKCS#12 with %s', (algorithm) => {
  it('opens what it wrote, with certificate and chain byte for byte', async () => {
    const signer = openPkcs12(write(signers[algorithm]), passphrase);
    expect(signer.certificate.sha256).toBe(signers[algorithm].certificate.sha256);
    expect(signer.chain).toEqual([pki.issuing, pki.root]);
    await expect(signer.sign(Buffer.from('x'), signer.algorithm)).resolves.toBeDefined();
  });

  it('writes what openssl pkcs12 opens', () => {
    writeFileSync(path.join(folder, 'own.p12'), write(signers[algorithm], 'plain ASCII'));
    const text = openssl('pkcs12', '-in', 'own.p12', '-passin', 'pass:plain ASCII', '-nodes');
    expect(text).toContain('BEGIN PRIVATE KEY');
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  });

  it.each([
    ['modern', []],
    ['modern, 100,000 iterations', ['-iter', '100000']],
    [
      'legacy triple DES',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ],
    ['legacy RC2', ['-legacy']],
  ])('opens what openssl wrote: %s', (_, options) => {
    const { keys, certificate } = signers[algorithm];
    const pem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const chain = [certificate, pki.issuing].map(({ der }) => encodePem('CERTIFICATE', der));
    writeFileSync(path.join(folder, 'in.pem'), [pem, ...chain].join(''));
    const io = ['-in', 'in.pem', '-out', 'out.p12', '-passout', 'pass:bí mật'];
    openssl('pkcs12', '-export', ...io, ...options);
    const signer = openPkcs12(readFileSync(path.join(folder, 'out.p12')), 'bí mật');
    expect(signer.certificate.sha256).toBe(certificate.sha256);
    expect(signer.certificate.subjectText).toContain('Văn thư xã Hải Lăng');
    expect(signer.chain.map(({ sha256 }) => sha256)).toEqual([pki.issuing.sha256]);
  });
});

describe('PKCS#12', () => {
  it('tells a wrong passphrase from a broken file', () => {
    const p12 = write(signers['ec-p256']);
    expect(codeOf(() => openPkcs12(p12, 'wrong'))).toBe('SIGNER_P12_PASSPHRASE_WRONG');
    expect(codeOf(() => openPkcs12(p12.subarray(0, 500), passphrase))).toBe('SIGNER_P12_INVALID');
    expect(codeOf(() => openPkcs12(Buffer.from('hello'), passphrase))).toBe('SIGNER_P12_INVALID');
    expect(codeOf(() => openPkcs12(new Uint8Array(), passphrase))).toBe('SIGNER_P12_INVALID');
  });

  it('opens a file with an empty passphrase', () => {
    openssl('pkcs12', '-export', '-in', 'in.pem', '-out', 'empty.p12', '-passout', 'pass:');
    const p12 = readFileSync(path.join(folder, 'empty.p12'));
    expect(openPkcs12(p12, '').chain).toHaveLength(1);
    expect(codeOf(() => openPkcs12(p12, 'x'))).toBe('SIGNER_P12_PASSPHRASE_WRONG');
  });

  it('refuses a file without key, and one without certificate', () => {
    const pass = ['-passout', 'pass:x'];
    openssl('pkcs12', '-export', '-in', 'in.pem', '-nokeys', '-out', 'nokey.p12', ...pass);
    openssl('pkcs12', '-export', '-in', 'in.pem', '-nocerts', '-out', 'nocert.p12', ...pass);
    const open = (name: string) =>
      codeOf(() => openPkcs12(readFileSync(path.join(folder, name)), 'x'));
    expect(open('nokey.p12')).toBe('SIGNER_P12_INVALID');
    expect(open('nocert.p12')).toBe('SIGNER_P12_INVALID');
  });

  it('opens a file with indefinite lengths, as some programs write them', () => {
    const ber = toIndefinite(write(signers['ec-p256']), () => false);
    expect(openPkcs12(ber, passphrase).chain).toHaveLength(2);
  });

  it('refuses an empty passphrase and a foreign key when writing', () => {
    expect(codeOf(() => write(signers['ec-p256'], ''))).toBe('SIGNER_INPUT_INVALID');
    const { certificate } = signers['ec-p256'];
    const { keys } = signers['ec-p384'];
    const input = { certificate, privateKey: keys.privateKey, chain: [], friendlyName: 'x' };
    expect(codeOf(() => writePkcs12({ ...input, passphrase }))).toBe('SIGNER_KEY_MISMATCH');
  });
});
