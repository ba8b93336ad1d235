import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { PDFDocument } from 'pdf-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createKeySigner,
  encodePem,
  signCms,
  signPdf,
  verifyCms,
  verifyPdf,
} from '../../src/index.ts';
import { type SignatureAlgorithm, algorithmsOfKey } from '../../src/keys/signer.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'signer-algorithms-'));
const content = Buffer.from('Quyết định số 30/2026/QĐ-UBND');

let pki: TestPki;
let signers: Readonly<Record<'rsa-2048' | 'ec-p256' | 'ec-p384' | 'ed25519', TestSigner>>;

beforeAll(async () => {
  pki = await createTestPki();
  const issue = (algorithm: keyof typeof signers) =>
    pki.issue({ commonName: `Con dấu thử ${algorithm}`, algorithm });
  signers = {
    'rsa-2048': await issue('rsa-2048'),
    'ec-p256': await issue('ec-p256'),
    'ec-p384': await issue('ec-p384'),
    ed25519: await issue('ed25519'),
  };
  writeFileSync(path.join(folder, 'content'), content);
  writeFileSync(path.join(folder, 'root.pem'), encodePem('CERTIFICATE', pki.root.der));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cases: readonly (readonly [SignatureAlgorithm, keyof typeof signers])[] = [
  ['rsa-pkcs1-sha256', 'rsa-2048'],
  ['rsa-pkcs1-sha384', 'rsa-2048'],
  ['rsa-pkcs1-sha512', 'rsa-2048'],
  ['rsa-pss-sha256', 'rsa-2048'],
  ['rsa-pss-sha384', 'rsa-2048'],
  ['rsa-pss-sha512', 'rsa-2048'],
  ['ecdsa-p256-sha256', 'ec-p256'],
  ['ecdsa-p384-sha384', 'ec-p384'],
  ['ed25519', 'ed25519'],
];

const signCase = async (algorithm: SignatureAlgorithm, key: keyof typeof signers) => {
  const { keys, certificate, chain } = signers[key];
  const { privateKey } = keys;
  const signer = createKeySigner({ privateKey, certificate, chain, algorithm });
  return await signCms({ content }, signer);
};

describe.each(cases)('signing with %s', (algorithm, key) => {
  it('makes a message that our own check accepts', async () => {
    const cms = await signCase(algorithm, key);
    expect(verifyCms({ cms, content })).toMatchObject({ indication: 'TOTAL-PASSED' });
    const other = Buffer.from('Quyết định số 31/2026/QĐ-UBND');
    expect(verifyCms({ cms, content: other })).toMatchObject({ subIndication: 'HASH_FAILURE' });
  });
});

// OpenSSL 3.0 has no Ed25519 in CMS; the bare signature is put before openssl below.
describe.each(cases.filter(([, key]) => key !== 'ed25519'))('signing with %s', (algorithm, key) => {
  it('makes a message that openssl accepts', async () => {
    writeFileSync(path.join(folder, 'message'), await signCase(algorithm, key));
    const files = ['-in', 'message', '-inform', 'DER', '-content', 'content', '-binary'];
    const trust = ['-CAfile', 'root.pem', '-purpose', 'any', '-cades'];
    const verify = () =>
      execFileSync('openssl', ['cms', '-verify', ...files, ...trust], {
        cwd: folder,
        stdio: 'pipe',
      });
    expect(verify()).toEqual(content);
  });
});

it.each(cases.filter(([, key]) => key !== 'ed25519'))(
  'signs a PDF with %s that pdfsig accepts',
  async (algorithm, key) => {
    const document = await PDFDocument.create();
    document.addPage();
    const { keys, certificate, chain } = signers[key];
    const signer = createKeySigner({ privateKey: keys.privateKey, certificate, chain, algorithm });
    const at = new Date('2026-03-01T00:00:00Z');
    const signed = await signPdf(await document.save(), signer, { signedAt: at });
    writeFileSync(path.join(folder, 'signed.pdf'), signed);
    // Its exit code tells trust in the root, which is not asked here.
    const { stdout } = spawnSync('pdfsig', ['signed.pdf'], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toContain('Signature Validation: Signature is Valid.');
    expect(verifyPdf(signed, { trust: pki.trust(), at }).indication).toBe('TOTAL-PASSED');
  },
);

it('makes Ed25519 signatures that openssl accepts', async () => {
  const signer = signers.ed25519;
  writeFileSync(path.join(folder, 'signature'), await signer.sign(content, 'ed25519'));
  const pem = signer.keys.publicKey.export({ format: 'pem', type: 'spki' });
  writeFileSync(path.join(folder, 'key.pem'), pem);
  const files = ['-inkey', 'key.pem', '-in', 'content', '-sigfile', 'signature'];
  const args = ['pkeyutl', '-verify', '-pubin', '-rawin', ...files];
  const said = execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
  expect(said).toContain('Signature Verified Successfully');
});

describe('choosing an algorithm', () => {
  it('refuses one that the key cannot sign with', () => {
    const { keys, certificate, chain } = signers['ec-p256'];
    const input = { privateKey: keys.privateKey, certificate, chain };
    expect(() => createKeySigner({ ...input, algorithm: 'rsa-pss-sha256' })).toThrow(
      expect.objectContaining({ code: 'SIGNER_ALGORITHM_UNSUPPORTED' }),
    );
  });

  it('signs RSA documents with SHA-256 and PKCS#1 v1.5 unless told otherwise', () => {
    const { keys, certificate, chain } = signers['rsa-2048'];
    const signer = createKeySigner({ privateKey: keys.privateKey, certificate, chain });
    expect(signer.algorithm).toBe('rsa-pkcs1-sha256');
  });

  it('keeps to the hash that an RSA-PSS key is made for', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha384',
      mgf1HashAlgorithm: 'sha384',
    });
    expect(algorithmsOfKey(publicKey)).toEqual(['rsa-pss-sha384']);
    expect(algorithmsOfKey(createPublicKey(signers['rsa-2048'].keys.privateKey))).toHaveLength(6);
  });
});
