import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { signCms } from '../../src/cms/sign.ts';
import { verifyAttached, verifyDetached } from '../../src/cms/verify-detached.ts';
import { verifyCms } from '../../src/cms/verify.ts';
import { OID, encodeOid } from '../../src/der/index.ts';
import type { KeyAlgorithm } from '../../src/keys/generate.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { POLICY } from '../support/odd-token.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('cms');
const content = Buffer.from('Kính gửi: Ủy ban nhân dân các xã, phường');
const at = new Date();

const NOBODY = createTrustStore({ anchors: [] });

let pki: TestPki;
let rsa: TestSigner;
let other: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  [rsa, other] = await Promise.all([
    pki.issue({ commonName: 'Ủy ban nhân dân tỉnh Quảng Trị', algorithm: 'rsa-2048' }),
    pki.issue({ commonName: 'Nút khác', use: 'node' }),
  ]);
  const trust = [
    encodePem('CERTIFICATE', pki.root.der),
    encodePem('X509 CRL', pki.rootCrl().der),
    encodePem('X509 CRL', pki.crl().der),
  ];
  writeFileSync(path.join(folder, 'trust.pem'), trust.join(''));
  writeFileSync(path.join(folder, 'issuing.pem'), encodePem('CERTIFICATE', pki.issuing.der));
  writeFileSync(path.join(folder, 'content'), content);
});

/** What OpenSSL takes out of the message, once it has verified it as CAdES. */
function opensslVerify(cms: Uint8Array, ...more: readonly string[]): Buffer {
  writeFileSync(path.join(folder, 'message.p7s'), cms);
  const strict = ['-x509_strict', '-crl_check_all', '-purpose', 'any', '-CAfile', 'trust.pem'];
  const form = ['-cades', '-binary', '-inform', 'DER', '-in', 'message.p7s'];
  const args = ['cms', '-verify', ...form, ...strict, ...more];
  return execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

const KINDS: readonly KeyAlgorithm[] = ['rsa-2048', 'ec-p256', 'ec-p384'];

describe('signing', () => {
  it.each(KINDS)('makes CAdES that OpenSSL accepts, with Vietnamese names: %s', async (kind) => {
    const signer = await pki.issue({ commonName: 'Sở Nội vụ tỉnh Quảng Trị', algorithm: kind });
    const trust = pki.trust();
    const detached = await signCms({ content }, signer);
    expect(opensslVerify(detached, '-content', 'content').equals(content)).toBe(true);
    expect(verifyDetached({ cms: detached, content, trust, at })).toMatchObject({
      indication: 'TOTAL-PASSED',
      certificate: signer.certificate,
      timeStamps: [],
      provenAt: null,
    });
    const attached = await signCms({ content }, signer, { attached: true });
    expect(opensslVerify(attached).equals(content)).toBe(true);
    const verdict = verifyAttached({ cms: attached, trust, at });
    expect(verdict.indication).toBe('TOTAL-PASSED');
    expect(Buffer.from(verdict.content ?? []).equals(content)).toBe(true);
    const stranger = verifyAttached({ cms: attached, trust: NOBODY, at });
    expect(stranger).toMatchObject({ indication: 'INDETERMINATE', content: null });
    expect(Buffer.from(stranger.cms.content ?? []).equals(content)).toBe(true);
  });

  it.each(KINDS.slice(1))('makes B-T that OpenSSL accepts, token and all: %s', async (kind) => {
    const signer = await pki.issue({ commonName: 'Sở Nội vụ', algorithm: kind });
    const tsa = await pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: kind });
    const timeStamps = createTimeStampAuthority({
      signer: tsa,
      policy: POLICY,
      now: () => at,
    }).source;
    const cms = await signCms({ content }, signer, { timeStamps });
    expect(opensslVerify(cms, '-content', 'content').equals(content)).toBe(true);
    const attached = await signCms({ content }, signer, { timeStamps, attached: true });
    expect(opensslVerify(attached).equals(content)).toBe(true);
    const verdict = verifyDetached({ cms, content, trust: pki.trust(), at });
    expect(verdict).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: at });
    const [token] = verdict.cms.timeStampTokens;
    writeFileSync(path.join(folder, 'token'), token ?? '');
    writeFileSync(path.join(folder, 'value'), verdict.cms.signature ?? '');
    const args = ['ts', '-verify', '-token_in', '-in', 'token', '-data', 'value'];
    const chain = ['-CAfile', 'trust.pem', '-untrusted', 'issuing.pem'];
    const output = execFileSync('openssl', [...args, ...chain], { cwd: folder, stdio: 'pipe' });
    expect(output.toString()).toContain('Verification: OK');
  });

  it.each(['rsa-pkcs1-sha512', 'rsa-pss-sha256', 'rsa-pss-sha384'] as const)(
    'signs the way that is asked for: %s',
    async (algorithm) => {
      const signer = { ...rsa, algorithm };
      const cms = await signCms({ content }, signer);
      expect(verifyCms({ cms, content }).indication).toBe('TOTAL-PASSED');
      expect(opensslVerify(cms, '-content', 'content').equals(content)).toBe(true);
      const attached = await signCms({ content }, signer, { attached: true });
      expect(verifyCms({ cms: attached, attached: true }).indication).toBe('TOTAL-PASSED');
    },
  );

  it.each([
    ['streamed, in parts, with SHA-512', ['-stream', '-md', 'sha512']],
    ['with SHA-384 and PSS', ['-md', 'sha384', '-keyopt', 'rsa_padding_mode:pss']],
  ])('reads what OpenSSL makes: %s', (_, options) => {
    const key = rsa.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
    writeFileSync(path.join(folder, 'signer.key'), key);
    writeFileSync(path.join(folder, 'signer.pem'), encodePem('CERTIFICATE', rsa.certificate.der));
    const large = Buffer.alloc(1_000_000, content);
    writeFileSync(path.join(folder, 'large'), large);
    const isPss = options.includes('rsa_padding_mode:pss');
    const salt = isPss ? ['-keyopt', 'rsa_pss_saltlen:digest'] : [];
    const files = ['-in', 'large', '-outform', 'DER', '-out', 'openssl.p7m'];
    const signer = ['-signer', 'signer.pem', '-inkey', 'signer.key', ...options, ...salt];
    const args = ['cms', '-sign', '-binary', '-nodetach', '-cades', ...signer, ...files];
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const cms = readFileSync(path.join(folder, 'openssl.p7m'));
    // Streamed messages have an indefinite length.
    expect(cms[1] === 0x80).toBe(!isPss);
    const candidates = [pki.issuing];
    const verdict = verifyAttached({ cms, candidates, trust: pki.trust(), at });
    expect(verdict).toMatchObject({ indication: 'TOTAL-PASSED', certificate: rsa.certificate });
    expect(Buffer.from(verdict.content ?? []).equals(large)).toBe(true);
  });

  it.each(['ed25519', 'ec-p384'] as const)(
    'says what a key needs when only the SHA-256 of the content is given: %s',
    async (algorithm) => {
      const signer = await pki.issue({ commonName: 'Khóa khác', use: 'node', algorithm });
      const sha256 = hash('sha256', content, 'buffer');
      const needed = algorithm === 'ed25519' ? 'sha512' : 'sha384';
      await expect(signCms({ sha256 }, signer)).rejects.toMatchObject({
        code: 'SIGNER_ALGORITHM_UNSUPPORTED',
        message: `a key for '${signer.algorithm}' needs the ${needed} of the content, not its sha256`,
      });
      // Content, or a function that digests it, will do.
      const digest = (name: string) => hash(name, content, 'buffer');
      for (const input of [{ content }, { digest }]) {
        const cms = await signCms(input, signer);
        expect(verifyCms({ cms, content }).indication).toBe('TOTAL-PASSED');
      }
    },
  );

  it('wants the content itself for an attached message', async () => {
    const sha256 = hash('sha256', content, 'buffer');
    await expect(signCms({ sha256 }, rsa, { attached: true })).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });

  it('gives the same verdict for content, its SHA-256 and a digest function', async () => {
    const sha256 = hash('sha256', content, 'buffer');
    const cms = await signCms({ sha256 }, rsa);
    const digest = (name: string) => hash(name, content, 'buffer');
    expect(verifyCms({ cms, content }).indication).toBe('TOTAL-PASSED');
    expect(verifyCms({ cms, sha256 }).indication).toBe('TOTAL-PASSED');
    expect(verifyCms({ cms, digest }).indication).toBe('TOTAL-PASSED');
    expect(verifyCms({ cms, sha256: Buffer.alloc(32) }).subIndication).toBe('HASH_FAILURE');
    expect(() => verifyCms({ cms, sha256: Buffer.alloc(31) })).toThrow('SHA-256 of 31 bytes');
  });

  it('carries the time that the signer claims when one is given, and OpenSSL reads it', async () => {
    const signedAt = new Date('2026-11-22T02:30:05Z');
    const cms = await signCms({ content }, rsa, { signedAt });
    const verdict = verifyDetached({ cms, content, trust: pki.trust(), at });
    expect(verdict).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: null });
    expect(verdict.cms.claimedAt).toEqual(signedAt);
    writeFileSync(path.join(folder, 'claimed.p7s'), cms);
    const printed = execFileSync(
      'openssl',
      ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', path.join(folder, 'claimed.p7s')],
      { encoding: 'utf8' },
    );
    expect(printed).toMatch(/signingTime[\s\S]{0,120}Nov 22 02:30:05 2026 GMT/);
  });

  it('carries no time and the certificates that were asked for', async () => {
    const full = await signCms({ content }, rsa);
    const bare = await signCms({ content }, rsa, { certificates: 'none' });
    expect(Buffer.from(full).includes(Buffer.from(encodeOid(OID.signingTime)))).toBe(false);
    expect(verifyCms({ cms: full, content }).embedded).toHaveLength(2);
    expect(verifyCms({ cms: bare, content })).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_SIGNING_CERTIFICATE_FOUND',
    });
    const candidates = [other.certificate, rsa.certificate];
    expect(verifyCms({ cms: bare, content, candidates })).toMatchObject({
      indication: 'TOTAL-PASSED',
      certificate: rsa.certificate,
    });
  });
});
