import { beforeAll, describe, expect, it } from 'vitest';

import { addDocumentTimeStamp } from '../../src/pades/document-time-stamp.ts';
import { appendDss } from '../../src/pades/dss.ts';
import { extendPdf } from '../../src/pades/extend.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import type { PdfReport, PdfSignatureReport } from '../../src/pades/verify/report.ts';
import { type TrustStore, createTrustStore } from '../../src/path/trust-store.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { type TestPki, createTestPki } from '../../src/testing/test-pki.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { type LongLife, createLongLife, publishedBy, tsaOf } from './long-life.ts';
import { plainPdf } from './sources.ts';
import { answerOn } from '../support/test-ocsp.ts';

const SIGNED = new Date('2026-06-01T08:00:00Z');
const SOON = new Date('2026-07-01T00:00:00Z');
const YEARS_LATER = new Date('2029-01-01T00:00:00Z');
let life: LongLife;
/** Certificate valid until the end of 2027. */
let tsa: TimeStampSource;
/** Certificate valid from 2027 to 2040. */
let laterTsa: TimeStampSource;

beforeAll(async () => {
  life = await createLongLife();
  tsa = await tsaOf(life.pki, '2026-06-01', { notBefore: '2026-01-01', notAfter: '2027-12-31' });
  laterTsa = await tsaOf(life.pki, '2027-06-01', {
    notBefore: '2027-01-01',
    notAfter: '2040-01-01',
  });
});

const verify = (pdf: Uint8Array, at: Date, trust: TrustStore = life.pki.trust()): PdfReport =>
  verifyPdf(pdf, { trust, at });

const anchorsOnly = (...pkis: readonly TestPki[]): TrustStore =>
  createTrustStore({ anchors: pkis.map(({ root }) => root) });

function signatureOf(report: PdfReport): PdfSignatureReport {
  const found = report.signatures.find(({ kind }) => kind === 'signature');
  if (found === undefined) throw new Error(report.detail);
  return found;
}

describe('verifyPdf finds the level that is really there', () => {
  it.each(['B-B', 'B-T', 'B-LT', 'B-LTA'] as const)('%s', async (level) => {
    const pdf = await life.sign({ level, timeStamps: tsa });
    const report = verify(pdf, SOON);
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(signatureOf(report)).toMatchObject({
      level,
      claimedAt: SIGNED,
      provenAt: level === 'B-B' ? null : SIGNED,
    });
  });

  it('no B-T for a time-stamp of a stranger, which is listed with its own verdict', async () => {
    const stranger = await tsaOf(await createTestPki(), '2026-06-01');
    const report = verify(await life.sign({ timeStamps: stranger }), SOON);
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(signatureOf(report)).toMatchObject({
      level: 'B-B',
      provenAt: null,
      timeStamps: [{ kind: 'signature', indication: 'INDETERMINATE', time: SIGNED }],
    });
  });

  it('no B-LT without the CRLs in the file, and no B-LTA for data after the time-stamp', async () => {
    const stamped = await life.sign({ level: 'B-T', timeStamps: tsa });
    const certificates = [life.pki.root, life.pki.issuing];
    const data = { certificates, crls: [], ocsps: [] };
    const withoutCrls = appendDss(openPdf(stamped), new Map(), data, []);
    expect(signatureOf(verify(withoutCrls, SOON))).toMatchObject({
      indication: 'TOTAL-PASSED',
      level: 'B-T',
    });
    const early = await addDocumentTimeStamp(stamped, tsa);
    const late = await extendPdf(early, { to: 'B-LT', validationData: life.validationData });
    expect(signatureOf(verify(late, SOON)).level).toBe('B-LT');
    expect(signatureOf(verify(early, SOON)).level).toBe('B-T');
  });

  it('needs nothing but the anchor for B-LTA', async () => {
    const pdf = await life.sign({ level: 'B-LTA', timeStamps: tsa });
    const report = verify(pdf, SOON, anchorsOnly(life.pki));
    expect(report.indication).toBe('TOTAL-PASSED');
    const [signature, documentStamp] = report.signatures;
    expect(signature).toMatchObject({
      certificates: [{ state: 'good' }, { state: 'good' }, { state: 'anchor' }],
      evidence: [{ kind: 'crl' }, { kind: 'crl' }],
      timeStamps: [{ kind: 'signature' }, { kind: 'document', indication: 'TOTAL-PASSED' }],
    });
    expect(signature?.changesAfter).toEqual([
      'validation data (DSS) were added',
      'document time-stamp "DocTimeStamp1" was added',
    ]);
    expect(documentStamp).toMatchObject({ kind: 'timestamp', provenAt: SIGNED, level: null });
    expect(report.securityStore).toMatchObject({ crlCount: 2, ocspCount: 0, unreadable: [] });
  });
});

describe('verifyPdf judges the past by what is proven', () => {
  it('verifies B-LTA after signer and TSA expired, when a newer time-stamp covers it', async () => {
    const archived = await life.sign({ level: 'B-LTA', timeStamps: tsa });
    expect(verify(archived, YEARS_LATER)).toMatchObject({ indication: 'INDETERMINATE' });
    const renewed = await life.renew(archived, laterTsa);
    const report = verify(renewed, YEARS_LATER, anchorsOnly(life.pki));
    expect(report.signatures.map(({ indication, detail }) => [indication, detail])).toEqual(
      report.signatures.map(({ detail }) => ['TOTAL-PASSED', detail]),
    );
    expect(signatureOf(report)).toMatchObject({ level: 'B-LTA', provenAt: SIGNED });
  });

  it('leaves an expired signer open without a proof, and passes one with it', async () => {
    const bare = await life.sign({ level: 'B-B' });
    expect(verify(bare, SOON).indication).toBe('TOTAL-PASSED');
    expect(verify(bare, new Date('2027-03-01'))).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'OUT_OF_BOUNDS_NO_POE',
    });
    const stamped = await life.sign({ level: 'B-T', timeStamps: tsa });
    expect(verify(stamped, new Date('2027-03-01')).indication).toBe('TOTAL-PASSED');
    const covered = await addDocumentTimeStamp(bare, tsa);
    const report = verify(covered, new Date('2027-03-01'));
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(signatureOf(report)).toMatchObject({ level: 'B-T', provenAt: SIGNED });
  });

  it('tells a revocation before from one after the proven time, and admits what it cannot tell', async () => {
    const own = await createLongLife();
    const stamp = await tsaOf(own.pki, '2026-06-01');
    const [bare, stamped] = [
      await own.sign({ level: 'B-B' }),
      await own.sign({ timeStamps: stamp }),
    ];
    await own.pki.revoke(own.signer.certificate, { at: new Date('2026-06-15') });
    expect(verify(bare, SOON, own.pki.trust())).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'REVOKED_NO_POE',
    });
    expect(verify(stamped, SOON, own.pki.trust()).indication).toBe('TOTAL-PASSED');
    const early = await createLongLife();
    const earlyStamp = await tsaOf(early.pki, '2026-06-01');
    const late = await early.sign({ timeStamps: earlyStamp });
    await early.pki.revoke(early.signer.certificate, { at: new Date('2026-05-15') });
    expect(verify(late, SOON, early.pki.trust())).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: 'REVOKED',
    });
  });

  it('does not believe time-stamps that contradict one another', async () => {
    const june = await tsaOf(life.pki, '2026-06-01');
    const may = await tsaOf(life.pki, '2026-05-01');
    const stamped = await life.sign({ level: 'B-T', timeStamps: june });
    expect(verify(await addDocumentTimeStamp(stamped, may), SOON)).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'TIMESTAMP_ORDER_FAILURE',
    });
    const twice = await addDocumentTimeStamp(await addDocumentTimeStamp(stamped, june), may);
    const report = verify(twice, SOON);
    expect(report.signatures.map(({ subIndication }) => subIndication)).toEqual([
      'TIMESTAMP_ORDER_FAILURE',
      'TIMESTAMP_ORDER_FAILURE',
      null,
    ]);
  });

  it('wants a proof that evidence is older than the end of the CA that signed it', async () => {
    const old = await createTestPki({ notAfter: new Date('2027-01-01') });
    const signer = await old.issue({ commonName: 'Phòng Tư pháp', use: 'person' });
    const options = { signedAt: SIGNED, level: 'B-LT', timeStamps: tsa } as const;
    const validationData = publishedBy(old, life.pki);
    const pdf = await signPdf(plainPdf(), signer, { ...options, validationData });
    const trust = anchorsOnly(old, life.pki);
    expect(verify(pdf, SOON, trust).indication).toBe('TOTAL-PASSED');
    const expired = new Date('2027-06-01');
    const late = verify(pdf, expired, trust);
    expect(late).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'OUT_OF_BOUNDS_NO_POE',
    });
    expect(late.detail).toMatch(/nothing proves that the CRL/);
    const archived = await addDocumentTimeStamp(pdf, tsa);
    const data = await validationData([]);
    expect(verifyPdf(archived, { trust, at: expired, data }).indication).toBe('TOTAL-PASSED');
  });

  it('does not believe a responder whose certificate expired, as its key may be in other hands', async () => {
    const { pki, signer } = await createLongLife();
    const responder = await pki.issue({
      commonName: 'OCSP tháng 6',
      use: 'ocsp',
      notBefore: new Date('2026-05-01'),
      notAfter: new Date('2026-07-01'),
    });
    // Backdated with the responder's old key, and time-stamped by somebody who holds a revoked key.
    const forged = await answerOn(signer.certificate, pki, {
      signer: responder,
      thisUpdate: SIGNED,
    });
    const validationData = () =>
      Promise.resolve({
        certificates: [pki.issuing, responder.certificate, life.pki.issuing],
        crls: [pki.rootCrl(), life.pki.rootCrl(), life.pki.crl()],
        ocsps: [forged],
      });
    const options = { signedAt: SIGNED, level: 'B-LT', validationData } as const;
    const timeStamps = tsa;
    const pdf = await signPdf(plainPdf(), signer, { ...options, timeStamps });
    const trust = anchorsOnly(pki, life.pki);
    expect(verify(pdf, new Date('2026-06-15'), trust).indication).toBe('TOTAL-PASSED');
    const late = verify(pdf, new Date('2026-09-01'), trust);
    expect(late).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'OUT_OF_BOUNDS_NO_POE',
    });
    expect(late.detail).toMatch(/nothing proves that the OCSP response/);
    const archived = await addDocumentTimeStamp(pdf, tsa);
    expect(verify(archived, new Date('2026-09-01'), trust).indication).toBe('TOTAL-PASSED');
  });
});
