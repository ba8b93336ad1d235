import { createHash } from 'node:crypto';

import { verifyAttached } from '../src/cms/verify-detached.ts';
import { createTrustStore } from '../src/path/trust-store.ts';
import { readTimeStampRequest } from '../src/tsp/request.ts';
import { readTimeStampResponse } from '../src/tsp/status.ts';
import { verifyTimeStamp } from '../src/tsp/verify.ts';
import { parseCertificate } from '../src/x509/certificate.ts';
import { parseCrl } from '../src/x509/crl.ts';
import { corpusFolder, readFolder } from './corpus.ts';
import { finding, tolerate } from './tolerate.ts';

/** When the tokens among the seeds were made. */
export const STAMP_TIME = new Date('2026-11-22T02:30:05.250Z');
/** What they are over, and what the attached messages carry. */
export const STAMP_CONTENT = Buffer.from('nội dung có dấu thời gian');
/** The folder of the corpus with the public half of their PKI. */
export const STAMP_PKI = 'pki-timestamp';

function readPki() {
  const files = readFolder(corpusFolder(STAMP_PKI));
  const read = (name: string): Uint8Array =>
    files.get(name) ?? finding(`no corpus/${STAMP_PKI}/${name}`);
  return createTrustStore({
    anchors: [parseCertificate(read('root.crt'))],
    intermediates: [parseCertificate(read('issuing.crt'))],
    crls: [parseCrl(read('root.crl')), parseCrl(read('issuing.crl'))],
  });
}

let knownTrust: ReturnType<typeof readPki> | undefined;

/** The bytes as a token, a reply, a query and a message with its content. */
export function fuzzTimeStamp(bytes: Uint8Array): void {
  const trust = (knownTrust ??= readPki());
  tolerate(() => void readTimeStampRequest(bytes));
  tolerate(() => {
    const { token } = readTimeStampResponse(bytes);
    if (token !== undefined) fuzzToken(token, trust);
  });
  fuzzToken(bytes, trust);
  const { indication, content, provenAt } = verifyAttached({ cms: bytes, trust, at: STAMP_TIME });
  if (indication !== 'TOTAL-PASSED') return;
  if (!STAMP_CONTENT.equals(content ?? Buffer.alloc(0))) finding('content that nobody signed');
  if (provenAt !== null && Number(provenAt) !== Number(STAMP_TIME))
    finding('a time nobody vouched for');
}

function fuzzToken(token: Uint8Array, trust: ReturnType<typeof readPki>): void {
  const digest = (name: string) => createHash(name).update(STAMP_CONTENT).digest();
  const { indication, time } = verifyTimeStamp({ token, digest, trust, at: STAMP_TIME });
  if (indication !== 'TOTAL-PASSED') return;
  if (Number(time) !== Number(STAMP_TIME)) finding('a time that nobody vouched for passes');
  const nothing = (name: string) => createHash(name).digest();
  const other = verifyTimeStamp({ token, digest: nothing, trust, at: STAMP_TIME });
  if (other.indication === 'TOTAL-PASSED') finding('a time-stamp over anything');
}
