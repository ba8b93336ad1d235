import { beforeAll, describe, expect, it } from 'vitest';

import { buildCertificate, buildCrl, randomSerial } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import {
  caExtensions,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
} from '../../src/authority/profile.ts';
import {
  OID,
  encodeBitString,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeImplicit,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
} from '../../src/der/index.ts';
import {
  type CertId,
  type Certificate,
  type CertificateList,
  EMPTY_VALIDATION_DATA,
  type OcspResponse,
  type PathOptions,
  buildOcspResponse,
  certIdOf,
  createTrustStore,
  generateKeys,
  parseBasicOcspResponse,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  validatePath,
} from '../../src/index.ts';
import { createKeySigner } from '../../src/keys/signer.ts';
import { encodeCertId, keyHashOf } from '../../src/revocation/ocsp-request.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import { type Answer, answerOn, issuingSigner } from '../support/test-ocsp.ts';

const at = new Date('2026-03-01T12:00:00Z');
let pki: TestPki;
let responder: TestSigner;
let certificate: Certificate;

beforeAll(async () => {
  pki = await createTestPki();
  responder = await pki.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
  const life = { notBefore: new Date('2025-01-01'), notAfter: new Date('2027-01-01') };
  ({ certificate } = await pki.issue({ commonName: 'Văn thư', use: 'node', ...life }));
});

interface Given {
  readonly ocsps?: readonly OcspResponse[];
  readonly crls?: readonly CertificateList[];
  readonly certificates?: readonly Certificate[];
}

/** Judges the certificate with the root's CRL and what a message offers. */
function judge(given: Given, options: Partial<PathOptions> = {}) {
  return validatePath(certificate, {
    trust: createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl()],
    }),
    at,
    data: { ...EMPTY_VALIDATION_DATA, ...given },
    ...options,
  });
}

function shortly({ indication, subIndication }: ReturnType<typeof judge>): string {
  return subIndication === null ? indication : `${indication} ${subIndication}`;
}

const answer = (changes: Partial<Answer> = {}): Promise<OcspResponse> =>
  answerOn(certificate, pki, { signer: responder, ...changes });

const revoked = (reason: 'keyCompromise' | 'certificateHold', when: string) => ({
  status: { revokedAt: new Date(when), reason },
});

/** A CRL of the issuing CA with given entries and times. */
async function crl(
  thisUpdate: string,
  reason?: 'keyCompromise' | 'certificateHold' | 'superseded',
): Promise<CertificateList> {
  const { serialNumber } = certificate;
  const revocations = reason ? [{ serialNumber, revokedAt: new Date('2026-02-01'), reason }] : [];
  const times = { thisUpdate: new Date(thisUpdate), nextUpdate: new Date('2026-04-01') };
  return parseCrl(await buildCrl({ number: 7, ...times, revocations }, pki.issuingKey));
}

describe('an OCSP response', () => {
  it('proves that a certificate is not revoked', async () => {
    const ocsp = await answer();
    const verdict = judge({ ocsps: [ocsp] });
    expect(shortly(verdict)).toBe('TOTAL-PASSED');
    expect(verdict.evidence).toMatchObject([
      { kind: 'ocsp', sha256: ocsp.sha256, responderSha256: responder.certificate.sha256 },
      { kind: 'crl', certificateSha256: pki.issuing.sha256 },
    ]);
    expect(shortly(judge({}))).toBe('INDETERMINATE TRY_LATER');
  });

  it('counts from the trust store as from a message', async () => {
    const trust = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl()],
      ocsps: [await answer()],
    });
    expect(shortly(judge({}, { trust }))).toBe('TOTAL-PASSED');
  });

  it('may be signed by the issuer itself, named by key or by name, asked with SHA-1 or SHA-256', async () => {
    for (const responderId of ['key', 'name'] as const) {
      for (const hash of ['sha1', 'sha256'] as const) {
        for (const signer of [responder, issuingSigner(pki)]) {
          const ocsp = await answer({ signer, hash, rest: { responderId } });
          expect(shortly(judge({ ocsps: [ocsp] }))).toBe('TOTAL-PASSED');
        }
      }
    }
  });

  it('finds a responder whose certificate does not come with it', async () => {
    for (const responderId of ['key', 'name'] as const) {
      const ocsp = await answer({ rest: { certificates: [], responderId } });
      expect(shortly(judge({ ocsps: [ocsp] }))).toBe('INDETERMINATE TRY_LATER');
      const certificates = [responder.certificate];
      expect(shortly(judge({ ocsps: [ocsp], certificates }))).toBe('TOTAL-PASSED');
    }
  });

  it('says nothing of another certificate, another issuer name or another issuer key', async () => {
    const other = await pki.issue({ commonName: 'Khác', use: 'node' });
    const stranger = await createTestPki();
    const wrong = [
      await answerOn(other.certificate, pki, { signer: responder }),
      await answer({ issuer: stranger.issuing }), // same name, another key
      await answer({ issuer: pki.root }),
    ];
    expect(shortly(judge({ ocsps: wrong }))).toBe('INDETERMINATE TRY_LATER');
  });

  it('says nothing where the name in its CertID is another one, though key and number fit', async () => {
    const certId = certIdOf(certificate, pki.issuing);
    const elsewhere = { ...certId, issuerNameHash: certIdOf(pki.issuing, pki.root).issuerNameHash };
    const times = { thisUpdate: new Date('2026-03-01'), nextUpdate: new Date('2026-03-02') };
    const build = async (asked: CertId): Promise<string> => {
      const responses = [{ certId: asked, status: 'good' as const, ...times }];
      const content = { responses, producedAt: times.thisUpdate, signer: responder };
      return shortly(judge({ ocsps: [parseOcspResponse(await buildOcspResponse(content))] }));
    };
    expect(await build(certId)).toBe('TOTAL-PASSED');
    expect(await build(elsewhere)).toBe('INDETERMINATE TRY_LATER');
  });

  it('is not taken from a stranger, whatever it claims to be', async () => {
    const stranger = await createTestPki();
    const strange = await stranger.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
    const person = await pki.issue({ commonName: 'OCSP Quảng Trị', use: 'person' });
    const forged = [
      await answer({ signer: strange }),
      await answer({
        signer: strange,
        rest: { certificates: [strange.certificate, stranger.issuing] },
      }),
      await answer({ signer: issuingSigner(stranger) }),
      // Of the same CA, but not for OCSP.
      await answer({ signer: person, rest: { responderId: 'name' } }),
      // Signed by a stranger's key under the certificate of the real responder.
      await answer({
        signer: strange,
        rest: { certificates: [responder.certificate], responderId: 'name' },
      }),
    ];
    for (const ocsp of forged) {
      expect(shortly(judge({ ocsps: [ocsp] }))).toBe('INDETERMINATE TRY_LATER');
    }
  });

  it('is not taken when one bit of it or of its signature has changed', async () => {
    const { der } = await answer();
    const whole = Buffer.from(der);
    const good = whole.indexOf(Buffer.from('8000180f', 'hex')); // good, then GeneralizedTime
    expect(good).toBeGreaterThan(0);
    whole[good] = 0x82; // unknown
    expect(parseOcspResponse(whole).responses[0]?.status).toBe('unknown');
    whole[good] = 0x80;
    const thisUpdate = whole.indexOf('20260301000000Z', good);
    whole.write('20260302', thisUpdate);
    expect(shortly(judge({ ocsps: [parseOcspResponse(whole)] }))).toBe('INDETERMINATE TRY_LATER');
  });

  it('of a responder of another CA below the same root is not taken', async () => {
    // Certified by the root, not by the key that issued the certificate in question.
    const keys = await generateKeys('ec-p256');
    const content = {
      subjectDer: encodeName({ commonName: 'OCSP gốc' }),
      publicKey: keys.publicKey,
      serial: randomSerial(),
      notBefore: new Date('2025-01-01'),
      notAfter: new Date('2027-01-01'),
      extensions: endEntityExtensions('ocsp'),
    };
    const rooted = parseCertificate(await buildCertificate(content, pki.rootKey));
    const signer = createKeySigner({ privateKey: keys.privateKey, certificate: rooted, chain: [] });
    expect(shortly(judge({ ocsps: [await answer({ signer })] }))).toBe('INDETERMINATE TRY_LATER');
  });
});

describe('the time of an OCSP response', () => {
  const verdictAt = async (when: string, changes: Partial<Answer>) =>
    shortly(judge({ ocsps: [await answer(changes)] }, { at: new Date(when) }));

  it('reaches from before thisUpdate to nextUpdate', async () => {
    const times = { thisUpdate: new Date('2026-03-01'), nextUpdate: new Date('2026-03-08') };
    expect(await verdictAt('2026-02-20T00:00:00Z', times)).toBe('TOTAL-PASSED'); // it knows more
    expect(await verdictAt('2026-03-07T23:59:59Z', times)).toBe('TOTAL-PASSED');
    expect(await verdictAt('2026-03-08T00:00:00Z', times)).toBe('INDETERMINATE TRY_LATER');
  });

  it('ends after an hour without nextUpdate', async () => {
    const times = { thisUpdate: new Date('2026-03-01T00:00:00Z'), nextUpdate: undefined };
    expect(await verdictAt('2026-03-01T00:59:59Z', times)).toBe('TOTAL-PASSED');
    expect(await verdictAt('2026-03-01T01:00:00Z', times)).toBe('INDETERMINATE TRY_LATER');
  });

  it('must make sense', async () => {
    const early = { producedAt: new Date('2026-02-28T23:00:00Z') };
    expect(await verdictAt('2026-03-01T12:00:00Z', early)).toBe('INDETERMINATE TRY_LATER');
    const reversed = { nextUpdate: new Date('2026-02-01') };
    expect(await verdictAt('2026-01-15T00:00:00Z', reversed)).toBe('INDETERMINATE TRY_LATER');
  });

  it('lies within the life of the certificate, unless the responder keeps expired ones', async () => {
    const late = { thisUpdate: new Date('2027-02-01') };
    expect(await verdictAt('2026-03-01T00:00:00Z', late)).toBe('INDETERMINATE TRY_LATER');
    const keeps = { ...late, archiveCutoff: new Date('2026-12-31') };
    expect(await verdictAt('2026-03-01T00:00:00Z', keeps)).toBe('TOTAL-PASSED');
    const forgot = { ...late, archiveCutoff: new Date('2027-01-15') };
    expect(await verdictAt('2026-03-01T00:00:00Z', forgot)).toBe('INDETERMINATE TRY_LATER');
  });

  it('lies within the life of the responder, and so does the time in question', async () => {
    const life = { notBefore: new Date('2026-02-15'), notAfter: new Date('2026-03-15') };
    const signer = await pki.issue({ commonName: 'OCSP ngắn hạn', use: 'ocsp', ...life });
    const long = { signer, nextUpdate: new Date('2026-06-01') };
    expect(await verdictAt('2026-03-10T00:00:00Z', long)).toBe('TOTAL-PASSED');
    expect(await verdictAt('2026-02-01T00:00:00Z', long)).toBe('TOTAL-PASSED'); // asked later
    expect(await verdictAt('2026-03-16T00:00:00Z', long)).toBe('INDETERMINATE TRY_LATER');
    const tooEarly = { ...long, thisUpdate: new Date('2026-02-01') };
    expect(await verdictAt('2026-03-01T00:00:00Z', tooEarly)).toBe('INDETERMINATE TRY_LATER');
  });
});

describe('what an OCSP response says', () => {
  it('unknown is not good', async () => {
    const verdict = judge({ ocsps: [await answer({ status: 'unknown' })] });
    expect(shortly(verdict)).toBe('INDETERMINATE TRY_LATER');
    expect(verdict.detail).toMatch(/does not know/);
  });

  it('revoked counts from its time, however old the response is', async () => {
    const ocsp = await answer(revoked('keyCompromise', '2026-02-01T00:00:00Z'));
    const verdict = judge({ ocsps: [ocsp] });
    expect(shortly(verdict)).toBe('TOTAL-FAILED REVOKED');
    expect(verdict.certificates[0]).toMatchObject({
      state: 'revoked',
      revokedAt: new Date('2026-02-01T00:00:00Z'),
    });
    const years = { at: new Date('2026-12-01') };
    expect(shortly(judge({ ocsps: [ocsp] }, years))).toBe('TOTAL-FAILED REVOKED');
    const before = { at: new Date('2026-01-31T23:59:59Z') };
    expect(shortly(judge({ ocsps: [ocsp] }, before))).toBe('TOTAL-PASSED');
  });

  it('a known time of compromise counts before the time of revocation', async () => {
    const status = {
      revokedAt: new Date('2026-02-01'),
      reason: 'keyCompromise' as const,
      invalidSince: new Date('2026-01-10'),
    };
    const given = { ocsps: [await answer({ status })] };
    expect(shortly(judge(given, { at: new Date('2026-01-20') }))).toBe('TOTAL-FAILED REVOKED');
    expect(shortly(judge(given, { at: new Date('2026-01-09') }))).toBe('TOTAL-PASSED');
  });

  it('an unknown critical extension makes a statement or a whole response unusable', async () => {
    const unknown = encodeSequence(encodeExtension('1.2.3.4', true, encodeNull()));
    const make = async (single: Uint8Array, whole: Uint8Array): Promise<OcspResponse> => {
      const statement = encodeSequence(
        encodeCertId(certIdOf(certificate, pki.issuing)),
        encodeImplicit(0, new Uint8Array(0)),
        encodeGeneralizedTime(new Date('2026-03-01')),
        encodeExplicit(0, encodeGeneralizedTime(new Date('2026-03-02'))),
        single,
      );
      const keyHash = encodeOctetString(keyHashOf(responder.certificate, 'sha1'));
      const time = encodeGeneralizedTime(new Date('2026-03-01'));
      const tbs = encodeSequence(
        encodeExplicit(2, keyHash),
        time,
        encodeSequence(statement),
        whole,
      );
      const signature = await responder.sign(tbs, 'ecdsa-p256-sha256');
      return parseBasicOcspResponse(
        encodeSequence(
          tbs,
          encodeSequence(encodeOid(OID.ecdsaWithSHA256)),
          encodeBitString(signature),
          encodeExplicit(0, encodeSequence(responder.certificate.der)),
        ),
      );
    };
    const none = new Uint8Array(0);
    const states = [
      await make(none, none),
      await make(encodeExplicit(1, unknown), none),
      await make(none, encodeExplicit(1, unknown)),
    ].map((ocsp) => shortly(judge({ ocsps: [ocsp] })));
    expect(states).toEqual(['TOTAL-PASSED', 'INDETERMINATE TRY_LATER', 'INDETERMINATE TRY_LATER']);
  });
});

describe('CRLs and OCSP responses together', () => {
  it('a revocation wins over any number of newer good answers', async () => {
    const good = await answer({ thisUpdate: new Date('2026-03-01T06:00:00Z') });
    const bad = await crl('2026-02-02', 'superseded');
    expect(shortly(judge({ ocsps: [good], crls: [bad] }))).toBe('TOTAL-FAILED REVOKED');
    const badOcsp = await answer(revoked('keyCompromise', '2026-02-01'));
    const newerCrl = await crl('2026-03-01T11:00:00Z');
    expect(shortly(judge({ ocsps: [good, badOcsp], crls: [newerCrl] }))).toBe(
      'TOTAL-FAILED REVOKED',
    );
  });

  it('of good ones the newest is the evidence', async () => {
    const ocsp = await answer();
    const older = await crl('2026-02-20');
    const newer = await crl('2026-03-01T06:00:00Z');
    const kindOf = (given: Given) => judge(given).evidence[0]?.sha256;
    expect(kindOf({ ocsps: [ocsp], crls: [older] })).toBe(ocsp.sha256);
    expect(kindOf({ ocsps: [ocsp], crls: [older, newer] })).toBe(newer.sha256);
  });

  it('a hold counts until something newer says good', async () => {
    const hold = await answer(revoked('certificateHold', '2026-02-01'));
    const good = await answer({ thisUpdate: new Date('2026-03-01T06:00:00Z') });
    const heldList = await crl('2026-03-01T07:00:00Z', 'certificateHold');
    expect(shortly(judge({ ocsps: [hold] }))).toBe('TOTAL-FAILED REVOKED');
    expect(shortly(judge({ ocsps: [hold, good] }))).toBe('TOTAL-PASSED');
    expect(shortly(judge({ ocsps: [hold, good], crls: [heldList] }))).toBe('TOTAL-FAILED REVOKED');
    const sameTime = await answer(); // as new as the hold: the worse one counts
    expect(shortly(judge({ ocsps: [sameTime, hold] }))).toBe('TOTAL-FAILED REVOKED');
  });

  it('a revocation on a list that is out of date still stands, a hold does not', async () => {
    const late = { at: new Date('2026-04-02') };
    const list = await crl('2026-03-01', 'superseded');
    const held = await crl('2026-03-01', 'certificateHold');
    expect(shortly(judge({ crls: [list] }, late))).toBe('TOTAL-FAILED REVOKED');
    expect(shortly(judge({ crls: [held] }, late))).toBe('INDETERMINATE TRY_LATER');
  });

  it('CRLs and OCSP responses that nobody trusted signed revoke nothing', async () => {
    const stranger = await createTestPki();
    const strange = await stranger.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
    const { serialNumber } = certificate;
    const content = {
      number: 9,
      thisUpdate: new Date('2026-03-01'),
      nextUpdate: new Date('2026-04-01'),
      revocations: [{ serialNumber, revokedAt: new Date('2026-01-01'), reason: 'keyCompromise' }],
    } as const;
    const forgedList = parseCrl(await buildCrl(content, stranger.issuingKey));
    const forged = await answer({ signer: strange, ...revoked('keyCompromise', '2026-01-01') });
    const good = await answer();
    const given = { ocsps: [forged, good], crls: [forgedList] };
    expect(shortly(judge(given))).toBe('TOTAL-PASSED');
  });
});

describe('a delegated responder', () => {
  const usage = encodeExtension(OID.extKeyUsage, false, encodeSequence(encodeOid(OID.ocspSigning)));
  const life = { notBefore: new Date('2025-01-01'), notAfter: new Date('2027-01-01') };

  it('without ocsp-nocheck needs a CRL that does not list it', async () => {
    const point = crlDistributionPointExtension(pki.issuing.subjectDer);
    const signer = await issueOdd(pki, [usage, point], life);
    const ocsp = await answer({ signer });
    expect(shortly(judge({ ocsps: [ocsp] }))).toBe('INDETERMINATE TRY_LATER');
    expect(judge({ ocsps: [ocsp] }).detail).toMatch(/responder .* cannot be checked/);
    // The list is older than the answer, so the answer is the evidence, and the list that of the responder.
    const list = await crl('2026-02-20');
    const verdict = judge({ ocsps: [ocsp], crls: [list] });
    expect(shortly(verdict)).toBe('TOTAL-PASSED');
    expect(verdict.certificates[0]?.evidence).toMatchObject([
      { kind: 'ocsp', certificateSha256: certificate.sha256 },
      { kind: 'crl', certificateSha256: signer.certificate.sha256 },
    ]);
  });

  it('that is revoked says nothing', async () => {
    const own = await createTestPki();
    const signer = await issueOdd(own, [usage], life);
    const target = await own.issue({ commonName: 'Nút', use: 'node' });
    const ocsp = await answerOn(target.certificate, own, { signer });
    const partial = await answerOn(signer.certificate, own, { signer });
    await own.revoke(signer.certificate);
    const state = (crls: readonly CertificateList[]) => {
      const trust = createTrustStore({ anchors: [own.issuing], crls });
      const data = { ...EMPTY_VALIDATION_DATA, ocsps: [ocsp, partial] };
      return validatePath(target.certificate, { trust, at, data }).certificates[0];
    };
    // Nothing says that lists exist, and its own word for itself is not asked.
    expect(state([])).toMatchObject({ state: 'good' });
    const times = { thisUpdate: new Date('2026-02-01'), nextUpdate: new Date('2026-04-01') };
    const { serialNumber } = signer.certificate;
    const revocations = [
      { serialNumber, revokedAt: new Date('2026-02-01'), reason: 'keyCompromise' as const },
    ];
    const list = parseCrl(await buildCrl({ number: 3, ...times, revocations }, own.issuingKey));
    expect(state([list])?.evidence).toMatchObject([{ kind: 'crl' }]); // good, by the list alone
  });

  it('must have a key for signatures, and be no CA', async () => {
    const [basic = new Uint8Array(0), certSign = new Uint8Array(0)] = caExtensions(undefined);
    const noCheck = encodeExtension(OID.ocspNoCheck, false, encodeNull());
    for (const extensions of [[certSign], [basic], [basic, certSign]]) {
      const signer = await issueOdd(pki, [usage, noCheck, ...extensions], life);
      expect(shortly(judge({ ocsps: [await answer({ signer })] }))).toBe('INDETERMINATE TRY_LATER');
    }
    const signer = await issueOdd(pki, [usage, noCheck], life);
    expect(shortly(judge({ ocsps: [await answer({ signer })] }))).toBe('TOTAL-PASSED');
  });

  it('is bound by the constraints of the path', async () => {
    const critical = encodeExtension('1.2.3.4', true, encodeNull());
    const signer = await issueOdd(pki, [usage, critical], life);
    expect(shortly(judge({ ocsps: [await answer({ signer })] }))).toBe('INDETERMINATE TRY_LATER');
  });

  it('is not the certificate in question', async () => {
    const signer = await issueOdd(pki, [usage], life);
    const self = await answerOn(signer.certificate, pki, { signer });
    const trust = createTrustStore({
      anchors: [pki.root],
      intermediates: [pki.issuing],
      crls: [pki.rootCrl()],
    });
    const data = { ...EMPTY_VALIDATION_DATA, ocsps: [self] };
    const options = { trust, at, data, purpose: 'ocsp', revocation: 'require' } as const;
    expect(validatePath(signer.certificate, options).subIndication).toBe('TRY_LATER');
  });
});
