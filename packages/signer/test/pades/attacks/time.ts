import { buildCrl } from '../../../src/authority/build.ts';
import { addDocumentTimeStamp } from '../../../src/pades/document-time-stamp.ts';
import { appendDss, vriKey } from '../../../src/pades/dss.ts';
import { extendPdf } from '../../../src/pades/extend.ts';
import { signPdf } from '../../../src/pades/sign.ts';
import { openPdf } from '../../../src/pdf/document.ts';
import type { ValidationData } from '../../../src/revocation/validation-data.ts';
import { createTimeStampAuthority } from '../../../src/tsp/authority.ts';
import { parseCrl } from '../../../src/x509/crl.ts';
import { oddCms } from '../../support/odd-cms.ts';
import { POLICY, oddToken, oddTstInfo } from '../../support/odd-token.ts';
import { appendRevision, signByHand } from '../revision.ts';
import { plainPdf } from '../sources.ts';
import { AT, type Victim } from '../victim.ts';
import type { Attack } from './attack.ts';

const STOLEN_AT = new Date('2026-09-01T00:00:00Z');
const BACKDATED = '20260901000000Z';

/** A document that mallory signs now with a stolen key, to look older than the revocation. */
const fresh = (victim: Victim): Promise<Buffer> => victim.sign(plainPdf(), victim.stolen);

/** A CRL with the issuing CA's name but another key, on which nobody is revoked. */
async function hostileCrl(victim: Victim): Promise<ValidationData> {
  const times = { thisUpdate: AT, nextUpdate: new Date('2040-01-01T00:00:00Z') };
  const der = await buildCrl({ number: 99, ...times, revocations: [] }, victim.hostile.issuingKey);
  const certificates = [victim.hostile.issuing, victim.hostile.root];
  return { certificates, crls: [parseCrl(der)], ocsps: [] };
}

function withDss(pdf: Uint8Array, data: ValidationData, keys: readonly string[] = []): Buffer {
  return appendDss(openPdf(pdf), new Map(), data, keys);
}

/** B-LTA of the victim, and what its authorities publish. */
async function archived(victim: Victim): Promise<Uint8Array> {
  const { pki, tsa } = victim;
  const validationData = (): Promise<ValidationData> =>
    Promise.resolve({
      certificates: [pki.root, pki.issuing],
      crls: [pki.rootCrl(), pki.crl()],
      ocsps: [],
    });
  return extendPdf(victim.signed, { to: 'B-LTA', timeStamps: tsa, validationData });
}

/** Forged and borrowed time-stamps: a stolen key is to look as if it had signed in time. */
export const TIME_ATTACKS: readonly Attack[] = [
  {
    name: 'time: none, a fresh document with a stolen key',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: fresh,
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: claimed back by /M',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: (victim) => signPdf(plainPdf(), victim.stolen, { signedAt: STOLEN_AT }),
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: backdated by a TSA of a hostile CA',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const signer = await victim.hostile.issue({ commonName: 'TSA', use: 'tsa' });
      const now = (): Date => STOLEN_AT;
      const timeStamps = createTimeStampAuthority({ signer, policy: POLICY, now }).source;
      return signPdf(plainPdf(), victim.stolen, { signedAt: STOLEN_AT, timeStamps });
    },
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: token made with a certificate that is not for time-stamps',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(plainPdf(), victim.stolen, {
        contents: (content) =>
          oddCms({
            signer: victim.stolen,
            content,
            timeStamps: async (signature) => [
              await oddToken(victim.mallory, oddTstInfo(signature, { genTime: BACKDATED })),
            ],
          }),
      }),
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: time-stamp of another signature',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(plainPdf(), victim.stolen, {
        contents: (content) =>
          oddCms({
            signer: victim.stolen,
            content,
            timeStamps: async () => [
              await oddToken(
                victim.tsaSigner,
                oddTstInfo(Buffer.from('another signature'), { genTime: BACKDATED }),
              ),
            ],
          }),
      }),
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: document time-stamp over other bytes',
    rule: 'time',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      signByHand(await fresh(victim), victim.mallory, {
        subFilter: 'ETSI.RFC3161',
        contents: () =>
          oddToken(victim.tsaSigner, oddTstInfo(Buffer.from('x'), { genTime: BACKDATED })),
      }),
    says: /the time-stamp is one over other bytes/,
  },
  {
    name: 'time: document time-stamp made by a person',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: async (victim) =>
      signByHand(await fresh(victim), victim.mallory, {
        subFilter: 'ETSI.RFC3161',
        contents: (content) =>
          oddToken(victim.mallory, oddTstInfo(content, { genTime: BACKDATED })),
      }),
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'time: a signature passed off as document time-stamp',
    rule: 'time',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      signByHand(await fresh(victim), victim.mallory, { subFilter: 'ETSI.RFC3161' }),
    says: /not a time-stamp token/,
  },
  {
    name: 'time: a document time-stamp passed off as signature',
    rule: 'time',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signByHand(plainPdf(), victim.mallory, {
        contents: (content) => oddToken(victim.tsaSigner, oddTstInfo(content)),
      }),
    says: /instead of data|not detached/,
  },
  {
    name: 'time: document time-stamp that shows a page of its own',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        subFilter: 'ETSI.RFC3161',
        rect: '[0 0 595 842]',
        contents: (content) => oddToken(victim.tsaSigner, oddTstInfo(content)),
      }),
    says: /document time-stamp "Hand" covers 100 % of its page/,
  },
];

/** Hostile validation data. */
export const EVIDENCE_ATTACKS: readonly Attack[] = [
  {
    name: 'DSS: CRL of a stranger that hides a revocation',
    rule: 'evidence',
    verdict: 'INDETERMINATE',
    forge: async (victim) => withDss(await fresh(victim), await hostileCrl(victim)),
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'DSS: the same, named for the signature in the VRI',
    rule: 'evidence',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const pdf = await fresh(victim);
      const text = /\/Contents <([0-9a-f]+)>/.exec(pdf.toString('latin1'))?.[1] ?? '';
      return withDss(pdf, await hostileCrl(victim), [vriKey(Buffer.from(text, 'hex'))]);
    },
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'DSS: hostile root and intermediate',
    rule: 'evidence',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const stranger = await victim.hostile.issue({ commonName: 'Chủ tịch UBND', use: 'person' });
      return withDss(await victim.sign(plainPdf(), stranger), await hostileCrl(victim));
    },
    says: /path|anchor|issuer/,
  },
  {
    name: 'DSS: signed CRL overwritten by a later revision',
    rule: 'evidence',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const pdf = await archived(victim);
      const document = openPdf(pdf);
      const store = document.dict(document.catalog().get('DSS'));
      const [crl] = document.array(store?.get('CRLs')) ?? [];
      const number = typeof crl === 'object' && crl !== null && 'number' in crl ? crl.number : 0;
      return appendRevision(pdf, { [number]: '<< /Length 2 >>\nstream\n00\nendstream' });
    },
    says: /among the validation data \(DSS\)/,
  },
  {
    name: 'DSS: taken away after it was time-stamped',
    rule: 'evidence',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const pdf = await archived(victim);
      const text = Buffer.from(pdf).toString('latin1');
      const at = text.lastIndexOf('\n1 0 obj\n<<') + 1;
      const body = text.slice(at + 8, text.indexOf('endobj', at));
      return appendRevision(pdf, { 1: body.replace(/\/DSS *\d+ 0 R/, '') });
    },
    says: /validation data were removed \(DSS\)/,
  },
  {
    name: 'DSS: a certificate of thousands of nested bytes, and no stream at all',
    rule: 'evidence',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const nested = '30 80 '.repeat(2000);
      const catalogText =
        '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Names 9 0 R /DSS 60 0 R >>';
      return appendRevision(await fresh(victim), {
        1: catalogText,
        60: '<< /Certs [61 0 R 62 0 R 99 0 R] /CRLs 7 /OCSPs [61 0 R] /VRI [61 0 R] >>',
        61: `<< /Filter /ASCIIHexDecode /Length ${nested.length} >>\nstream\n${nested}\nendstream`,
        62: '(no stream)',
      });
    },
    says: /is revoked since 2026-10-01/,
  },
  {
    name: 'DSS: time-stamp taken off an archived signature with a stolen key',
    rule: 'time',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const pdf = await fresh(victim);
      const stamped = await addDocumentTimeStamp(pdf, victim.tsa);
      return Buffer.from(stamped.subarray(0, pdf.length));
    },
    says: /is revoked since 2026-10-01/,
  },
];
