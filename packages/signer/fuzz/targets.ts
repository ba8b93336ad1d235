import { hash } from 'node:crypto';

import { verifyOpenPart } from '../src/asic/open-part.ts';
import { openAsic } from '../src/asic/open.ts';
import { verifyAsic } from '../src/asic/verify-container.ts';
import { verifyAsicE } from '../src/asic/verify.ts';
import { parseCertificateRequest } from '../src/authority/csr.ts';
import { verifyCms } from '../src/cms/verify.ts';
import { verifyDetached } from '../src/cms/verify-detached.ts';
import {
  type DerElement,
  type EncodingRules,
  TAG,
  readBitString,
  readBoolean,
  readDer,
  readNamedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readText,
  readTime,
} from '../src/der/index.ts';
import { openPkcs12 } from '../src/keys/pkcs12/read.ts';
import { certificatesOf } from '../src/pades/certificates.ts';
import { listPdfSignatures } from '../src/pades/extract.ts';
import { repairPdf } from '../src/pades/repair.ts';
import { extractRevision } from '../src/pades/revision.ts';
import { requireSignablePdf } from '../src/pades/signable.ts';
import { verifyPdf } from '../src/pades/verify.ts';
import { type TrustStore, createTrustStore } from '../src/path/trust-store.ts';
import { openPdf } from '../src/pdf/document.ts';
import { numbersInSection } from '../src/pdf/xref.ts';
import { parseCertificate } from '../src/x509/certificate.ts';
import { parseCrl } from '../src/x509/crl.ts';
import { corpusFolder, readFolder } from './corpus.ts';
import { DER_MUTATORS } from './mutate-der.ts';
import { PDF_MUTATORS } from './mutate-pdf.ts';
import { ZIP_MUTATORS } from './mutate-zip.ts';
import type { Mutator } from './mutate.ts';
import { fuzzOcsp } from './ocsp.ts';
import { fuzzTimeStamp } from './time-stamps.ts';
import { fuzzSeal } from './seal.ts';
import { finding, tolerate } from './tolerate.ts';

/** A reader that hostile bytes are given to. */
export interface FuzzTarget {
  /**
   * Reads the bytes. Nothing but a SignerError may come out of the package; what is wrong beyond
   * that (a forged message that passes) is thrown as another error.
   */
  run(bytes: Uint8Array): void;
  readonly mutators: readonly Mutator[];
  readonly maxBytes: number;
}

/** All seeds are valid at this time. */
export const FUZZ_TIME = new Date('2026-11-22T02:30:05Z');
/** What the seeds of `cms` sign, detached. */
export const FUZZ_CONTENT = Buffer.from('nội dung');
export const FUZZ_PASSPHRASE = 'mật khẩu';
const DER_BYTES = 16_000;

export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  der: { run: fuzzDer, mutators: DER_MUTATORS, maxBytes: 4_000 },
  certificate: { run: fuzzCertificate, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  cms: { run: fuzzCms, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  crl: { run: fuzzCrl, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  ocsp: { run: fuzzOcsp, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  timestamp: { run: fuzzTimeStamp, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  csr: { run: fuzzCsr, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  seal: { run: fuzzSeal, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  p12: { run: fuzzP12, mutators: DER_MUTATORS, maxBytes: DER_BYTES },
  xref: { run: fuzzXref, mutators: PDF_MUTATORS, maxBytes: 24_000 },
  pdf: { run: fuzzPdf, mutators: PDF_MUTATORS, maxBytes: 64_000 },
  asic: { run: fuzzAsic, mutators: ZIP_MUTATORS, maxBytes: 32_000 },
};

let knownTrust: TrustStore | undefined;

/** The public half of the PKI that made the seeds; its keys were never kept. */
function seedTrust(): TrustStore {
  if (knownTrust !== undefined) return knownTrust;
  const files = readFolder(corpusFolder('pki'));
  const read = (name: string): Uint8Array => files.get(name) ?? finding(`no corpus/pki/${name}`);
  knownTrust = createTrustStore({
    anchors: [parseCertificate(read('root.crt'))],
    intermediates: [parseCertificate(read('issuing.crt'))],
    crls: [parseCrl(read('root.crl')), parseCrl(read('issuing.crl'))],
  });
  return knownTrust;
}

function fuzzDer(bytes: Uint8Array): void {
  for (const rules of ['DER', 'BER'] satisfies EncodingRules[]) {
    tolerate(() => readEverything(readDer(bytes, { rules })));
  }
}

/** Reads each value as what its tag says, or as everything when the tag leaves it open. */
function readEverything(element: DerElement): void {
  const { tag } = element;
  const isOpen = (tag & 0xc0) !== 0;
  const readers: readonly (readonly [number, () => unknown])[] = [
    [TAG.OID, () => readOid(element, tag)],
    [TAG.BIT_STRING, () => readBitString(element, tag)],
    [TAG.BIT_STRING, () => readNamedBits(element, tag)],
    [TAG.BOOLEAN, () => readBoolean(element, tag)],
    [TAG.INTEGER, () => readSmallInteger(element, tag)],
    [TAG.OCTET_STRING, () => readOctets(element, tag)],
    [TAG.UTC_TIME, () => readTime(element)],
    [TAG.GENERALIZED_TIME, () => readTime(element)],
  ];
  for (const [ofTag, read] of readers) {
    if (tag === ofTag || isOpen) tolerate(() => void read());
  }
  tolerate(() => void readText(element));
  if (element.end > element.source.length || element.contentEnd > element.end) {
    finding('a value that reaches past its bytes');
  }
  if (element.isConstructed) for (const child of element.children()) readEverything(child);
}

function fuzzCertificate(bytes: Uint8Array): void {
  tolerate(() => {
    const certificate = parseCertificate(bytes);
    tolerate(() => void certificate.publicKey);
  });
}

/** A request that is accepted is the honest one: whoever changes it cannot sign it again. */
function fuzzCsr(bytes: Uint8Array): void {
  tolerate(() => {
    const { publicKey } = parseCertificateRequest(bytes);
    const key = Buffer.from(publicKey.export({ format: 'der', type: 'spki' }));
    const isKnown = [...readFolder(corpusFolder('csr')).values()].some((csr) =>
      Buffer.from(csr).includes(key),
    );
    if (!isKnown) finding('a request without its key');
  });
}

function fuzzCrl(bytes: Uint8Array): void {
  tolerate(() => {
    const list = parseCrl(bytes);
    for (const { issuerKey, serialNumber } of list.entries.slice(0, 100)) {
      if (!list.find(issuerKey, serialNumber)) finding('an entry that is not found');
    }
  });
}

/** None that differs in what is signed passes: see also the tests of `verify.ts`. */
function fuzzCms(bytes: Uint8Array): void {
  const trust = seedTrust();
  const verdict = verifyDetached({ cms: bytes, content: FUZZ_CONTENT, trust, at: FUZZ_TIME });
  if (verdict.indication !== 'TOTAL-PASSED') return;
  const other = verifyCms({ cms: bytes, content: Buffer.from('x') });
  if (other.indication === 'TOTAL-PASSED') finding('a signature over any content');
}

function fuzzP12(bytes: Uint8Array): void {
  tolerate(() => void openPkcs12(bytes, FUZZ_PASSPHRASE));
}

function fuzzXref(bytes: Uint8Array): void {
  tolerate(() => {
    const pdf = openPdf(bytes);
    let count = 0;
    for (const section of pdf.sections) {
      for (const number of numbersInSection(section)) {
        if ((count += 1) > 2_000) return;
        tolerate(() => void pdf.get(number));
      }
    }
  });
  tolerate(() => {
    const repaired = repairPdf(bytes);
    if (!tolerate(() => void openPdf(repaired).catalog())) finding('a repair that repairs nothing');
  });
}

let knownPdfs: readonly Uint8Array[] | undefined;

/** The signed PDFs that were made honestly. */
function honestPdfs(): readonly Uint8Array[] {
  knownPdfs ??= [...readFolder(corpusFolder('pdf'))]
    .filter(([name]) => name.startsWith('seed-'))
    .map(([, bytes]) => bytes);
  return knownPdfs;
}

/** A PDF that passes is one of the honest ones, but for the signature in its last gap. */
function fuzzPdf(bytes: Uint8Array): void {
  const report = verifyPdf(bytes, { trust: seedTrust(), at: FUZZ_TIME });
  tolerate(() => {
    requireSignablePdf(bytes);
  });
  tolerate(() => void certificatesOf(bytes));
  for (const revision of [1, 2]) tolerate(() => void extractRevision(bytes, revision));
  if (report.indication !== 'TOTAL-PASSED') return;
  const last = listPdfSignatures(bytes).at(-1);
  const [, start = 0, end = 0] = last?.byteRange ?? [];
  const isExplained = report.signatures.some(({ changesAfter }) => changesAfter.length > 0);
  const isHonest = honestPdfs().some((pdf) => {
    const length = Math.min(pdf.length, bytes.length);
    const isLength = isExplained || Math.abs(pdf.length - bytes.length) <= 2;
    return isLength && isSame(pdf, bytes, 0, start) && isSame(pdf, bytes, end, length);
  });
  if (!isHonest) finding('a PDF that nobody signed passes');
}

function isSame(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  return Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0;
}

let knownSigned: ReadonlySet<string> | undefined;

/** What the honest containers' signatures and time-stamps are over: manifests, and ASiC-S files. */
function honestlySigned(): ReadonlySet<string> {
  knownSigned ??= new Set(
    [...readFolder(corpusFolder('asic'))]
      .filter(([name]) => name.startsWith('seed-'))
      .flatMap(([, bytes]) => openAsic(bytes).assertions.map(({ signed }) => digestOf(signed))),
  );
  return knownSigned;
}

function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** A container that passes has the manifests of honest ones, and so their files. */
function fuzzAsic(bytes: Uint8Array): void {
  const options = { trust: seedTrust(), at: FUZZ_TIME };
  const report = verifyAsicE(bytes, options);
  if (report.indication === 'TOTAL-PASSED' && !honestlySigned().has(report.manifestSha256 ?? '')) {
    finding('a package that nobody signed passes');
  }
  const shown = verifyOpenPart(bytes, options);
  if (shown.indication === 'TOTAL-PASSED' && !honestlySigned().has(shown.manifestSha256 ?? '')) {
    finding('an open part that nobody signed passes');
  }
  if (verifyAsic(bytes, options).indication !== 'TOTAL-PASSED') return;
  for (const { signed } of openAsic(bytes).assertions) {
    if (!honestlySigned().has(digestOf(signed))) finding('a container that nobody signed passes');
  }
}
