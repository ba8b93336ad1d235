import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import {
  OID,
  TAG,
  contextConstructed,
  encodeAsciiString,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  readDer,
} from '../src/der/index.ts';
import {
  createSignatureVerifier,
  createTrustStore,
  encodePem,
  signCms,
  verifyCms,
  verifyDetached,
} from '../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../src/testing/index.ts';
import {
  type OddCms,
  algorithm,
  attribute,
  contentType,
  issuerAndSerial,
  issuerSerial,
  messageDigest,
  oddCms,
  signingCertificateV2,
  toIndefinite,
  usualAttributes,
} from './support/odd-cms.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'signer-cms-'));
const content = Buffer.from('Kính gửi: Ủy ban nhân dân các xã, phường');
const at = new Date('2026-03-01T00:00:00Z');

let pki: TestPki;
let rsa: TestSigner;
let p256: TestSigner;
let other: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  [rsa, p256, other] = await Promise.all([
    pki.issue({ commonName: 'Ủy ban nhân dân tỉnh Quảng Trị', algorithm: 'rsa-2048' }),
    pki.issue({ commonName: 'Nút trục liên thông Đông Hà', use: 'node' }),
    pki.issue({ commonName: 'Nút khác', use: 'node' }),
  ]);
});

const judge = async (parts: Partial<OddCms>, signer = p256) => {
  const cms = await oddCms({ signer, content, ...parts });
  const { indication, subIndication } = verifyCms({ cms, content });
  return subIndication === null ? indication : `${indication} ${subIndication}`;
};

describe('signing', () => {
  it.each(['rsa-2048', 'ec-p256', 'ec-p384'] as const)(
    'makes CAdES that OpenSSL accepts, with Vietnamese names: %s',
    async (kind) => {
      const signer = await pki.issue({ commonName: 'Sở Nội vụ tỉnh Quảng Trị', algorithm: kind });
      const cms = await signCms({ content }, signer);
      const trust = [
        encodePem('CERTIFICATE', pki.root.der),
        encodePem('X509 CRL', pki.rootCrl().der),
        encodePem('X509 CRL', pki.crl().der),
      ];
      writeFileSync(path.join(folder, 'trust.pem'), trust.join(''));
      writeFileSync(path.join(folder, 'content'), content);
      writeFileSync(path.join(folder, 'sig.p7s'), cms);
      const files = ['-in', 'sig.p7s', '-content', 'content', '-CAfile', 'trust.pem'];
      const strict = ['-x509_strict', '-crl_check_all', '-purpose', 'any'];
      const args = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', ...files, ...strict];
      const out = execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
      expect(Buffer.compare(out, content)).toBe(0);
      const verdict = verifyDetached({ cms, content, trust: pki.trust(), at });
      expect(verdict).toMatchObject({
        indication: 'TOTAL-PASSED',
        certificate: signer.certificate,
      });
    },
  );

  it('signs with Ed25519 too (OpenSSL 3.0 cannot read that in CMS)', async () => {
    const signer = await pki.issue({ commonName: 'Ed', algorithm: 'ed25519' });
    const cms = await signCms({ content }, signer);
    expect(verifyCms({ cms, content }).indication).toBe('TOTAL-PASSED');
    await expect(
      signCms({ sha256: hash('sha256', content, 'buffer') }, signer),
    ).rejects.toMatchObject({
      code: 'SIGNER_ALGORITHM_UNSUPPORTED',
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

  it('signs with RSA-PSS when asked', async () => {
    const pss = { ...rsa, algorithm: 'rsa-pss-sha256' as const };
    const cms = await signCms({ content }, pss);
    expect(verifyCms({ cms, content }).indication).toBe('TOTAL-PASSED');
  });
});

describe('the message (rules 1, 2, 6, 7, 8 of the checklist)', () => {
  it('put together by hand it passes, so that each test below changes one thing', async () => {
    expect(await judge({})).toBe('TOTAL-PASSED');
    expect(await judge({}, rsa)).toBe('TOTAL-PASSED');
  });

  it('may be BER outside', async () => {
    const der = await oddCms({ signer: p256, content });
    // Certificates and signed attributes, both tagged [0], stay DER; all around them does not.
    const ber = toIndefinite(der, (tag, depth) => tag === contextConstructed(0) && depth > 1);
    expect(verifyCms({ cms: ber, content }).indication).toBe('TOTAL-PASSED');
    expect(ber.length).toBeGreaterThan(der.length + 10);
  });

  it('must have signed attributes in DER', async () => {
    const der = await oddCms({ signer: p256, content, certificates: [] });
    const ber = toIndefinite(der, () => false);
    const candidates = [p256.certificate];
    expect(verifyCms({ cms: der, content, candidates }).indication).toBe('TOTAL-PASSED');
    expect(verifyCms({ cms: ber, content, candidates }).subIndication).toBe('FORMAT_FAILURE');
  });

  it('must have signed attributes, each once, with one value, in DER order', async () => {
    const usual = usualAttributes(p256, content);
    const reversed = [...usual].sort((a, b) => Buffer.compare(b, a));
    const failure = 'TOTAL-FAILED FORMAT_FAILURE';
    expect(await judge({ withoutAttributes: true })).toBe(failure);
    expect(await judge({ attributes: reversed, unsorted: true })).toBe(failure);
    const twice = messageDigest(Buffer.from('another'));
    expect(await judge({ attributes: [...usual, twice] })).toBe(failure);
    const same = messageDigest(content);
    expect(await judge({ attributes: [...usual, same] })).toBe(failure);
    const digest = encodeOctetString(hash('sha256', content, 'buffer'));
    const two = attribute(OID.messageDigest, digest, digest);
    const [first, , third] = usual;
    expect(await judge({ attributes: [first ?? two, two, third ?? two] })).toBe(failure);
    const empty = attribute(OID.signingTime);
    expect(await judge({ attributes: [...usual, empty] })).toBe(failure);
  });

  it('must not pass attributes off as content', async () => {
    // The attributes of a good message, presented as content of one without attributes.
    const der = await oddCms({ signer: p256, content });
    const stolen = await oddCms({ signer: p256, content: der, withoutAttributes: true });
    expect(verifyCms({ cms: stolen, content: der }).subIndication).toBe('FORMAT_FAILURE');
  });

  it('must be about data, in both places that say so', async () => {
    const [, digest, reference] = usualAttributes(p256, content);
    const typed = (oid: string) => [
      contentType(oid),
      digest ?? new Uint8Array(),
      reference ?? new Uint8Array(),
    ];
    const failure = 'TOTAL-FAILED FORMAT_FAILURE';
    expect(await judge({ attributes: typed(OID.tstInfo) })).toBe(failure);
    expect(await judge({ eContentType: OID.tstInfo })).toBe(failure);
    expect(await judge({ eContentType: OID.tstInfo, attributes: typed(OID.tstInfo) })).toBe(
      failure,
    );
    expect(await judge({ attributes: typed(OID.data).slice(1) })).toBe(failure);
  });

  it('must be detached, with one signer, and nothing behind it', async () => {
    const failure = 'TOTAL-FAILED FORMAT_FAILURE';
    expect(await judge({ eContent: content })).toBe(failure);
    expect(await judge({ signerCount: 0 })).toBe(failure);
    expect(await judge({ signerCount: 2 })).toBe(failure);
    expect(await judge({ outerType: OID.encryptedData })).toBe(failure);
    expect(await judge({ version: 2 })).toBe(failure);
    expect(await judge({ signerVersion: 3 })).toBe(failure);
    expect(await judge({ tail: encodeNull() })).toBe(failure);
    const cms = Buffer.concat([await oddCms({ signer: p256, content }), Buffer.alloc(1)]);
    expect(verifyCms({ cms, content }).subIndication).toBe('FORMAT_FAILURE');
  });

  it('may name its certificate by key identifier', async () => {
    const id = p256.certificate.subjectKeyId ?? new Uint8Array();
    const sid = encodeTlv(0x80, id);
    expect(await judge({ sid, signerVersion: 3, version: 3 })).toBe('TOTAL-PASSED');
    expect(await judge({ sid, signerVersion: 1 })).toBe('TOTAL-FAILED FORMAT_FAILURE');
    const wrong = encodeTlv(0x80, Buffer.alloc(20));
    expect(await judge({ sid: wrong, signerVersion: 3 })).toBe(
      'INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND',
    );
  });

  it('tells time-stamp tokens apart, without trusting them', async () => {
    const token = encodeSequence(encodeInteger(1));
    const unsigned = encodeTlv(0xa1, attribute(OID.signatureTimeStampToken, token));
    const cms = await oddCms({ signer: p256, content, unsigned });
    const verdict = verifyCms({ cms, content });
    expect(verdict.indication).toBe('TOTAL-PASSED');
    expect(verdict.timeStampTokens.map((bytes) => readDer(bytes).tag)).toEqual([TAG.SEQUENCE]);
  });
});

describe('digest and signature (rules 3, 5)', () => {
  it('fails when the content is another one', async () => {
    const cms = await signCms({ content }, p256);
    const changed = Buffer.from(content);
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(verifyCms({ cms, content: changed })).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
    });
  });

  it('compares the digest in full', async () => {
    const [type, , reference] = usualAttributes(p256, content);
    const digest = hash('sha256', content, 'buffer');
    for (const wrong of [
      digest.subarray(0, 31),
      Buffer.concat([digest, digest]),
      Buffer.alloc(0),
    ]) {
      const attributes = [attribute(OID.messageDigest, encodeOctetString(wrong))];
      if (type && reference) attributes.push(type, reference);
      expect(await judge({ attributes })).toBe('TOTAL-FAILED HASH_FAILURE');
    }
  });

  it('fails when the signature is of another key or has been changed', async () => {
    const sid = issuerAndSerial(other.certificate);
    const attributes = usualAttributes(other, content);
    expect(await judge({ sid, attributes, certificates: [other.certificate.der] })).toBe(
      'TOTAL-FAILED SIG_CRYPTO_FAILURE',
    );
    const cms = Buffer.from(await signCms({ content }, p256));
    cms[cms.length - 1] = (cms.at(-1) ?? 0) ^ 1;
    expect(verifyCms({ cms, content }).subIndication).toBe('SIG_CRYPTO_FAILURE');
  });

  it('wants hash, signature algorithm and key to agree', async () => {
    const sha384 = { family: 'ecdsa', hash: 'sha384' } as const;
    const signatureAlgorithm = algorithm(OID.ecdsaWithSHA384);
    expect(await judge({ signatureAlgorithm, scheme: sha384 })).toBe('TOTAL-FAILED FORMAT_FAILURE');
    expect(await judge({ signatureAlgorithm: algorithm(OID.rsaEncryption, encodeNull()) })).toBe(
      'TOTAL-FAILED SIG_CRYPTO_FAILURE',
    );
    expect(await judge({ signatureAlgorithm: algorithm(OID.ecdsaWithSHA256, encodeNull()) })).toBe(
      'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE',
    );
    const sha256WithRsa = algorithm(OID.sha256WithRSAEncryption, encodeNull());
    expect(await judge({ signatureAlgorithm: sha256WithRsa }, rsa)).toBe('TOTAL-PASSED');
    const sha512WithRsa = algorithm(OID.sha512WithRSAEncryption, encodeNull());
    expect(await judge({ signatureAlgorithm: sha512WithRsa }, rsa)).toBe(
      'TOTAL-FAILED FORMAT_FAILURE',
    );
  });

  it('does not accept SHA-1 or MD5', async () => {
    const [type, , reference] = usualAttributes(rsa, content);
    for (const [oid, name] of [
      [OID.sha1, 'sha1'],
      ['1.2.840.113549.2.5', 'md5'],
    ] as const) {
      const attributes = [messageDigest(content, name)];
      if (type && reference) attributes.push(type, reference);
      expect(await judge({ attributes, digestAlgorithm: algorithm(oid, encodeNull()) }, rsa)).toBe(
        'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE',
      );
    }
    const sha1WithRsa = algorithm('1.2.840.113549.1.1.5', encodeNull());
    expect(await judge({ signatureAlgorithm: sha1WithRsa }, rsa)).toBe(
      'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE',
    );
  });

  it('checks the parameters of RSA-PSS', async () => {
    const sha256 = algorithm(OID.sha256, encodeNull());
    const pss = (salt: number, maskHash: Uint8Array, trailer?: number) =>
      algorithm(
        OID.rsassaPss,
        encodeSequence(
          encodeTlv(0xa0, sha256),
          encodeTlv(0xa1, algorithm(OID.mgf1, maskHash)),
          encodeTlv(0xa2, encodeInteger(salt)),
          trailer === undefined ? new Uint8Array() : encodeTlv(0xa3, encodeInteger(trailer)),
        ),
      );
    const scheme = { family: 'rsa-pss', hash: 'sha256', saltBytes: 32 } as const;
    const refused = 'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE';
    const judgePss = (signatureAlgorithm: Uint8Array, salt = 32) =>
      judge({ signatureAlgorithm, scheme: { ...scheme, saltBytes: salt } }, rsa);
    expect(await judgePss(pss(32, sha256))).toBe('TOTAL-PASSED');
    expect(await judgePss(pss(32, sha256, 1))).toBe('TOTAL-PASSED');
    expect(await judgePss(pss(20, sha256), 20)).toBe(refused);
    expect(await judgePss(pss(32, algorithm(OID.sha1)))).toBe(refused);
    expect(await judgePss(pss(32, sha256, 2))).toBe(refused);
    expect(await judgePss(algorithm(OID.rsassaPss))).toBe(refused);
    expect(await judgePss(pss(32, sha256), 20)).toBe('TOTAL-FAILED SIG_CRYPTO_FAILURE');
  });
});

describe('the signing certificate (rules 4, 6)', () => {
  const withReference = (reference: Uint8Array) => {
    const [type, digest] = usualAttributes(p256, content);
    return { attributes: [type ?? reference, digest ?? reference, reference] };
  };

  it('must be named by signing-certificate-v2', async () => {
    const [type, digest] = usualAttributes(p256, content);
    const attributes = type && digest ? [type, digest] : [];
    expect(await judge({ attributes })).toBe('INDETERMINATE SIG_CONSTRAINTS_FAILURE');
    const cms = await oddCms({ signer: p256, content, attributes });
    expect(verifyCms({ cms, content, mode: 'pkcs7' }).indication).toBe('TOTAL-PASSED');
  });

  it('must be the one that is named', async () => {
    const { certificate } = p256;
    const failure = 'TOTAL-FAILED SIG_CONSTRAINTS_FAILURE';
    expect(await judge(withReference(signingCertificateV2(other.certificate)))).toBe(failure);
    const full = issuerSerial(certificate.issuerDer, certificate.serialBytes);
    const wrongSerial = issuerSerial(certificate.issuerDer, other.certificate.serialBytes);
    const wrongIssuer = issuerSerial(pki.root.subjectDer, certificate.serialBytes);
    const reference = (issuer: Uint8Array) =>
      withReference(signingCertificateV2(certificate, { issuerSerial: issuer }));
    expect(await judge(reference(full))).toBe('TOTAL-PASSED');
    expect(await judge(reference(wrongSerial))).toBe(failure);
    expect(await judge(reference(wrongIssuer))).toBe(failure);
  });

  it('may be named by SHA-384 or an explicit SHA-256, not by SHA-1', async () => {
    const { certificate } = p256;
    const by = (oid: string, name: string) =>
      withReference(
        signingCertificateV2(certificate, {
          algorithm: algorithm(oid),
          hash: hash(name, certificate.der, 'buffer'),
        }),
      );
    expect(await judge(by(OID.sha384, 'sha384'))).toBe('TOTAL-PASSED');
    expect(await judge(by(OID.sha256, 'sha256'))).toBe('TOTAL-PASSED');
    expect(await judge(by(OID.sha1, 'sha1'))).toBe('TOTAL-FAILED FORMAT_FAILURE');
  });

  it('named by version 1 counts for old PKCS#7 only, and with a warning', async () => {
    const { certificate } = p256;
    const id = encodeSequence(encodeOctetString(hash('sha1', certificate.der, 'buffer')));
    const v1 = attribute(OID.signingCertificate, encodeSequence(encodeSequence(id)));
    expect(await judge(withReference(v1))).toBe('INDETERMINATE SIG_CONSTRAINTS_FAILURE');
    const cms = await oddCms({ signer: p256, content, ...withReference(v1) });
    const verdict = verifyCms({ cms, content, mode: 'pkcs7' });
    expect(verdict.indication).toBe('TOTAL-PASSED');
    expect(verdict.warnings).toHaveLength(1);
  });

  it('is found by name even when the encoding of the name differs', async () => {
    const cms = await oddCms({ signer: p256, content, certificates: [] });
    const candidates = [other.certificate, p256.certificate];
    expect(verifyCms({ cms, content, candidates }).certificate).toBe(p256.certificate);
    const garbage = encodeSequence(encodeAsciiString('no certificate', TAG.IA5_STRING));
    expect(await judge({ certificates: [garbage, p256.certificate.der] })).toBe('TOTAL-PASSED');
  });
});

describe('verifyDetached and the verifier for the bus', () => {
  it('does not trust a certificate because it travels in the message', async () => {
    const stranger = await createTestPki();
    const signer = await stranger.issue({ commonName: 'Kẻ giả danh', use: 'node' });
    const cms = await signCms({ content }, { ...signer, chain: [stranger.issuing, stranger.root] });
    expect(verifyDetached({ cms, content, trust: pki.trust(), at })).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    });
  });

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
