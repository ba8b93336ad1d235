import { createHash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { readSignedData } from '../../src/cms/signed-data.ts';
import { OID } from '../../src/der/index.ts';
import { readDss } from '../../src/pades/dss.ts';
import { type ExtractedSignature, listPdfSignatures } from '../../src/pades/extract.ts';
import { signedFields } from '../../src/pades/form.ts';
import type { ValidationDataSource } from '../../src/pades/level.ts';
import { preparePdf } from '../../src/pades/prepare.ts';
import { type SignPdfOptions, signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { PdfString } from '../../src/pdf/values.ts';
import { collectValidationData } from '../../src/revocation/collect.ts';
import type { OcspResponse } from '../../src/revocation/ocsp.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { answerOn, issuingSigner } from '../support/test-ocsp.ts';
import { EMPTY_VALIDATION_DATA } from '../../src/revocation/validation-data.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { parseTimeStampToken } from '../../src/tsp/token.ts';
import {
  TIME_STAMP,
  coveredBytes,
  expectCades,
  expectToken,
  expectValidInPdfsig,
  expectWellFormed,
} from './judges.ts';
import { drawPdf, hybridPdf, plainPdf } from './sources.ts';

const AT = new Date('2026-11-22T02:30:05Z');
let pki: TestPki;
let signer: TestSigner;
let timeStamps: TimeStampSource;
let validationData: ValidationDataSource;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
  const tsa = await pki.issue({ commonName: 'TSA tỉnh Quảng Trị', use: 'tsa' });
  timeStamps = createTimeStampAuthority({ signer: tsa, policy: '1.2.3.4', now: () => AT }).source;
  validationData = (certificates) =>
    Promise.resolve({
      certificates: [...certificates, pki.root, pki.issuing],
      crls: [pki.rootCrl(), pki.crl()],
      ocsps: [],
    });
});

function sign(pdf: Uint8Array, options: Partial<SignPdfOptions> = {}): Promise<Uint8Array> {
  return signPdf(pdf, signer, { signedAt: AT, timeStamps, validationData, ...options });
}

function textOf(pdf: Uint8Array): string {
  return Buffer.from(pdf).toString('latin1');
}

/** The signatures in the order in which they were made. */
function signaturesOf(pdf: Uint8Array): ExtractedSignature[] {
  return listPdfSignatures(pdf).toSorted((a, b) => a.byteRange[2] - b.byteRange[2]);
}

function tokenOf(cms: Uint8Array): { token: Uint8Array; signature: Uint8Array } {
  const { unsignedAttributes, signature } = readSignedData(cms).signerInfo;
  const [token] = unsignedAttributes.get(OID.signatureTimeStampToken) ?? [];
  if (token === undefined) throw new Error('no time-stamp in the signature');
  return { token, signature };
}

describe('signPdf', () => {
  it('makes B-T with a time-stamp over the signature value', async () => {
    for (const source of [plainPdf(), await drawPdf({ streams: true })]) {
      const signed = await sign(source, { level: 'B-T' });
      expectValidInPdfsig(signed, ['ETSI.CAdES.detached']);
      expectWellFormed(signed);
      const [found] = signaturesOf(signed);
      expectCades(signed, found, pki.root);
      const { token, signature } = tokenOf(found?.cms ?? new Uint8Array());
      expectToken(token, signature, pki.root);
      expect(parseTimeStampToken(token).genTime).toEqual(AT);
      expect(textOf(signed)).not.toContain('/DSS');
    }
  });

  it('takes B-T when there is a source of time-stamps, and B-B when it is told so', async () => {
    const [stamped] = signaturesOf(await sign(plainPdf()));
    expect(tokenOf(stamped?.cms ?? new Uint8Array()).token).toBeDefined();
    const [plain] = signaturesOf(await sign(plainPdf(), { level: 'B-B' }));
    expect(() => tokenOf(plain?.cms ?? new Uint8Array())).toThrow('no time-stamp');
  });

  it('makes B-LT with issuers, CRLs and an entry for the signature in the DSS', async () => {
    for (const source of [plainPdf(), await drawPdf({ streams: true }), hybridPdf()]) {
      const signed = await sign(source, { level: 'B-LT' });
      expectValidInPdfsig(signed, ['ETSI.CAdES.detached']);
      expectWellFormed(signed);
      const document = openPdf(signed);
      const store = readDss(document);
      const names = store.certificates.map(({ commonName }) => commonName);
      expect(new Set(names)).toEqual(
        new Set([
          'UBND xã Hải Lăng',
          'TSA tỉnh Quảng Trị',
          pki.issuing.commonName,
          pki.root.commonName,
        ]),
      );
      expect(store.crls.map(({ sha256 }) => sha256)).toEqual([
        pki.rootCrl().sha256,
        pki.crl().sha256,
      ]);
      const [field] = signedFields(document);
      const contents = document.dict(field?.value)?.get('Contents');
      if (!(contents instanceof PdfString)) throw new Error('no /Contents');
      const vri = document.dict(document.dict(document.catalog().get('DSS'))?.get('VRI'));
      const key = createHash('sha1').update(contents.bytes).digest('hex').toUpperCase();
      expect([...(vri?.entries.keys() ?? [])]).toEqual([key]);
      expect(document.array(document.dict(vri?.get(key))?.get('Cert'))).toHaveLength(4);
      expect(document.array(document.dict(vri?.get(key))?.get('CRL'))).toHaveLength(2);
      expect(textOf(signed)).toMatch(/\/ESIC <<\/BaseVersion \/1\.7 \/ExtensionLevel 2 >>/);
    }
  });

  it('makes B-LTA with a document time-stamp over everything before', async () => {
    for (const source of [plainPdf(), await drawPdf({ streams: true }), hybridPdf()]) {
      const signed = await sign(source, { level: 'B-LTA' });
      expectValidInPdfsig(signed, ['ETSI.CAdES.detached', TIME_STAMP]);
      expectWellFormed(signed);
      const [, stamp] = signaturesOf(signed);
      if (stamp === undefined) throw new Error('no document time-stamp');
      expect(stamp.byteRange[2] + stamp.byteRange[3]).toBe(signed.length);
      expectToken(stamp.cms, coveredBytes(signed, stamp), pki.root);
      expect(textOf(signed)).toContain('/Type /DocTimeStamp');
      const [, field] = signedFields(openPdf(signed));
      expect(field?.name).toBe('DocTimeStamp1');
      expect(field?.dict.get('Rect')).toEqual([0, 0, 0, 0]);
    }
  });

  it('adds only what a store does not hold yet when a second person signs', async () => {
    const once = await sign(plainPdf(), { level: 'B-LT' });
    const second = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
    const twice = await signPdf(once, second, {
      signedAt: AT,
      level: 'B-LTA',
      timeStamps,
      validationData,
    });
    expect(Buffer.compare(twice.subarray(0, once.length), once)).toBe(0);
    expectValidInPdfsig(twice, ['ETSI.CAdES.detached', 'ETSI.CAdES.detached', TIME_STAMP]);
    expectWellFormed(twice);
    const document = openPdf(twice);
    const dss = document.dict(document.catalog().get('DSS'));
    expect(document.array(dss?.get('Certs'))).toHaveLength(5);
    expect(document.array(dss?.get('CRLs'))).toHaveLength(2);
    expect(document.dict(dss?.get('VRI'))?.entries.size).toBe(2);
    for (const signature of signaturesOf(twice).slice(0, 2))
      expectCades(twice, signature, pki.root);
  });

  it('names the certificate whose revocation data are missing', async () => {
    const withoutRoot: ValidationDataSource = (certificates) =>
      Promise.resolve({
        certificates: [...certificates, pki.root],
        crls: [pki.crl()],
        ocsps: [],
      });
    await expect(
      sign(plainPdf(), { level: 'B-LT', validationData: withoutRoot }),
    ).rejects.toMatchObject({
      code: 'SIGNER_REVOCATION_MISSING',
      details: { certificate: pki.issuing.subjectText },
    });
    await expect(
      sign(plainPdf(), {
        level: 'B-LT',
        validationData: () => Promise.resolve(EMPTY_VALIDATION_DATA),
      }),
    ).rejects.toMatchObject({ code: 'SIGNER_REVOCATION_MISSING' });
  });

  it('needs no data for a trust anchor that another authority issued', async () => {
    const anchors = [pki.issuing];
    const trust = createTrustStore({ anchors, crls: [pki.crl()] });
    const signed = await sign(plainPdf(), {
      level: 'B-LT',
      validationData: (asked) => collectValidationData(asked, { trust, at: AT, online: false }),
    });
    const report = verifyPdf(signed, { trust: createTrustStore({ anchors }), at: AT });
    expect(report).toMatchObject({
      indication: 'TOTAL-PASSED',
      signatures: [{ level: 'B-LT' }],
    });
  });

  it('takes OCSP responses in place of CRLs, and keeps them in the DSS', async () => {
    const answers = async (asked: readonly Certificate[]): Promise<OcspResponse[]> => {
      const leaves = asked.filter(({ basicConstraints }) => basicConstraints?.cA !== true);
      const responder = issuingSigner(pki);
      const options = { signer: responder, thisUpdate: new Date('2026-11-22T00:00:00Z') };
      return Promise.all(leaves.map((certificate) => answerOn(certificate, pki, options)));
    };
    const signed = await sign(plainPdf(), {
      level: 'B-LTA',
      validationData: async (asked) => ({
        certificates: [...asked, pki.root],
        crls: [pki.rootCrl()],
        ocsps: await answers(asked),
      }),
    });
    expectWellFormed(signed);
    expect(readDss(openPdf(signed)).ocsps).toHaveLength(2);
    const document = openPdf(signed);
    const dss = document.dict(document.catalog().get('DSS'));
    const [entry] = document.dict(dss?.get('VRI'))?.entries.values() ?? [];
    expect(document.array(document.dict(entry)?.get('OCSP'))).toHaveLength(2);
    const trust = createTrustStore({ anchors: [pki.root] });
    expect(verifyPdf(signed, { trust, at: AT }).signatures[0]).toMatchObject({
      indication: 'TOTAL-PASSED',
      level: 'B-LTA',
    });
    const silent = sign(plainPdf(), {
      level: 'B-LT',
      validationData: async (asked) => ({
        certificates: [...asked, pki.root],
        crls: [pki.rootCrl()],
        ocsps: (await answers(asked)).slice(0, 1),
      }),
    });
    await expect(silent).rejects.toMatchObject({ code: 'SIGNER_REVOCATION_MISSING' });
  });

  it('refuses a level whose sources are not given', async () => {
    for (const level of ['B-T', 'B-LT', 'B-LTA'] as const) {
      await expect(signPdf(plainPdf(), signer, { signedAt: AT, level })).rejects.toMatchObject({
        code: 'SIGNER_INPUT_INVALID',
      });
    }
    await expect(
      signPdf(plainPdf(), signer, { signedAt: AT, level: 'B-LT', timeStamps }),
    ).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
  });

  it('refuses a token that is longer than its source promised, or over other bytes', async () => {
    const long = { ...timeStamps, maxTokenBytes: 100 };
    await expect(sign(plainPdf(), { timeStamps: long })).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
    const other: TimeStampSource = {
      ...timeStamps,
      timeStamp: (digest, hash) => timeStamps.timeStamp(Buffer.from(digest).reverse(), hash),
    };
    await expect(sign(plainPdf(), { timeStamps: other })).rejects.toMatchObject({
      code: 'SIGNER_TIMESTAMP_INVALID',
    });
  });

  it('signs once from a prepared PDF, with the same outcome as from bytes', async () => {
    const prepared = preparePdf(plainPdf());
    for (let i = 0; i < 2; i++) {
      const signed = await signPdf(prepared, signer, { signedAt: AT });
      expectValidInPdfsig(signed, ['ETSI.CAdES.detached']);
      expect(Buffer.compare(signed.subarray(0, prepared.pdf.length), plainPdf())).toBe(0);
    }
  });
});
