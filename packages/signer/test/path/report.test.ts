import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { buildCertificate, buildCrl, randomSerial } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { caExtensions, encodeName, endEntityExtensions } from '../../src/authority/profile.ts';
import { OID, encodeOid, encodeSequence, encodeTlv } from '../../src/der/index.ts';
import {
  type Certificate,
  EMPTY_VALIDATION_DATA,
  type PathOptions,
  type PathVerdict,
  type Purpose,
  createTrustStore,
  generateKeys,
  loadTrustStore,
  mergeValidationData,
  parseCertificate,
  parseCrl,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import { answerOn } from '../support/test-ocsp.ts';

const at = new Date('2026-03-01T12:00:00Z');
let pki: TestPki;
let signer: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'Văn thư', use: 'node' });
});

const shortly = ({ indication, subIndication }: PathVerdict): string =>
  subIndication === null ? indication : `${indication} ${subIndication}`;

const states = ({ certificates }: PathVerdict): string[] => certificates.map(({ state }) => state);

describe('the report on each certificate', () => {
  it('names state and evidence from the certificate to the anchor', () => {
    const verdict = validatePath(signer.certificate, { trust: pki.trust(), at });
    expect(verdict.certificates).toMatchObject([
      {
        sha256: signer.certificate.sha256,
        subjectText: signer.certificate.subjectText,
        state: 'good',
        evidence: [{ kind: 'crl', sha256: pki.crl().sha256, signerSha256: pki.issuing.sha256 }],
      },
      { sha256: pki.issuing.sha256, state: 'good', evidence: [{ sha256: pki.rootCrl().sha256 }] },
      { sha256: pki.root.sha256, state: 'anchor', evidence: [] },
    ]);
    expect(verdict.certificates[0]?.detail).toMatch(/^not on the CRL of 'CN=CA cấp phát/);
    expect(verdict.evidence).toEqual(verdict.certificates.flatMap(({ evidence }) => evidence));
  });

  it('says what is unknown, and still what is known', () => {
    const trust = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.crl()],
    });
    const verdict = validatePath(signer.certificate, { trust, at });
    expect(shortly(verdict)).toBe('INDETERMINATE TRY_LATER');
    expect(states(verdict)).toEqual(['good', 'unknown', 'anchor']);
  });

  it('says that the lists at hand leave some reasons of revocation open', async () => {
    // onlySomeReasons: keyCompromise
    const scope = encodeSequence(encodeTlv(0x83, Uint8Array.of(6, 0x40)));
    const list = await buildCrl(
      {
        number: 2,
        thisUpdate: new Date('2026-02-01'),
        nextUpdate: new Date('2026-04-01'),
        revocations: [],
        extensions: [encodeExtension(OID.issuingDistributionPoint, true, scope)],
      },
      pki.issuingKey,
    );
    const crls = [pki.rootCrl(), parseCrl(list)];
    const trust = createTrustStore({ anchors: [pki.root], intermediates: [pki.issuing], crls });
    const verdict = validatePath(signer.certificate, { trust, at });
    expect(shortly(verdict)).toBe('INDETERMINATE TRY_LATER');
    expect(verdict.detail).toMatch(/some reasons of revocation only$/);
  });

  it('does not ask a revoked CA about those below it', async () => {
    const own = await createTestPki();
    const { certificate } = await own.issue({ commonName: 'Nút', use: 'node' });
    await own.revoke(own.issuing, { at: new Date('2026-02-01'), reason: 'cACompromise' });
    const verdict = validatePath(certificate, { trust: own.trust(), at });
    expect(states(verdict)).toEqual(['not-checked', 'revoked', 'anchor']);
    expect(verdict.certificates[1]).toMatchObject({ revokedAt: new Date('2026-02-01') });
    expect(verdict.certificates[0]?.detail).toMatch(/below 'CN=CA cấp phát.*which is revoked/);
  });

  it('has one line even without a path', () => {
    const trust = createTrustStore({ anchors: [] });
    const verdict = validatePath(signer.certificate, { trust, at });
    expect(verdict).toMatchObject({
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
      chain: [],
      certificates: [{ sha256: signer.certificate.sha256, state: 'not-checked' }],
    });
    const wrong = validatePath(signer.certificate, { trust: pki.trust(), at, purpose: 'ocsp' });
    expect(states(wrong)).toEqual(['not-checked']);
  });

  it('shows an anchor that is asked for itself as such', () => {
    const verdict = validatePath(pki.root, { trust: pki.trust(), at, purpose: 'any' });
    expect(states(verdict)).toEqual(['anchor']);
    expect(verdict.indication).toBe('TOTAL-PASSED');
  });
});

describe('a time that is proven, or not', () => {
  it('decides what a revocation means, for the signer and for its CA', async () => {
    const own = await createTestPki();
    const { certificate } = await own.issue({ commonName: 'Nút', use: 'node' });
    await own.revoke(certificate, { at: new Date('2026-02-01') });
    const judge = (options: Partial<PathOptions>): string =>
      shortly(validatePath(certificate, { trust: own.trust(), at, ...options }));
    expect(judge({})).toBe('TOTAL-FAILED REVOKED');
    expect(judge({ isProven: true })).toBe('TOTAL-FAILED REVOKED');
    expect(judge({ isProven: false })).toBe('INDETERMINATE REVOKED_NO_POE');
    const before = { at: new Date('2026-01-01') };
    expect(judge({ ...before, isProven: false })).toBe('TOTAL-PASSED');
    await own.revoke(own.issuing, { at: new Date('2026-02-01') });
    expect(judge({})).toBe('TOTAL-FAILED REVOKED');
    expect(judge({ isProven: false })).toBe('INDETERMINATE REVOKED_CA_NO_POE');
  });

  it('leaves open what an expired certificate signed, in both cases', async () => {
    const life = { notBefore: new Date('2025-01-01'), notAfter: new Date('2026-01-01') };
    const { certificate } = await pki.issue({ commonName: 'Cũ', use: 'node', ...life });
    for (const isProven of [true, false]) {
      const verdict = validatePath(certificate, { trust: pki.trust(), at, isProven });
      expect(shortly(verdict)).toBe('INDETERMINATE OUT_OF_BOUNDS_NO_POE');
      expect(states(verdict)).toEqual(['good', 'good', 'anchor']);
    }
  });

  it('shows a revocation of an expired certificate as a revocation', async () => {
    const own = await createTestPki();
    const life = { notBefore: new Date('2025-01-01'), notAfter: new Date('2026-01-01') };
    const { certificate } = await own.issue({ commonName: 'Cũ', use: 'node', ...life });
    await own.revoke(certificate, { at: new Date('2025-06-01') });
    expect(shortly(validatePath(certificate, { trust: own.trust(), at }))).toBe(
      'TOTAL-FAILED REVOKED',
    );
  });

  it('a compromise known to be older than the revocation counts from its own time', async () => {
    const { certificate } = signer;
    const entry = {
      serialNumber: certificate.serialNumber,
      revokedAt: new Date('2026-02-01'),
      reason: 'keyCompromise' as const,
      invalidSince: new Date('2026-01-10'),
    };
    const ocsp = await answerOn(certificate, pki, {
      signer: await pki.issue({ commonName: 'OCSP', use: 'ocsp' }),
      status: entry,
    });
    const data = { ...EMPTY_VALIDATION_DATA, ocsps: [ocsp] };
    const judge = (when: string): string =>
      shortly(validatePath(certificate, { trust: pki.trust(), data, at: new Date(when) }));
    expect(judge('2026-01-11')).toBe('TOTAL-FAILED REVOKED');
    expect(judge('2026-01-09')).toBe('TOTAL-PASSED');
  });
});

describe('the purpose', () => {
  const usage = (critical: boolean, ...oids: readonly string[]): Uint8Array =>
    encodeExtension(
      OID.extKeyUsage,
      critical,
      encodeSequence(...oids.map((oid) => encodeOid(oid))),
    );
  const judge = (certificate: Certificate, purpose: Purpose): string =>
    shortly(validatePath(certificate, { trust: pki.trust(), at, purpose }));
  const wrong = 'INDETERMINATE CHAIN_CONSTRAINTS_FAILURE';

  it('timestamp wants the usage critical and alone', async () => {
    const { certificate } = await pki.issue({ commonName: 'TSA', use: 'tsa' });
    expect(judge(certificate, 'timestamp')).toBe('TOTAL-PASSED');
    expect(judge(certificate, 'signature')).toBe(wrong);
    expect(judge(signer.certificate, 'timestamp')).toBe(wrong);
    const refused = [
      [usage(false, OID.timeStamping)],
      [usage(true, OID.timeStamping, OID.emailProtection)],
      [usage(true, OID.anyExtendedKeyUsage)],
      [],
    ];
    for (const extensions of refused) {
      const odd = await issueOdd(pki, extensions);
      expect(judge(odd.certificate, 'timestamp')).toBe(wrong);
    }
  });

  it('timestamp wants a key for signatures', async () => {
    const [, , keyUsage = new Uint8Array(0)] = endEntityExtensions('tsa');
    const [, caUsage = new Uint8Array(0)] = caExtensions(undefined);
    const fine = await issueOdd(pki, [keyUsage]);
    expect(judge(fine.certificate, 'timestamp')).toBe('TOTAL-PASSED');
    const odd = await issueOdd(pki, [usage(true, OID.timeStamping), caUsage]);
    expect(judge(odd.certificate, 'timestamp')).toBe(wrong);
  });

  it('ocsp wants the very usage, and honours ocsp-nocheck for it alone', async () => {
    const { certificate } = await pki.issue({ commonName: 'OCSP', use: 'ocsp' });
    const bare = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl()],
    });
    const options = { trust: bare, at, revocation: 'require' } as const;
    expect(shortly(validatePath(certificate, { ...options, purpose: 'ocsp' }))).toBe(
      'TOTAL-PASSED',
    );
    expect(shortly(validatePath(certificate, { ...options, purpose: 'any' }))).toBe(
      'INDETERMINATE TRY_LATER',
    );
    expect(judge(signer.certificate, 'ocsp')).toBe(wrong);
    const any = await issueOdd(pki, [usage(false, OID.anyExtendedKeyUsage)]);
    expect(judge(any.certificate, 'ocsp')).toBe(wrong);
  });
});

describe('data of a message', () => {
  it('helps to build the path, and is trusted in nothing', async () => {
    const trust = createTrustStore({ anchors: [pki.root] });
    const crls = [pki.crl(), pki.rootCrl()];
    const certificates = [pki.issuing];
    const data = mergeValidationData({ certificates, crls }, { certificates, crls });
    expect(data.crls).toHaveLength(2);
    expect(shortly(validatePath(signer.certificate, { trust, at, data }))).toBe('TOTAL-PASSED');
    const stranger = await createTestPki();
    const strange = { certificates: [stranger.issuing, stranger.root], crls: [stranger.crl()] };
    const mixed = mergeValidationData(strange, data);
    expect(shortly(validatePath(signer.certificate, { trust, at, data: mixed }))).toBe(
      'TOTAL-PASSED',
    );
    const { certificate } = await stranger.issue({ commonName: 'Lạ', use: 'node' });
    expect(shortly(validatePath(certificate, { trust, at, data: mixed }))).toBe(
      'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND',
    );
  });

  it('changes nothing for the next message', async () => {
    const trust = createTrustStore({ anchors: [pki.root], crls: [pki.rootCrl(), pki.crl()] });
    const judge = (certificates: readonly Certificate[]): string => {
      const data = { ...EMPTY_VALIDATION_DATA, certificates };
      return shortly(validatePath(signer.certificate, { trust, at, data }));
    };
    const { publicKey } = await generateKeys('ec-p256');
    const impostor = parseCertificate(
      await buildCertificate(
        {
          subjectDer: encodeName({ commonName: 'Khác' }),
          publicKey,
          serial: randomSerial(),
          notBefore: new Date('2025-01-01'),
          notAfter: new Date('2027-01-01'),
          extensions: caExtensions(undefined),
        },
        pki.rootKey,
      ),
    );
    expect(judge([])).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
    expect(judge([impostor])).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
    expect(judge([impostor, pki.issuing])).toBe('TOTAL-PASSED');
    expect(judge([])).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
    expect(judge([pki.issuing])).toBe('TOTAL-PASSED');
  });

  it('revokes nothing for the next message either', async () => {
    const { serialNumber } = signer.certificate;
    const content = {
      number: 8,
      thisUpdate: new Date('2026-02-01'),
      nextUpdate: new Date('2026-04-01'),
      revocations: [{ serialNumber, revokedAt: new Date('2026-01-01'), reason: 'superseded' }],
    } as const;
    const list = parseCrl(await buildCrl(content, pki.issuingKey));
    const judge = (crls: PathOptions['data'] = EMPTY_VALIDATION_DATA): string =>
      shortly(validatePath(signer.certificate, { trust: pki.trust(), at, data: crls }));
    expect(judge({ ...EMPTY_VALIDATION_DATA, crls: [list] })).toBe('TOTAL-FAILED REVOKED');
    expect(judge()).toBe('TOTAL-PASSED');
  });
});

it('loadTrustStore reads OCSP responses from ocsps/', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signer-trust-'));
  try {
    for (const name of ['anchors', 'intermediates', 'crls', 'ocsps']) {
      mkdirSync(path.join(folder, name));
    }
    writeFileSync(path.join(folder, 'anchors/root.crt'), pki.root.der);
    writeFileSync(path.join(folder, 'intermediates/ca.crt'), pki.issuing.der);
    writeFileSync(path.join(folder, 'crls/root.crl'), pki.rootCrl().der);
    const responder = await pki.issue({ commonName: 'OCSP', use: 'ocsp' });
    const ocsp = await answerOn(signer.certificate, pki, { signer: responder });
    writeFileSync(path.join(folder, 'ocsps/node.ors'), ocsp.der);
    const trust = await loadTrustStore(folder);
    expect(trust.ocsps.map(({ sha256 }) => sha256)).toEqual([ocsp.sha256]);
    expect(shortly(validatePath(signer.certificate, { trust, at }))).toBe('TOTAL-PASSED');
    writeFileSync(path.join(folder, 'ocsps/bad.ors'), 'no response');
    await expect(loadTrustStore(folder)).rejects.toMatchObject({
      code: 'SIGNER_TRUST_STORE_INVALID',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
