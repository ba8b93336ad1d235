import { beforeAll, describe, expect, it } from 'vitest';

import { signCms } from '../../src/cms/sign.ts';
import { createSignatureVerifier, verifyDetached } from '../../src/cms/verify-detached.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';

const content = Buffer.from('Kính gửi: Ủy ban nhân dân các xã, phường');
const at = new Date('2026-03-01T00:00:00Z');

let pki: TestPki;
let p256: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  p256 = await pki.issue({ commonName: 'Nút trục liên thông Đông Hà', use: 'node' });
});

const DIGEST = /^[0-9a-f]{64}$/;

describe('verifyDetached and the verifier for the bus', () => {
  it('builds the path over certificates of the message', async () => {
    const trust = createTrustStore({ anchors: [pki.root], crls: [pki.crl(), pki.rootCrl()] });
    const cms = await signCms({ content }, p256);
    const verdict = verifyDetached({ cms, content, trust, at });
    expect(verdict.path?.chain).toEqual([p256.certificate, pki.issuing, pki.root]);
    expect(verdict.path?.evidence).toHaveLength(2);
  });

  it('answers in plain values and follows a trust store that changes', async () => {
    const own = await createTestPki();
    const signer = await own.issue({ commonName: 'Nút', use: 'node' });
    const verify = createSignatureVerifier(() => own.trust());
    const signature = await signCms({ content }, signer, { certificates: 'none' });
    const certificates = [Buffer.from('garbage'), signer.certificate.der];
    const input = { content, signature, certificates, at };
    expect(verify(input)).toEqual({
      indication: 'TOTAL-PASSED',
      subIndication: null,
      certificateSha256: signer.certificate.sha256,
      detail: 'the certificate is valid',
      basis: {
        certificates: [signer.certificate.sha256, own.issuing.sha256, own.root.sha256],
        revocation: [expect.stringMatching(DIGEST), expect.stringMatching(DIGEST)],
      },
    });
    expect(verify({ ...input, certificates: [] }).subIndication).toBe(
      'NO_SIGNING_CERTIFICATE_FOUND',
    );
    expect(verify({ ...input, signature: Buffer.from('x') }).subIndication).toBe('FORMAT_FAILURE');
    expect(verify({ ...input, content: Buffer.from('x') }).subIndication).toBe('HASH_FAILURE');
    expect(verify({ ...input, at: new Date('2019-01-01') }).subIndication).toBe('NOT_YET_VALID');
    await own.revoke(signer.certificate, { at: new Date('2026-01-01') });
    expect(verify(input).subIndication).toBe('REVOKED');
    expect(verify({ ...input, at: new Date('2025-12-31') }).indication).toBe('TOTAL-PASSED');
  });
});
