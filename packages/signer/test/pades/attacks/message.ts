import { createHash } from 'node:crypto';

import { signCms } from '../../../src/cms/sign.ts';
import { readSignedData } from '../../../src/cms/signed-data.ts';
import { OID } from '../../../src/der/index.ts';
import { listPdfSignatures } from '../../../src/pades/extract.ts';
import { algorithm, contentType, messageDigest, oddCms } from '../../support/odd-cms.ts';
import { signByHand } from '../revision.ts';
import { type Victim, cmsHex } from '../victim.ts';
import type { Attack } from './attack.ts';

/** Exchanges the CMS in the gap, which the signature does not cover. */
function withCms(victim: Victim, cms: Uint8Array): Buffer {
  const text = cmsHex(victim);
  const hex = Buffer.from(cms)
    .toString('hex')
    .padEnd(text.length - 2, '0');
  const copy = Buffer.from(victim.signed);
  copy.write(`<${hex}>`, copy.indexOf(text), 'latin1');
  return copy;
}

function originalCms({ signed }: Victim): Buffer {
  return Buffer.from(listPdfSignatures(signed)[0]?.cms ?? []);
}

/** Exchanges bytes of the CMS for as many others. */
function swapped(victim: Victim, from: string, to: string, which: 'all' | 'last' = 'all'): Buffer {
  const hex = originalCms(victim).toString('hex');
  if (!hex.includes(from) || from.length !== to.length) throw new Error(`no ${from}`);
  const at = hex.lastIndexOf(from);
  const changed =
    which === 'all' ? hex.replaceAll(from, to) : hex.slice(0, at) + to + hex.slice(at + to.length);
  return withCms(victim, Buffer.from(changed, 'hex'));
}

const SHA256 = '608648016503040201';
const SHA384 = '608648016503040202';
const DATA = '2a864886f70d010701';

/** Stripped attributes, swapped algorithms, exchanged certificates. */
export const MESSAGE_ATTACKS: readonly Attack[] = [
  {
    name: 'CMS: signed attributes stripped, their bytes passed off as the document',
    rule: 'message',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const { signerInfo } = readSignedData(originalCms(victim));
      const content = signerInfo.signedAttributesDer;
      const { signer } = victim;
      return withCms(victim, await oddCms({ signer, content, withoutAttributes: true }));
    },
    says: /signed attributes are missing/,
  },
  {
    name: 'CMS: digest algorithm swapped everywhere',
    rule: 'message',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => swapped(victim, SHA256, SHA384),
    says: /differs|not the one that was signed|malformed/,
  },
  {
    name: 'CMS: content type of signed attributes swapped',
    rule: 'message',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => swapped(victim, DATA, '2a864886f70d010702', 'last'),
    says: /content-type attribute differs|signature value/,
  },
  {
    name: 'CMS: message digest of another document put into the attributes',
    rule: 'digest',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const { signerInfo } = readSignedData(originalCms(victim));
      const digest = signerInfo.signedAttributes.get(OID.messageDigest)?.content ?? [];
      const other = createHash('sha256').update('other').digest('hex');
      return swapped(victim, Buffer.from(digest).toString('hex'), other);
    },
    says: /not the one that was signed/,
  },
  {
    name: 'CMS: one bit of the signature value',
    rule: 'message',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const { signerInfo } = readSignedData(originalCms(victim));
      const value = Buffer.from(signerInfo.signature);
      const copy = Buffer.from(value);
      copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
      return swapped(victim, value.toString('hex'), copy.toString('hex'));
    },
    says: /signature/,
  },
  {
    name: 'CMS: two signers in one message',
    rule: 'message',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signByHand(victim.source, victim.mallory, {
        contents: (content) => oddCms({ signer: victim.mallory, content, signerCount: 2 }),
      }),
    says: /signers instead of one/,
  },
  {
    name: 'CMS: certificate not named by a signed attribute',
    rule: 'certificate',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.source, victim.mallory, {
        contents: (content) => {
          const attributes = [contentType(), messageDigest(content)];
          return oddCms({ signer: victim.mallory, content, attributes });
        },
      }),
    says: /signing-certificate-v2 attribute is missing/,
  },
  {
    name: 'CMS: signature with SHA-1',
    rule: 'message',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.source, victim.mallory, {
        contents: (content) =>
          oddCms({
            signer: victim.mallory,
            content,
            digestAlgorithm: algorithm('1.3.14.3.2.26'),
            attributes: [contentType(), messageDigest(content, 'sha1')],
          }),
      }),
    says: /1\.3\.14\.3\.2\.26 is not accepted|weak/,
  },
  {
    name: 'CMS: signed by a CA of the same names',
    rule: 'certificate',
    verdict: 'INDETERMINATE',
    forge: async (victim) =>
      victim.sign(victim.source, await victim.hostile.issue({ commonName: 'Chủ tịch UBND' })),
    says: /path|anchor|signed by|issuer/,
  },
  {
    name: 'CMS: the certificate exchanged for one of another person',
    rule: 'certificate',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.source, victim.mallory, {
        contents: async (content) => {
          const honest = await signCms({ content }, victim.mallory);
          const text = Buffer.from(honest).toString('hex');
          const own = Buffer.from(victim.mallory.certificate.serialBytes).toString('hex');
          const other = Buffer.from(victim.signer.certificate.serialBytes).toString('hex');
          if (own.length !== other.length) return honest.subarray(0, 10);
          return Buffer.from(text.replaceAll(own, other), 'hex');
        },
      }),
    says: /not the one that the signing-certificate attribute names/,
  },
  {
    name: 'legacy: adbe.pkcs7.sha1',
    rule: 'message',
    verdict: 'INDETERMINATE',
    forge: (victim) => signByHand(victim.source, victim.mallory, { subFilter: 'adbe.pkcs7.sha1' }),
    says: /adbe\.pkcs7\.sha1 rests on SHA-1: weak, not valid/,
  },
  {
    name: 'legacy: adbe.x509.rsa_sha1',
    rule: 'message',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.source, victim.mallory, { subFilter: 'adbe.x509.rsa_sha1' }),
    says: /adbe\.x509\.rsa_sha1 rests on SHA-1: weak, not valid/,
  },
  {
    name: 'format: /SubFilter that nobody knows',
    rule: 'message',
    verdict: 'INDETERMINATE',
    forge: (victim) => signByHand(victim.source, victim.mallory, { subFilter: 'Mallory' }),
    says: /Mallory is not supported/,
  },
];
