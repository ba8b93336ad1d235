import { beforeAll, describe, expect, it } from 'vitest';

import {
  type IssuingKey,
  buildCertificate,
  buildCrl,
  randomSerial,
} from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { caExtensions, encodeName } from '../../src/authority/profile.ts';
import {
  OID,
  encodeExplicit,
  encodeImplicit,
  encodeOid,
  encodeSequence,
} from '../../src/der/index.ts';
import {
  type Certificate,
  type CertificateList,
  EMPTY_VALIDATION_DATA,
  type OcspResponse,
  type PathVerdict,
  type TrustStore,
  type ValidationData,
  createTrustStore,
  generateKeys,
  parseCertificate,
  parseCrl,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import { answerOn } from '../support/test-ocsp.ts';

const at = new Date('2026-03-01T12:00:00Z');
let pki: TestPki;
let trust: TrustStore;
let certificate: Certificate;

beforeAll(async () => {
  pki = await createTestPki();
  trust = createTrustStore({
    anchors: [pki.root],
    intermediates: [pki.issuing],
    crls: [pki.rootCrl()],
  });
  ({ certificate } = await pki.issue({ commonName: 'Văn thư', use: 'node' }));
});

/** Judges a certificate with the root's CRL and what a message offers; all must be known. */
function judge(given: Partial<ValidationData>, target = certificate): string {
  const data = { ...EMPTY_VALIDATION_DATA, ...given };
  return shortly(validatePath(target, { trust, at, data, revocation: 'require' }));
}

function shortly({ indication, subIndication }: PathVerdict): string {
  return subIndication === null ? indication : `${indication} ${subIndication}`;
}

const answer = (signer: TestSigner): Promise<OcspResponse> =>
  answerOn(certificate, pki, { signer });

describe('those who vouch for one another', () => {
  const life = { notBefore: new Date('2025-01-01'), notAfter: new Date('2027-01-01') };
  const times = { thisUpdate: new Date('2026-02-01'), nextUpdate: new Date('2026-04-01') };
  const indirect = encodeExtension(
    OID.issuingDistributionPoint,
    true,
    encodeSequence(encodeImplicit(4, Uint8Array.of(0xff))),
  );
  const [, crlSign = new Uint8Array(0)] = caExtensions(undefined);

  /** cRLDistributionPoints with a cRLIssuer of that name. */
  const listedBy = (commonName: string): Uint8Array => {
    const name = encodeExplicit(4, encodeName({ commonName }));
    const point = encodeSequence(
      encodeExplicit(0, encodeExplicit(0, name)),
      encodeExplicit(2, name),
    );
    return encodeExtension(OID.crlDistributionPoints, false, encodeSequence(point));
  };
  const listSigner = (commonName: string, coveredBy: string): Promise<TestSigner> =>
    issueOdd(pki, [crlSign, listedBy(coveredBy)], { commonName, ...life });
  const listOf = async (signer: TestSigner): Promise<CertificateList> => {
    const issuer = {
      nameDer: signer.certificate.subjectDer,
      privateKey: signer.keys.privateKey,
    };
    const content = { number: 1, ...times, revocations: [], extensions: [indirect] };
    return parseCrl(await buildCrl(content, issuer));
  };
  const judgeListed = async (signers: readonly TestSigner[]): Promise<string> => {
    const target = await issueOdd(pki, [listedBy('A')], life);
    const crls = await Promise.all(signers.map(listOf));
    const certificates = signers.map((signer) => signer.certificate);
    return judge({ crls, certificates }, target.certificate);
  };

  it('a sister CA cannot make a CRL signer that bears the name of the issuer', async () => {
    const certify = async (
      issuer: IssuingKey,
      subjectDer: Uint8Array,
      extensions: readonly Uint8Array[],
    ): Promise<{ made: Certificate; key: IssuingKey }> => {
      const { publicKey, privateKey } = await generateKeys('ec-p256');
      const content = { ...life, subjectDer, publicKey, serial: randomSerial(), extensions };
      const made = parseCertificate(await buildCertificate(content, issuer));
      return { made, key: { nameDer: subjectDer, privateKey } };
    };
    const listFrom = async (key: IssuingKey): Promise<CertificateList> =>
      parseCrl(await buildCrl({ number: 9, ...times, revocations: [] }, key));
    const sister = await certify(
      pki.rootKey,
      encodeName({ commonName: 'CA khác' }),
      caExtensions(0),
    );
    const name = pki.issuing.subjectDer;
    const impostor = await certify(sister.key, name, [crlSign]);
    const crls = [await listFrom(impostor.key), await listFrom(sister.key)];
    const certificates = [sister.made, impostor.made];
    expect(judge({ crls, certificates })).toBe('INDETERMINATE TRY_LATER');
    // The issuer's own second key and one that the root certified under its name do count.
    const separate = await certify(pki.issuingKey, name, [crlSign]);
    const renewed = await certify(pki.rootKey, name, caExtensions(0));
    for (const { key, made } of [separate, renewed]) {
      expect(judge({ crls: [await listFrom(key)], certificates: [made] })).toBe('TOTAL-PASSED');
    }
  });

  it('a CRL signer may stand on its own list', async () => {
    expect(await judgeListed([await listSigner('A', 'A')])).toBe('TOTAL-PASSED');
  });

  it('a CRL signer may be covered by another that stands on its own list', async () => {
    const signers = [await listSigner('A', 'B'), await listSigner('B', 'B')];
    expect(await judgeListed(signers)).toBe('TOTAL-PASSED');
  });

  it('two CRL signers whose lists cover only each other prove nothing', async () => {
    const signers = [await listSigner('A', 'B'), await listSigner('B', 'A')];
    expect(await judgeListed(signers)).toBe('INDETERMINATE TRY_LATER');
  });

  it('a responder covered by a list that it covers itself proves nothing', async () => {
    const usage = encodeExtension(
      OID.extKeyUsage,
      false,
      encodeSequence(encodeOid(OID.ocspSigning)),
    );
    const responding = await issueOdd(pki, [usage, listedBy('A')], life);
    const signer = await issueOdd(pki, [crlSign], { commonName: 'A', ...life });
    const onSigner = await answerOn(signer.certificate, pki, { signer: responding });
    const onTarget = await answer(responding);
    const given = {
      ocsps: [onSigner, onTarget],
      crls: [await listOf(signer)],
      certificates: [signer.certificate],
    };
    expect(judge(given)).toBe('INDETERMINATE TRY_LATER');
  });

  it('a crowd of them in a circle comes to an end', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `Vòng ${index}`);
    const signers = await Promise.all([
      listSigner('A', 'Vòng 0'),
      ...names.map((name, index) => listSigner(name, names[(index + 1) % 12] ?? 'A')),
    ]);
    expect(await judgeListed(signers)).toBe('INDETERMINATE TRY_LATER');
  });

  it('junk lists under the name of the CA cost no more than a limit', async () => {
    const { privateKey } = await generateKeys('ec-p256');
    const issuer = { nameDer: pki.issuing.subjectDer, privateKey };
    const junk: CertificateList[] = [];
    for (let number = 1; number <= 300; number += 1) {
      junk.push(parseCrl(await buildCrl({ number, ...times, revocations: [] }, issuer)));
    }
    const good = await answer(await pki.issue({ commonName: 'OCSP', use: 'ocsp' }));
    expect(judge({ ocsps: [good], crls: junk })).toBe('TOTAL-PASSED');
    expect(judge({ crls: junk })).toBe('INDETERMINATE TRY_LATER');
  });
});
