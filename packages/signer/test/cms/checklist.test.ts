/**
 * The eleven points a CMS verifier has to get right, each with mutated messages: detached signatures,
 * messages that carry their content, and time-stamp tokens where the point applies to them.
 */
import { hash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { buildCrl } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { endEntityExtensions } from '../../src/authority/profile.ts';
import { signCms } from '../../src/cms/sign.ts';
import { verifyAttached, verifyDetached } from '../../src/cms/verify-detached.ts';
import { verifyCms } from '../../src/cms/verify.ts';
import {
  OID,
  TAG,
  contextConstructed,
  encodeAsciiString,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../../src/der/index.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { startService } from '../../src/http/server.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority, tsaHandler } from '../../src/tsp/authority.ts';
import { createTsaClient } from '../../src/tsp/client.ts';
import { encodeTimeStampRequest } from '../../src/tsp/request.ts';
import { verifyTimeStamp } from '../../src/tsp/verify.ts';
import type { Judgement } from '../../src/verdict.ts';
import { type RevocationReason, parseCrl } from '../../src/x509/crl.ts';
import { plainPdf } from '../pades/sources.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import {
  type OddCms,
  algorithm,
  attribute,
  contentType,
  issuerAndSerial,
  issuerSerial,
  messageDigest,
  none,
  oddCms,
  signingCertificateV2,
  toIndefinite,
  usualAttributes,
} from '../support/odd-cms.ts';
import { POLICY, oddToken, oddTstInfo } from '../support/odd-token.ts';
import { type Answer, answerOn, issuingSigner } from '../support/test-ocsp.ts';

const KINDS = ['detached', 'attached', 'token'] as const;
type Kind = (typeof KINDS)[number];

const document = Buffer.from('Kính gửi: Ủy ban nhân dân các xã, phường');
const tstInfo = oddTstInfo(document);
const at = new Date('2026-03-01T00:00:00Z');
const FORMAT = 'TOTAL-FAILED FORMAT_FAILURE';
const REFUSED = 'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE';

let pki: TestPki;
let rsa: TestSigner;
let p256: TestSigner;
let other: TestSigner;
let tsa: TestSigner;
let rsaTsa: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  [rsa, p256, other, tsa, rsaTsa] = await Promise.all([
    pki.issue({ commonName: 'Ủy ban nhân dân tỉnh Quảng Trị', algorithm: 'rsa-2048' }),
    pki.issue({ commonName: 'Nút trục liên thông Đông Hà', use: 'node' }),
    pki.issue({ commonName: 'Nút khác', use: 'node' }),
    pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: 'ec-p256' }),
    pki.issue({ commonName: 'Dấu thời gian RSA', use: 'tsa', algorithm: 'rsa-2048' }),
  ]);
});

const signerOf = (kind: Kind): TestSigner => (kind === 'token' ? tsa : p256);
const rsaSignerOf = (kind: Kind): TestSigner => (kind === 'token' ? rsaTsa : rsa);
/** The bytes that a message of the kind is signed over. */
const signedOf = (kind: Kind): Uint8Array => (kind === 'token' ? tstInfo : document);
const typeOf = (kind: Kind): string => (kind === 'token' ? OID.tstInfo : OID.data);
const attributesOf = (kind: Kind, signer = signerOf(kind)) =>
  usualAttributes(signer, signedOf(kind), typeOf(kind));

const textOf = ({ indication, subIndication }: Judgement): string =>
  subIndication === null ? indication : `${indication} ${subIndication}`;

const build = (kind: Kind, parts: Partial<OddCms>): Promise<Uint8Array> => {
  const signer = parts.signer ?? signerOf(kind);
  if (kind === 'token') return oddToken(signer, tstInfo, parts);
  const attached = kind === 'attached' ? { eContent: document } : {};
  return oddCms({ signer, content: document, ...attached, ...parts });
};

const verdictOf = (kind: Kind, cms: Uint8Array): string => {
  if (kind === 'detached') return textOf(verifyCms({ cms, content: document }));
  if (kind === 'attached') return textOf(verifyCms({ cms, attached: true }));
  const digest = (name: string) => hash(name, document, 'buffer');
  return textOf(verifyTimeStamp({ token: cms, digest, trust: pki.trust(), at }));
};

/** The verdict on a message of the kind with some parts replaced. */
const judge = async (kind: Kind, parts: Partial<OddCms>): Promise<string> =>
  verdictOf(kind, await build(kind, parts));

describe('before any mutation', () => {
  it.each(KINDS)(
    '%s: the message passes, so that each test below changes one thing',
    async (kind) => {
      expect(await judge(kind, {})).toBe('TOTAL-PASSED');
      expect(await judge(kind, { signer: rsaSignerOf(kind) })).toBe('TOTAL-PASSED');
    },
  );
});

describe('point 1: BER outside, DER where it is hashed', () => {
  /** Indefinite lengths everywhere but in certificates (depth 3) and signed attributes (depth 5). */
  const outside = (der: Uint8Array): Uint8Array =>
    toIndefinite(
      der,
      (tag, depth) => tag === contextConstructed(0) && (depth === 3 || depth === 5),
    );

  it.each(KINDS)('1. %s: indefinite lengths outside are read', async (kind) => {
    const der = await build(kind, {});
    expect(outside(der).length).toBeGreaterThan(der.length + 10);
    expect(verdictOf(kind, outside(der))).toBe('TOTAL-PASSED');
  });

  it.each(['attached', 'token'] as const)(
    '1. %s: content in parts is put together',
    async (kind) => {
      const content = signedOf(kind);
      const [a, b] = [content.subarray(0, 7), content.subarray(7)].map(encodeOctetString);
      const inner = encodeTlv(0x24, a ?? none);
      const eContentValue = encodeTlv(0x24, inner, b ?? none, encodeOctetString(none));
      expect(await judge(kind, { eContentValue })).toBe('TOTAL-PASSED');
      expect(verdictOf(kind, outside(await build(kind, { eContentValue })))).toBe('TOTAL-PASSED');
      const foreign = encodeTlv(0x24, a ?? none, encodeNull(), b ?? none);
      expect(await judge(kind, { eContentValue: foreign })).toBe(FORMAT);
      expect(await judge(kind, { eContentValue: encodeTlv(0x24, b ?? none, a ?? none) })).toMatch(
        kind === 'token' ? FORMAT : 'TOTAL-FAILED HASH_FAILURE',
      );
    },
  );

  it.each(KINDS)('1. %s: nesting without end is refused, and at once', async (kind) => {
    let deep: Uint8Array = encodeOctetString(signedOf(kind));
    for (let i = 0; i < 40; i += 1) deep = encodeTlv(0x24, deep);
    expect(await judge(kind, { eContentValue: deep })).toBe(FORMAT);
    deep = encodeOctetString(signedOf(kind));
    for (let i = 0; i < 4; i += 1) deep = encodeTlv(0x24, deep);
    expect(await judge(kind, { eContentValue: deep })).toBe(FORMAT);
    // Levels of indefinite length around many small parts: each level would be searched anew.
    const levels = Buffer.alloc(40, Uint8Array.of(0x24, 0x80));
    const many = Buffer.alloc(2_000_000, encodeOctetString(none));
    const eContentValue = Buffer.concat([levels, many, Buffer.alloc(40)]);
    expect(await judge(kind, { eContentValue })).toBe(FORMAT);
    const bomb = Buffer.alloc(1_000_000, Uint8Array.of(0x30, 0x80));
    expect(verdictOf(kind, bomb)).toBe(FORMAT);
  });

  it.each(KINDS)('1. %s: signed attributes in BER are refused', async (kind) => {
    const der = await build(kind, {});
    const isElsewhere = (tag: number, depth: number): boolean =>
      tag === contextConstructed(0) && depth === 3;
    expect(verdictOf(kind, toIndefinite(der, isElsewhere))).toBe(FORMAT);
    const [type, digest, reference] = attributesOf(kind);
    // The same attribute with a length in the long form, signed as it stands.
    const long = Buffer.concat([Uint8Array.of(0x30, 0x81), type.subarray(1)]);
    expect(await judge(kind, { attributes: [long, digest, reference] })).toBe(FORMAT);
  });

  it.each(KINDS)('1. %s: signed attributes out of DER order are refused', async (kind) => {
    const attributes = attributesOf(kind).sort((a, b) => Buffer.compare(b, a));
    expect(await judge(kind, { attributes, unsorted: true })).toBe(FORMAT);
  });
});

describe('point 2: signed attributes, and content of the right type', () => {
  it.each(KINDS)('2. %s: without signed attributes it is refused', async (kind) => {
    expect(await judge(kind, { withoutAttributes: true })).toBe(FORMAT);
  });

  it('2. detached: signed attributes cannot be passed off as content', async () => {
    const attributes = Buffer.concat([Uint8Array.of(0x31), (await attributeSet()).subarray(1)]);
    const cms = await oddCms({ signer: p256, content: attributes, withoutAttributes: true });
    expect(textOf(verifyCms({ cms, content: attributes }))).toBe(FORMAT);
  });

  const attributeSet = async (): Promise<Uint8Array> => {
    const attributes = attributesOf('detached').sort((a, b) => Buffer.compare(a, b));
    return encodeTlv(TAG.SET, ...attributes);
  };

  it.each(KINDS)('2. %s: content type must be right in both places', async (kind) => {
    const [, digest, reference] = attributesOf(kind);
    const wrong = kind === 'token' ? OID.data : OID.tstInfo;
    const attributes = [contentType(wrong), digest, reference];
    expect(await judge(kind, { attributes })).toBe(FORMAT);
    expect(await judge(kind, { eContentType: wrong, attributes: attributesOf(kind) })).toBe(FORMAT);
    expect(await judge(kind, { eContentType: wrong, attributes })).toBe(FORMAT);
    expect(await judge(kind, { attributes: [digest, reference] })).toBe(FORMAT);
    const garbled = attribute(OID.contentType, encodeNull());
    expect(await judge(kind, { attributes: [garbled, digest, reference] })).toBe(FORMAT);
  });

  it('2. a token is no signature over a document, a signed document is no token', async () => {
    const token = await build('token', {});
    expect(textOf(verifyCms({ cms: token, attached: true }))).toBe(FORMAT);
    expect(textOf(verifyCms({ cms: token, content: tstInfo }))).toBe(FORMAT);
    const signed = await signCms({ content: tstInfo }, tsa, { attached: true });
    expect(textOf(verifyCms({ cms: signed, attached: true }))).toBe('TOTAL-PASSED');
    expect(verdictOf('token', signed)).toBe(FORMAT);
  });
});

describe('point 3: each attribute once, the digest in full', () => {
  it.each(KINDS)('3. %s: an attribute that stands twice is refused', async (kind) => {
    const usual = attributesOf(kind);
    const another = messageDigest(Buffer.from('another'));
    expect(await judge(kind, { attributes: [...usual, another] })).toBe(FORMAT);
    expect(await judge(kind, { attributes: [...usual, usual[1]] })).toBe(FORMAT);
  });

  it.each(KINDS)('3. %s: an attribute with no value or two is refused', async (kind) => {
    const [type, , reference] = attributesOf(kind);
    const digest = encodeOctetString(hash('sha256', signedOf(kind), 'buffer'));
    const two = attribute(OID.messageDigest, digest, digest);
    expect(await judge(kind, { attributes: [type, two, reference] })).toBe(FORMAT);
    const empty = attribute(OID.signingTime);
    expect(await judge(kind, { attributes: [...attributesOf(kind), empty] })).toBe(FORMAT);
  });

  it.each(KINDS)('3. %s: the digest is compared in full', async (kind) => {
    const [type, , reference] = attributesOf(kind);
    const digest = hash('sha256', signedOf(kind), 'buffer');
    const last = Buffer.from(digest);
    last[31] = (last[31] ?? 0) ^ 1;
    const wrongs = [digest.subarray(0, 31), Buffer.concat([digest, digest]), none, last];
    for (const wrong of wrongs) {
      const changed = attribute(OID.messageDigest, encodeOctetString(wrong));
      expect(await judge(kind, { attributes: [type, changed, reference] })).toBe(
        'TOTAL-FAILED HASH_FAILURE',
      );
    }
    expect(await judge(kind, { attributes: [type, reference] })).toBe(FORMAT);
  });

  it('3. other content than that signed is told', async () => {
    const cms = await build('detached', {});
    const changed = Buffer.from(document);
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(textOf(verifyCms({ cms, content: changed }))).toBe('TOTAL-FAILED HASH_FAILURE');
    const attributes = attributesOf('attached');
    expect(await judge('attached', { eContent: changed, attributes })).toBe(
      'TOTAL-FAILED HASH_FAILURE',
    );
    const cmsOfOther = await build('attached', { eContent: changed, attributes });
    expect(verifyCms({ cms: cmsOfOther, attached: true }).content).toBeNull();
  });
});

describe('point 4: the certificate is bound by signing-certificate', () => {
  const withReference = (kind: Kind, reference: Uint8Array) => {
    const [type, digest] = attributesOf(kind);
    return { attributes: [type, digest, reference] };
  };
  const failure = 'INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND';

  it.each(KINDS)('4. %s: without the attribute it does not pass', async (kind) => {
    const attributes = attributesOf(kind).slice(0, 2);
    expect(await judge(kind, { attributes })).toBe('INDETERMINATE SIG_CONSTRAINTS_FAILURE');
  });

  it('4. detached: old PKCS#7 may do without', async () => {
    const cms = await build('detached', { attributes: attributesOf('detached').slice(0, 2) });
    expect(textOf(verifyCms({ cms, content: document, mode: 'pkcs7' }))).toBe('TOTAL-PASSED');
  });

  it.each(KINDS)('4. %s: it must name the certificate that is used', async (kind) => {
    const { certificate } = signerOf(kind);
    const named = (options: Parameters<typeof signingCertificateV2>[1]) =>
      withReference(kind, signingCertificateV2(certificate, options));
    expect(await judge(kind, withReference(kind, signingCertificateV2(other.certificate)))).toBe(
      failure,
    );
    const { issuerDer, serialBytes } = certificate;
    const right = issuerSerial(issuerDer, serialBytes);
    expect(await judge(kind, named({ issuerSerial: right }))).toBe('TOTAL-PASSED');
    const wrongSerial = issuerSerial(issuerDer, other.certificate.serialBytes);
    expect(await judge(kind, named({ issuerSerial: wrongSerial }))).toBe(failure);
    const wrongIssuer = issuerSerial(pki.root.subjectDer, serialBytes);
    expect(await judge(kind, named({ issuerSerial: wrongIssuer }))).toBe(failure);
    const short = hash('sha256', certificate.der, 'buffer').subarray(0, 31);
    expect(await judge(kind, named({ hash: short }))).toBe(failure);
  });

  it('4. detached: a certificate that was changed is no verdict while the right one may be shown', async () => {
    const { certificate } = signerOf('detached');
    const cms = Buffer.from(await build('detached', {}));
    const at = cms.indexOf(certificate.der);
    cms[at + certificate.der.length - 1] = (cms[at + certificate.der.length - 1] ?? 0) ^ 1;
    expect(textOf(verifyCms({ cms, content: document }))).toBe(failure);
    const candidates = [certificate];
    expect(textOf(verifyCms({ cms, content: document, candidates }))).toBe('TOTAL-PASSED');
  });

  it.each(KINDS)(
    '4. %s: the hash defaults to SHA-256; SHA-1 and unknown ones are refused there',
    async (kind) => {
      const { certificate } = signerOf(kind);
      const by = (oid: string, name: string) =>
        withReference(
          kind,
          signingCertificateV2(certificate, {
            algorithm: algorithm(oid),
            hash: hash(name, certificate.der, 'buffer'),
          }),
        );
      expect(await judge(kind, by(OID.sha256, 'sha256'))).toBe('TOTAL-PASSED');
      expect(await judge(kind, by(OID.sha384, 'sha384'))).toBe('TOTAL-PASSED');
      expect(await judge(kind, by(OID.sha512, 'sha384'))).toBe(failure);
      expect(await judge(kind, by(OID.sha1, 'sha1'))).toBe(REFUSED);
      expect(await judge(kind, by('2.16.840.1.101.3.4.2.8', 'sha3-256'))).toBe(REFUSED);
    },
  );

  it.each(KINDS)('4. %s: version 1, with SHA-1, counts for tokens and old PKCS#7', async (kind) => {
    const { certificate } = signerOf(kind);
    const id = encodeSequence(encodeOctetString(hash('sha1', certificate.der, 'buffer')));
    const v1 = attribute(OID.signingCertificate, encodeSequence(encodeSequence(id)));
    const expected = kind === 'token' ? 'TOTAL-PASSED' : 'INDETERMINATE SIG_CONSTRAINTS_FAILURE';
    expect(await judge(kind, withReference(kind, v1))).toBe(expected);
    if (kind !== 'detached') return;
    const cms = await build(kind, withReference(kind, v1));
    const verdict = verifyCms({ cms, content: document, mode: 'pkcs7' });
    expect(textOf(verdict)).toBe('TOTAL-PASSED');
    expect(verdict.warnings).toHaveLength(1);
    // With both, version 2 decides.
    const both = [...withReference(kind, v1).attributes, signingCertificateV2(other.certificate)];
    expect(await judge(kind, { attributes: both })).toBe(failure);
  });
});

describe('point 5: algorithms agree with each other and with the key', () => {
  it.each(KINDS)('5. %s: the hash of the signature is that of the digest', async (kind) => {
    const sha384 = { family: 'ecdsa', hash: 'sha384' } as const;
    const signatureAlgorithm = algorithm(OID.ecdsaWithSHA384);
    expect(await judge(kind, { signatureAlgorithm, scheme: sha384 })).toBe(FORMAT);
    const signer = rsaSignerOf(kind);
    const named = (oid: string) => ({ signer, signatureAlgorithm: algorithm(oid, encodeNull()) });
    expect(await judge(kind, named(OID.sha256WithRSAEncryption))).toBe('TOTAL-PASSED');
    expect(await judge(kind, named(OID.rsaEncryption))).toBe('TOTAL-PASSED');
    expect(await judge(kind, named(OID.sha512WithRSAEncryption))).toBe(FORMAT);
  });

  it.each(KINDS)('5. %s: the signature algorithm is one of the key', async (kind) => {
    const wrong = 'TOTAL-FAILED SIG_CRYPTO_FAILURE';
    const rsaName = algorithm(OID.rsaEncryption, encodeNull());
    expect(await judge(kind, { signatureAlgorithm: rsaName })).toBe(wrong);
    expect(await judge(kind, { signatureAlgorithm: algorithm(OID.ed25519) })).toBe(FORMAT);
    const ecdsa = algorithm(OID.ecdsaWithSHA256);
    expect(await judge(kind, { signer: rsaSignerOf(kind), signatureAlgorithm: ecdsa })).toBe(wrong);
    const withNull = algorithm(OID.ecdsaWithSHA256, encodeNull());
    expect(await judge(kind, { signatureAlgorithm: withNull })).toBe(REFUSED);
  });

  it.each(KINDS)('5. %s: SHA-1 and MD5 are not accepted', async (kind) => {
    const signer = rsaSignerOf(kind);
    const [type, , reference] = attributesOf(kind, signer);
    for (const [oid, name] of [
      [OID.sha1, 'sha1'],
      ['1.2.840.113549.2.5', 'md5'],
    ] as const) {
      const attributes = [type, messageDigest(signedOf(kind), name), reference];
      const digestAlgorithm = algorithm(oid, encodeNull());
      expect(await judge(kind, { signer, attributes, digestAlgorithm })).toBe(REFUSED);
    }
    const sha1WithRsa = algorithm('1.2.840.113549.1.1.5', encodeNull());
    expect(await judge(kind, { signer, signatureAlgorithm: sha1WithRsa })).toBe(REFUSED);
  });

  it.each(KINDS)('5. %s: the parameters of RSA-PSS agree', async (kind) => {
    const signer = rsaSignerOf(kind);
    const sha256 = algorithm(OID.sha256, encodeNull());
    const pss = (salt: number, maskHash: Uint8Array, trailer?: number) =>
      algorithm(
        OID.rsassaPss,
        encodeSequence(
          encodeExplicit(0, sha256),
          encodeExplicit(1, algorithm(OID.mgf1, maskHash)),
          encodeExplicit(2, encodeInteger(salt)),
          trailer === undefined ? none : encodeExplicit(3, encodeInteger(trailer)),
        ),
      );
    const judgePss = (signatureAlgorithm: Uint8Array, saltBytes = 32) => {
      const scheme = { family: 'rsa-pss', hash: 'sha256', saltBytes } as const;
      return judge(kind, { signer, signatureAlgorithm, scheme });
    };
    expect(await judgePss(pss(32, sha256))).toBe('TOTAL-PASSED');
    expect(await judgePss(pss(32, sha256, 1))).toBe('TOTAL-PASSED');
    expect(await judgePss(pss(20, sha256), 20)).toBe(REFUSED);
    const scheme = { family: 'rsa-pss', hash: 'sha256', saltBytes: 20 } as const;
    const cms = await build('detached', {
      signer: rsa,
      signatureAlgorithm: pss(20, sha256),
      scheme,
    });
    expect(verifyCms({ cms, content: document }).detail).toMatch(
      /^RSASSA-PSS .* must fit the hash$/,
    );
    expect(await judgePss(pss(32, algorithm(OID.sha1)))).toBe(REFUSED);
    expect(await judgePss(pss(32, algorithm(OID.sha512)))).toBe(REFUSED);
    expect(await judgePss(pss(32, sha256, 2))).toBe(REFUSED);
    expect(await judgePss(algorithm(OID.rsassaPss))).toBe(REFUSED);
    expect(await judgePss(pss(32, sha256), 20)).toBe('TOTAL-FAILED SIG_CRYPTO_FAILURE');
  });

  it.each(['sha384', 'sha512'] as const)('5. RSA, PSS and ECDSA may come with %s', async (name) => {
    const [type, , reference] = attributesOf('detached', rsa);
    const attributes = [type, messageDigest(document, name), reference];
    const digestAlgorithm = algorithm(OID[name]);
    const common = { attributes, digestAlgorithm, signer: rsa };
    const plain = { family: 'rsa-pkcs1', hash: name } as const;
    expect(await judge('detached', { ...common, scheme: plain })).toBe('TOTAL-PASSED');
    const saltBytes = name === 'sha384' ? 48 : 64;
    const digest = algorithm(OID[name], encodeNull());
    const signatureAlgorithm = algorithm(
      OID.rsassaPss,
      encodeSequence(
        encodeExplicit(0, digest),
        encodeExplicit(1, algorithm(OID.mgf1, digest)),
        encodeExplicit(2, encodeInteger(saltBytes)),
      ),
    );
    const pss = { family: 'rsa-pss', hash: name, saltBytes } as const;
    expect(await judge('detached', { ...common, signatureAlgorithm, scheme: pss })).toBe(
      'TOTAL-PASSED',
    );
    const [ecType, , ecReference] = attributesOf('detached');
    const ecdsa = name === 'sha384' ? OID.ecdsaWithSHA384 : OID.ecdsaWithSHA512;
    expect(
      await judge('detached', {
        attributes: [ecType, messageDigest(document, name), ecReference],
        digestAlgorithm,
        signatureAlgorithm: algorithm(ecdsa),
        scheme: { family: 'ecdsa', hash: name },
      }),
    ).toBe('TOTAL-PASSED');
  });

  it('5. Ed25519 goes with SHA-512 alone (RFC 8419)', async () => {
    const signer = await pki.issue({ commonName: 'Ed', use: 'node', algorithm: 'ed25519' });
    expect(await judge('detached', { signer })).toBe('TOTAL-PASSED');
    const [type, , reference] = attributesOf('detached', signer);
    const attributes = [type, messageDigest(document, 'sha256'), reference];
    const digestAlgorithm = algorithm(OID.sha256);
    expect(await judge('detached', { signer, attributes, digestAlgorithm })).toBe(FORMAT);
  });

  it.each(KINDS)('5. %s: a changed signature value is told', async (kind) => {
    const cms = Buffer.from(await build(kind, {}));
    cms[cms.length - 1] = (cms.at(-1) ?? 0) ^ 1;
    expect(verdictOf(kind, cms)).toBe('TOTAL-FAILED SIG_CRYPTO_FAILURE');
  });
});

describe('point 6: one signer, and its certificate', () => {
  it.each(KINDS)('6. %s: none or two signers are refused', async (kind) => {
    expect(await judge(kind, { signerCount: 0 })).toBe(FORMAT);
    // CMS allows several outside of tokens and PDF: not judged here, but no forgery either
    const several = kind === 'token' ? FORMAT : 'INDETERMINATE SIG_CONSTRAINTS_FAILURE';
    expect(await judge(kind, { signerCount: 2 })).toBe(several);
  });

  it('6. several signers are malformed where the form of the document allows one', async () => {
    const cms = await build('detached', { signerCount: 2 });
    const verdict = verifyCms({ cms, content: document, isOneSignerNeeded: true });
    expect(textOf(verdict)).toBe(FORMAT);
  });

  it.each(KINDS)('6. %s: the certificate may be named by key identifier', async (kind) => {
    const { subjectKeyId = none } = signerOf(kind).certificate;
    const sid = encodeTlv(0x80, subjectKeyId);
    expect(await judge(kind, { sid, signerVersion: 3 })).toBe('TOTAL-PASSED');
    expect(await judge(kind, { sid, signerVersion: 1 })).toBe(FORMAT);
    expect(await judge(kind, { signerVersion: 3 })).toBe(FORMAT);
    const wrong = encodeTlv(0x80, Buffer.alloc(20));
    expect(await judge(kind, { sid: wrong, signerVersion: 3 })).toBe(
      'INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND',
    );
  });

  it.each(KINDS)('6. %s: the list of digests must name the one of the signer', async (kind) => {
    const cms = Buffer.from(await build(kind, {}));
    const sha256 = encodeOid(OID.sha256);
    // Nothing is signed there; BouncyCastle and OpenSSL refuse such a message too.
    const place = cms.indexOf(sha256);
    const named = Buffer.from(cms);
    named.set(encodeOid(OID.sha384), place);
    expect(verdictOf(kind, cms)).toBe('TOTAL-PASSED');
    expect(verdictOf(kind, named)).toBe(FORMAT);
  });

  it.each(KINDS)('6. %s: the issuer may be the same name in another encoding', async (kind) => {
    const { certificate } = signerOf(kind);
    const serial = encodeTlv(TAG.INTEGER, certificate.serialBytes);
    const rename = (text: (utf8: string) => string): Uint8Array => {
      const rdns = certificate.issuer.rdns.map((rdn) =>
        encodeTlv(
          TAG.SET,
          ...rdn.map(({ type, text: value = '' }) => {
            const utf16 = Buffer.from(text(value), 'utf16le').swap16();
            return encodeSequence(encodeOid(type), encodeTlv(TAG.BMP_STRING, utf16));
          }),
        ),
      );
      return encodeSequence(encodeSequence(...rdns), serial);
    };
    expect(await judge(kind, { sid: rename((text) => text) })).toBe('TOTAL-PASSED');
    expect(await judge(kind, { sid: rename((text) => `${text} 2`) })).toBe(
      'INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND',
    );
  });

  it.each(KINDS)('6. %s: the signature must be made with the key that is named', async (kind) => {
    const stranger = kind === 'token' ? rsaTsa : other;
    const sid = issuerAndSerial(stranger.certificate);
    const attributes = attributesOf(kind, stranger);
    const certificates = [stranger.certificate.der];
    expect(await judge(kind, { sid, attributes, certificates })).toBe(
      'TOTAL-FAILED SIG_CRYPTO_FAILURE',
    );
  });

  it.each(KINDS)('6. %s: what cannot be read among the certificates is left out', async (kind) => {
    const garbage = encodeSequence(encodeAsciiString('no certificate', TAG.IA5_STRING));
    const certificates = [garbage, signerOf(kind).certificate.der];
    expect(await judge(kind, { certificates })).toBe('TOTAL-PASSED');
    expect(await judge(kind, { certificates: Array(65).fill(garbage) })).toBe(FORMAT);
  });

  it('6. a certificate that travels in the message is not trusted for that', async () => {
    const foreign = await createTestPki();
    const signer = await foreign.issue({ commonName: 'Kẻ giả danh', use: 'node' });
    const chain = [foreign.issuing, foreign.root];
    const trust = pki.trust();
    const cms = await signCms({ content: document }, { ...signer, chain });
    const expected = 'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND';
    expect(textOf(verifyDetached({ cms, content: document, trust, at }))).toBe(expected);
    const attached = await signCms({ content: document }, { ...signer, chain }, { attached: true });
    expect(textOf(verifyAttached({ cms: attached, trust, at }))).toBe(expected);
    const fakeTsa = await foreign.issue({ commonName: 'TSA giả', use: 'tsa' });
    const certificates = [fakeTsa.certificate.der, foreign.issuing.der, foreign.root.der];
    expect(await judge('token', { signer: fakeTsa, certificates })).toBe(expected);
  });
});

describe('point 7: nothing behind, nothing too large', () => {
  it.each(KINDS)(
    '7. %s: bytes behind the message or inside its structures are refused',
    async (kind) => {
      expect(await judge(kind, { tail: encodeNull() })).toBe(FORMAT);
      const cms = await build(kind, {});
      expect(verdictOf(kind, Buffer.concat([cms, Buffer.alloc(1)]))).toBe(FORMAT);
      expect(verdictOf(kind, cms.subarray(0, -1))).toBe(FORMAT);
      expect(await judge(kind, { outerType: OID.encryptedData })).toBe(FORMAT);
      expect(await judge(kind, { version: 2 })).toBe(FORMAT);
    },
  );

  it.each(KINDS)('7. %s: numbers and identifiers without end are refused', async (kind) => {
    const { certificate } = signerOf(kind);
    const padded = Buffer.concat([Uint8Array.of(0), certificate.serialBytes]);
    const sid = encodeSequence(certificate.issuerDer, encodeTlv(TAG.INTEGER, padded));
    expect(await judge(kind, { sid })).toBe(
      (certificate.serialBytes[0] ?? 0) < 0x80 ? FORMAT : 'TOTAL-PASSED',
    );
    const usual = attributesOf(kind);
    const endless = encodeTlv(TAG.OID, Buffer.alloc(40, 0xff), Uint8Array.of(1));
    const longArc = encodeSequence(endless, encodeTlv(TAG.SET, encodeNull()));
    expect(await judge(kind, { attributes: [...usual, longArc] })).toBe(FORMAT);
    const redundant = encodeTlv(TAG.OID, Uint8Array.of(0x2a, 0x80, 0x01));
    const padArc = encodeSequence(redundant, encodeTlv(TAG.SET, encodeNull()));
    expect(await judge(kind, { attributes: [...usual, padArc] })).toBe(FORMAT);
  });

  it('7. a message above the limit is refused unread', () => {
    const cms = Buffer.alloc(65 * 1024 * 1024);
    const trust = pki.trust();
    const details = [
      verifyCms({ cms, content: document }),
      verifyCms({ cms, attached: true }),
      verifyTimeStamp({ token: cms, digest: () => none, trust, at }),
    ].map(({ detail }) => detail);
    for (const detail of details) expect(detail).toContain('more than the limit');
  });
});

describe('points 7 and 8 in a PDF', () => {
  /** The verdict on the one signature of a PDF, after some of its bytes were changed. */
  const judgePdf = async (change: (pdf: Buffer) => void): Promise<string> => {
    const pdf = Buffer.from(await signPdf(plainPdf(), p256, { signedAt: at }));
    change(pdf);
    const [signature] = verifyPdf(pdf, { trust: pki.trust(), at }).signatures;
    return signature === undefined ? 'none' : textOf(signature);
  };
  const replace = (pdf: Buffer, from: string, to: string): void => {
    const place = pdf.lastIndexOf(from);
    expect(place).toBeGreaterThan(0);
    expect(to.length).toBe(from.length);
    pdf.write(to, place, 'latin1');
  };

  it('7. behind the message in /Contents stand only zero bytes', async () => {
    expect(await judgePdf(() => undefined)).toBe('TOTAL-PASSED');
    expect(await judgePdf((pdf) => replace(pdf, '0000>', '0001>'))).toBe(FORMAT);
  });

  it('8. the old kinds of SHA-1 are recognised, and not taken for valid', async () => {
    for (const name of ['adbe.pkcs7.sha1', 'adbe.x509.rsa_sha1']) {
      const legacy = `/SubFilter /${name}`.padEnd('/SubFilter /ETSI.CAdES.detached'.length);
      expect(await judgePdf((pdf) => replace(pdf, '/SubFilter /ETSI.CAdES.detached', legacy))).toBe(
        REFUSED,
      );
    }
  });
});

describe('point 8: detached means without content', () => {
  it('8. detached: a message with content is refused, even with the right one', async () => {
    expect(await judge('detached', { eContent: document })).toBe(FORMAT);
    expect(await judge('detached', { eContent: none })).toBe(FORMAT);
  });

  it.each(['attached', 'token'] as const)(
    '8. %s: a message without content does not pass',
    async (kind) => {
      const signer = signerOf(kind);
      const parts = { signer, content: signedOf(kind), eContentType: typeOf(kind) };
      const cms = await oddCms({ ...parts, attributes: attributesOf(kind) });
      expect(verdictOf(kind, cms)).toBe(
        kind === 'token' ? FORMAT : 'INDETERMINATE SIGNED_DATA_NOT_FOUND',
      );
    },
  );
});

describe('point 9: the certificate is one for signing, at a proven time', () => {
  const judgeWith = async (signer: TestSigner, when = at): Promise<string> => {
    const cms = await signCms({ content: document }, signer);
    const attached = await signCms({ content: document }, signer, { attached: true });
    const verdict = textOf(
      verifyDetached({ cms, content: document, trust: pki.trust(), at: when }),
    );
    expect(textOf(verifyAttached({ cms: attached, trust: pki.trust(), at: when }))).toBe(verdict);
    return verdict;
  };

  it('9. key usage and extended key usage must be for signatures, and it must be no CA', async () => {
    const [basic = none, keyUsage = none, extKeyUsage = none] = endEntityExtensions('node');
    const refused = 'INDETERMINATE CHAIN_CONSTRAINTS_FAILURE';
    const ca = encodeExtension(OID.basicConstraints, true, Uint8Array.of(0x30, 3, 1, 1, 0xff));
    const usage = (byte: number) =>
      encodeExtension(OID.keyUsage, true, Uint8Array.of(3, 2, 0, byte));
    const forServers = encodeExtension(
      OID.extKeyUsage,
      false,
      encodeSequence(encodeOid(OID.serverAuth)),
    );
    const judgeOdd = async (...extensions: readonly Uint8Array[]) =>
      judgeWith(await issueOdd(pki, extensions));
    expect(await judgeOdd(basic, keyUsage, extKeyUsage)).not.toBe(refused);
    expect(await judgeOdd(ca, keyUsage, extKeyUsage)).toBe(refused);
    expect(await judgeOdd(basic, usage(0x20), extKeyUsage)).toBe(refused); // keyEncipherment
    expect(await judgeOdd(basic, usage(0x40), extKeyUsage)).not.toBe(refused); // nonRepudiation
    expect(await judgeOdd(basic, keyUsage, forServers)).toBe(refused);
    expect(await judgeWith(await pki.issue({ commonName: 'TSA', use: 'tsa' }))).toBe(refused);
  });

  it('9. the time that a signer claims is not believed, that of a time-stamp is', async () => {
    const notAfter = new Date('2026-02-15T00:00:00Z');
    const signer = await pki.issue({ commonName: 'Hết hạn', use: 'node', notAfter });
    const claimed = attribute(OID.signingTime, encodeGeneralizedTime(new Date('2026-01-15')));
    const attributes = [...attributesOf('detached', signer), claimed];
    const verdictOn = async (parts: Partial<OddCms>) => {
      const cms = await build('detached', { signer, attributes, ...parts });
      return verifyDetached({ cms, content: document, trust: pki.trust(), at });
    };
    expect(textOf(await verdictOn({}))).toBe('INDETERMINATE OUT_OF_BOUNDS_NO_POE');
    const timeStamps = async (signature: Uint8Array) => [
      await oddToken(tsa, oddTstInfo(signature)), // of 2026-02-01
    ];
    const proven = await verdictOn({ timeStamps });
    expect(textOf(proven)).toBe('TOTAL-PASSED');
    expect(proven.provenAt).toEqual(new Date('2026-02-01'));
  });
});

describe('point 10: a time-stamp is one over this signature, by an authority for it', () => {
  /** The verdicts on the signature and on its one time-stamp; the signer's certificate has expired at `at`. */
  const judgeStamp = async (
    token: (signature: Uint8Array) => Promise<Uint8Array>,
  ): Promise<readonly string[]> => {
    const timeStamps = async (signature: Uint8Array) => [await token(signature)];
    const cms = await build('detached', { signer: expired, timeStamps });
    const verdict = verifyDetached({ cms, content: document, trust: pki.trust(), at });
    return [textOf(verdict), ...verdict.timeStamps.map(textOf)];
  };
  const NOT_PROVEN = 'INDETERMINATE OUT_OF_BOUNDS_NO_POE';
  let expired: TestSigner;

  beforeAll(async () => {
    const notAfter = new Date('2026-02-15T00:00:00Z');
    expired = await pki.issue({ commonName: 'Hết hạn', use: 'node', notAfter });
  });

  it('10. put together by hand it proves its time', async () => {
    expect(await judgeStamp((signature) => oddToken(tsa, oddTstInfo(signature)))).toEqual([
      'TOTAL-PASSED',
      'TOTAL-PASSED',
    ]);
  });

  it('10. one over another signature or over the content proves nothing', async () => {
    for (const content of [Buffer.from('another signature'), document]) {
      expect(await judgeStamp(() => oddToken(tsa, oddTstInfo(content)))).toEqual([
        NOT_PROVEN,
        'TOTAL-FAILED HASH_FAILURE',
      ]);
    }
  });

  it('10. one that says SHA-384 of a SHA-256 value, or a weak hash, proves nothing', async () => {
    const odd = (oid: string) => (signature: Uint8Array) =>
      oddToken(tsa, oddTstInfo(signature, { hash: algorithm(oid) }));
    expect(await judgeStamp(odd(OID.sha384))).toEqual([NOT_PROVEN, FORMAT]);
    const sha1 = (signature: Uint8Array) => {
      const imprint = hash('sha1', signature, 'buffer');
      return oddToken(tsa, oddTstInfo(signature, { hash: algorithm(OID.sha1), imprint }));
    };
    expect(await judgeStamp(sha1)).toEqual([NOT_PROVEN, REFUSED]);
  });

  it('10. its own message is checked: changed time, wrong signature, other certificate', async () => {
    const later = (signature: Uint8Array) =>
      oddToken(tsa, oddTstInfo(signature), {
        eContent: oddTstInfo(signature, { genTime: '20260101000000Z' }),
      });
    expect(await judgeStamp(later)).toEqual([NOT_PROVEN, 'TOTAL-FAILED HASH_FAILURE']);
    const broken = async (signature: Uint8Array) => {
      const token = Buffer.from(await oddToken(tsa, oddTstInfo(signature)));
      token[token.length - 1] = (token.at(-1) ?? 0) ^ 1;
      return token;
    };
    expect(await judgeStamp(broken)).toEqual([NOT_PROVEN, 'TOTAL-FAILED SIG_CRYPTO_FAILURE']);
    const unbound = (signature: Uint8Array) => {
      const content = oddTstInfo(signature);
      const attributes = usualAttributes(tsa, content, OID.tstInfo).slice(0, 2);
      return oddToken(tsa, content, { attributes });
    };
    expect(await judgeStamp(unbound)).toEqual([
      NOT_PROVEN,
      'INDETERMINATE SIG_CONSTRAINTS_FAILURE',
    ]);
  });

  it('10. the extended key usage must be timeStamping, critical and alone', async () => {
    const [basic = none, keyUsage = none] = endEntityExtensions('tsa');
    const usages = (critical: boolean, ...oids: readonly string[]) =>
      encodeExtension(OID.extKeyUsage, critical, encodeSequence(...oids.map(encodeOid)));
    const judgeTsa = async (...extensions: readonly Uint8Array[]) => {
      const signer = await issueOdd(pki, [basic, ...extensions]);
      return judgeStamp((signature) => oddToken(signer, oddTstInfo(signature)));
    };
    const passes = ['TOTAL-PASSED', 'TOTAL-PASSED'];
    const refused = [NOT_PROVEN, 'INDETERMINATE CHAIN_CONSTRAINTS_FAILURE'];
    const right = usages(true, OID.timeStamping);
    expect(await judgeTsa(keyUsage, right)).toEqual(passes);
    expect(await judgeTsa(right)).toEqual(passes);
    expect(await judgeTsa(keyUsage, usages(false, OID.timeStamping))).toEqual(refused);
    const two = usages(true, OID.timeStamping, OID.documentSigning);
    expect(await judgeTsa(keyUsage, two)).toEqual(refused);
    expect(await judgeTsa(keyUsage, usages(true, OID.anyExtendedKeyUsage))).toEqual(refused);
    expect(await judgeTsa(keyUsage)).toEqual(refused);
    const encipher = encodeExtension(OID.keyUsage, true, Uint8Array.of(3, 2, 5, 0xa0));
    expect(await judgeTsa(encipher, right)).toEqual(refused);
  });

  it('10. the authority must be trusted, valid at its own time and at the time asked', async () => {
    const foreign = await createTestPki();
    const fake = await foreign.issue({ commonName: 'TSA giả', use: 'tsa' });
    expect(await judgeStamp((signature) => oddToken(fake, oddTstInfo(signature)))).toEqual([
      NOT_PROVEN,
      'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND',
    ]);
    const gone = await pki.issue({
      commonName: 'TSA cũ',
      use: 'tsa',
      notAfter: new Date('2026-02-20T00:00:00Z'),
    });
    expect(await judgeStamp((signature) => oddToken(gone, oddTstInfo(signature)))).toEqual([
      NOT_PROVEN,
      'INDETERMINATE OUT_OF_BOUNDS_NO_POE',
    ]);
    const early = await pki.issue({
      commonName: 'TSA mới',
      use: 'tsa',
      notBefore: new Date('2026-02-02T00:00:00Z'),
    });
    expect(await judgeStamp((signature) => oddToken(early, oddTstInfo(signature)))).toEqual([
      NOT_PROVEN,
      'TOTAL-FAILED SIG_CONSTRAINTS_FAILURE',
    ]);
  });

  it('10. one from the future proves nothing', async () => {
    const odd = (signature: Uint8Array) =>
      oddToken(tsa, oddTstInfo(signature, { genTime: '20270101000000Z' }));
    expect(await judgeStamp(odd)).toEqual([NOT_PROVEN, 'INDETERMINATE TIMESTAMP_ORDER_FAILURE']);
  });

  it('10. a reply with another nonce than was sent is refused', async () => {
    const authority = createTimeStampAuthority({ signer: tsa, policy: POLICY, now: () => at });
    const older = encodeTimeStampRequest({
      hash: 'sha256',
      imprint: hash('sha256', document, 'buffer'),
      nonce: Uint8Array.of(7),
    });
    const replay = await authority.answer(older);
    await using service = await startService({
      routes: new Map([['/tsa', tsaHandler({ answer: () => Promise.resolve(replay) })]]),
    });
    const client = createTsaClient({ urls: [`${service.url}/tsa`] });
    const digest = hash('sha256', document, 'buffer');
    await expect(client.timeStamp(digest, 'sha256')).rejects.toThrow('the nonce is not the one');
  });

  it('10. garbage in its place changes nothing else', async () => {
    expect(await judgeStamp(() => Promise.resolve(encodeNull()))).toEqual([NOT_PROVEN, FORMAT]);
  });
});

describe('point 11: revocation, and it is not known until it is known', () => {
  const life = { thisUpdate: new Date('2026-02-20'), nextUpdate: new Date('2026-03-20') };
  const unknown = 'INDETERMINATE TRY_LATER';

  /** The verdict on a good message when the issuing CA's list is another one. */
  const judgeWith = async (
    content: Partial<Parameters<typeof buildCrl>[0]>,
    key = pki.issuingKey,
    when = at,
  ): Promise<string> => {
    const crl = parseCrl(await buildCrl({ number: 9, ...life, revocations: [], ...content }, key));
    const trust = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl(), crl],
    });
    const cms = await build('detached', {});
    return textOf(verifyDetached({ cms, content: document, trust, at: when }));
  };
  const revoked = (revokedAt: string) => [
    {
      serialNumber: p256.certificate.serialNumber,
      revokedAt: new Date(revokedAt),
      reason: 'keyCompromise' as const,
    },
  ];

  it('11. a certificate is good on a fresh list, revoked from the time on the list', async () => {
    expect(await judgeWith({})).toBe('TOTAL-PASSED');
    expect(await judgeWith({ revocations: revoked('2026-02-01') })).toBe('TOTAL-FAILED REVOKED');
    expect(await judgeWith({ revocations: revoked('2026-03-10') })).toBe('TOTAL-PASSED');
  });

  it('11. a list that is out of date, or none at all, leaves it open', async () => {
    expect(await judgeWith({ nextUpdate: new Date('2026-03-01') })).toBe(unknown);
    const trust = createTrustStore({ anchors: [pki.root], intermediates: [pki.issuing] });
    const cms = await build('detached', {});
    expect(textOf(verifyDetached({ cms, content: document, trust, at }))).toBe(unknown);
  });

  it('11. a list with a wrong signature says nothing, neither good nor bad', async () => {
    const foreign = await createTestPki();
    const forged = { ...foreign.issuingKey, nameDer: pki.issuing.subjectDer };
    expect(await judgeWith({}, forged)).toBe(unknown);
    expect(await judgeWith({ revocations: revoked('2026-02-01') }, forged)).toBe(unknown);
  });

  it('11. a list for other certificates or with an unknown critical extension is left aside', async () => {
    const onlyCa = encodeExtension(
      OID.issuingDistributionPoint,
      true,
      Uint8Array.of(0x30, 3, 0x82, 1, 0xff),
    );
    expect(await judgeWith({ extensions: [onlyCa] })).toBe(unknown);
    const strange = encodeExtension('1.2.3.4', true, encodeNull());
    expect(await judgeWith({ extensions: [strange] })).toBe(unknown);
    const harmless = encodeExtension('1.2.3.4', false, encodeNull());
    expect(await judgeWith({ extensions: [harmless] })).toBe('TOTAL-PASSED');
  });

  it('11. an OCSP response counts only from a responder of that CA, about that certificate, in time', async () => {
    const trust = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl()],
    });
    const foreign = await createTestPki();
    const [delegated, stranger] = await Promise.all([
      pki.issue({ commonName: 'OCSP', use: 'ocsp' }),
      foreign.issue({ commonName: 'OCSP', use: 'ocsp' }),
    ]);
    const cms = await build('detached', {});
    const judgeBy = async (answer: Answer, about = p256): Promise<string> => {
      const response = await answerOn(about.certificate, pki, answer);
      const certificates = [answer.signer.certificate];
      const data = { certificates, crls: [], ocsps: [response] };
      return textOf(verifyDetached({ cms, content: document, trust, data, at }));
    };
    const noon = new Date('2026-02-28T12:00:00Z');
    const fresh = { thisUpdate: noon, signer: delegated };
    expect(await judgeBy(fresh)).toBe('TOTAL-PASSED');
    expect(await judgeBy({ ...fresh, signer: issuingSigner(pki) })).toBe('TOTAL-PASSED');
    expect(await judgeBy({ ...fresh, status: 'unknown' })).toBe(unknown);
    expect(await judgeBy({ ...fresh, signer: stranger })).toBe(unknown);
    expect(await judgeBy({ ...fresh, signer: other })).toBe(unknown); // not for OCSP
    expect(await judgeBy({ ...fresh, issuer: foreign.issuing })).toBe(unknown);
    expect(await judgeBy(fresh, other)).toBe(unknown);
    expect(await judgeBy({ ...fresh, thisUpdate: new Date('2026-02-20') })).toBe(unknown);
    const revokedAt = new Date('2026-02-10');
    expect(await judgeBy({ ...fresh, status: { revokedAt } })).toBe('TOTAL-FAILED REVOKED');
  });

  it('11. the authority of a time-stamp may be revoked too', async () => {
    const judgeToken = async (
      revokedAt: string,
      reason: RevocationReason = 'keyCompromise',
    ): Promise<string> => {
      const own = await createTestPki();
      const signer = await own.issue({ commonName: 'TSA', use: 'tsa', algorithm: 'ec-p256' });
      await own.revoke(signer.certificate, { at: new Date(revokedAt), reason });
      const token = await oddToken(signer, tstInfo);
      const digest = (name: string) => hash(name, document, 'buffer');
      return textOf(verifyTimeStamp({ token, digest, trust: own.trust(), at }));
    };
    expect(await judgeToken('2026-01-15')).toBe('TOTAL-FAILED REVOKED');
    expect(await judgeToken('2026-02-15')).toBe('INDETERMINATE REVOKED_NO_POE');
    expect(await judgeToken('2026-03-15')).toBe('TOTAL-PASSED');
    // An authority that ended in an orderly way leaves its earlier tokens valid (RFC 3161 §4).
    expect(await judgeToken('2026-02-15', 'cessationOfOperation')).toBe('TOTAL-PASSED');
    expect(await judgeToken('2026-01-15', 'cessationOfOperation')).toBe('TOTAL-FAILED REVOKED');
    expect(await judgeToken('2026-02-15', 'unspecified')).toBe('INDETERMINATE REVOKED_NO_POE');
  });
});
