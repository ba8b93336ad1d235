import { beforeAll, describe, expect, it } from 'vitest';

import {
  type Revocation,
  buildCertificate,
  buildCrl,
  randomSerial,
} from '../../src/authority/build.ts';
import { caExtensions } from '../../src/authority/profile.ts';
import {
  type Certificate,
  type CertificateList,
  EMPTY_VALIDATION_DATA,
  type ValidationData,
  createTrustStore,
  generateKeys,
  parseCertificate,
  parseCrl,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, createTestPki } from '../../src/testing/index.ts';
import { answerOn, issuingSigner } from '../support/test-ocsp.ts';

const at = new Date('2026-03-01T12:00:00Z');
const times = { thisUpdate: new Date('2026-03-01'), nextUpdate: new Date('2026-04-01') };
let pki: TestPki;
let certificate: Certificate;
/** Says that the certificate is good; older than what follows. */
let innocent: CertificateList;
let revoking: CertificateList;

beforeAll(async () => {
  pki = await createTestPki();
  ({ certificate } = await pki.issue({ commonName: 'Văn thư', use: 'node' }));
  innocent = pki.crl();
  await pki.revoke(certificate, { at: new Date('2026-02-01') });
  revoking = pki.crl();
});

/** Lists in the name of the CA that somebody else made. */
async function forgedLists(count: number, revocations: Revocation[]): Promise<CertificateList[]> {
  const { privateKey } = await generateKeys('ec-p256');
  const forger = { nameDer: pki.issuing.subjectDer, privateKey };
  const lists: CertificateList[] = [];
  for (let number = 1; number <= count; number += 1) {
    lists.push(parseCrl(await buildCrl({ number, ...times, revocations }, forger)));
  }
  return lists;
}

/** Certificates of the CA's name that somebody else made: each might have signed any list. */
async function forgedSigners(count: number): Promise<Certificate[]> {
  const { publicKey, privateKey } = await generateKeys('ec-p256');
  const nameDer = pki.issuing.subjectDer;
  const content = {
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2040-01-01'),
    subjectDer: nameDer,
    publicKey,
    extensions: caExtensions(undefined),
  };
  const made: Certificate[] = [];
  for (let index = 0; index < count; index += 1) {
    const der = await buildCertificate(
      { ...content, serial: randomSerial() },
      { nameDer, privateKey },
    );
    made.push(parseCertificate(der));
  }
  return made;
}

function judge(given: Partial<ValidationData>): string {
  const trust = createTrustStore({
    anchors: [pki.root],
    intermediates: [pki.issuing],
    crls: [pki.rootCrl()],
  });
  const data = { ...EMPTY_VALIDATION_DATA, ...given };
  const { indication, subIndication } = validatePath(certificate, { trust, at, data });
  return subIndication === null ? indication : `${indication} ${subIndication}`;
}

describe('what a hostile file brings cannot crowd out a revocation', () => {
  it('finds the one revoking list behind hundreds of others', async () => {
    const junk = await forgedLists(600, []);
    expect(judge({ crls: [innocent, ...junk] })).toBe('TOTAL-PASSED');
    expect(judge({ crls: [innocent, ...junk, revoking] })).toBe('TOTAL-FAILED REVOKED');
  });

  it('passes nothing once there is more than is looked at', async () => {
    const { serialNumber } = certificate;
    const revokedAt = new Date('2026-02-01');
    const junk = await forgedLists(40, [{ serialNumber, revokedAt, reason: 'keyCompromise' }]);
    const signers = await forgedSigners(40);
    const good = await answerOn(certificate, pki, { signer: issuingSigner(pki) });
    expect(judge({ ocsps: [good] })).toBe('TOTAL-PASSED');
    expect(judge({ ocsps: [good], crls: [revoking] })).toBe('TOTAL-FAILED REVOKED');
    expect(judge({ ocsps: [good], crls: [...junk, revoking], certificates: signers })).toBe(
      'INDETERMINATE TRY_LATER',
    );
  });
});
