import { createHash, hash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { IncrementWriter, type TakenNumbers } from '../pdf/increment.ts';
import {
  PdfDict,
  PdfName,
  PdfRef,
  PdfStream,
  type PdfValue,
  integerOf,
  nameText,
} from '../pdf/values.ts';
import { parseOcspResponse } from '../revocation/ocsp.ts';
import { type ValidationData, unique } from '../revocation/validation-data.ts';
import { parseCertificate } from '../x509/certificate.ts';
import { parseCrl } from '../x509/crl.ts';
import { changeCatalog, newFileId } from './field.ts';

/** The three kinds of data: their key in the DSS, and in an entry of its VRI. */
const KINDS = [
  ['certificates', 'Certs', 'Cert'],
  ['crls', 'CRLs', 'CRL'],
  ['ocsps', 'OCSPs', 'OCSP'],
] as const;
type Kind = (typeof KINDS)[number][0];

/** ETSI EN 319 142-1 §5.6. */
const ESIC_EXTENSION_LEVEL = 2;

/**
 * Reads the document security store (ETSI EN 319 142-1 §5.4.2). Nothing in it is trusted; what
 * cannot be read is left out, since a damaged entry must not hide the good ones.
 *
 * @throws {@link SignerError} `SIGNER_PDF_TOO_COMPLEX` at a limit.
 */
export function readDss(document: PdfDocument): ValidationData {
  const store = document.dict(document.catalog().get('DSS'));
  return {
    certificates: readAll(document, store, 'Certs', parseCertificate),
    crls: readAll(document, store, 'CRLs', parseCrl),
    ocsps: readAll(document, store, 'OCSPs', parseOcspResponse),
  };
}

function readAll<T extends { readonly sha256: string }>(
  document: PdfDocument,
  store: PdfDict | undefined,
  key: string,
  parse: (bytes: Uint8Array) => T,
): readonly T[] {
  const items: T[] = [];
  const { maxItems } = document.source.limits;
  for (const item of (arrayOf(document, store, key) ?? []).slice(0, maxItems)) {
    const parsed = orUndefined(() => {
      const stream = document.resolve(item);
      return stream instanceof PdfStream ? parse(decoded(document, stream)) : undefined;
    });
    if (parsed !== undefined) items.push(parsed);
  }
  return unique(items);
}

function arrayOf(
  document: PdfDocument,
  store: PdfDict | undefined,
  key: string,
): readonly PdfValue[] | undefined {
  return orUndefined(() => document.array(store?.get(key)));
}

function decoded(document: PdfDocument, stream: PdfStream): Uint8Array {
  return document.source.decode(stream, (value) => document.resolve(value));
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignerError && error.code !== 'SIGNER_PDF_TOO_COMPLEX') return undefined;
    throw error;
  }
}

/** Key of a signature in the VRI: SHA-1 of its `/Contents`, hexadecimal in upper case. */
export function vriKey(contents: Uint8Array): string {
  return createHash('sha1').update(contents).digest('hex').toUpperCase();
}

/**
 * Appends a revision that adds validation data to the document security store. Streams that are
 * there already are referred to again and not written twice.
 *
 * @param avoid - numbers that no new object may take.
 * @param signatures - VRI keys of the signatures the data are for.
 * @returns the whole new file.
 */
export function appendDss(
  document: PdfDocument,
  avoid: TakenNumbers,
  data: ValidationData,
  signatures: readonly string[],
): Buffer {
  const writer = new IncrementWriter(document, avoid);
  const old = document.catalog().get('DSS');
  const store = document.dict(old);
  const entries = new Map<string, PdfValue>([['Type', new PdfName('DSS')]]);
  for (const [key, value] of store?.entries ?? []) entries.set(key, value);
  const used = new Map<string, readonly PdfValue[]>();
  for (const [kind, key, vriName] of KINDS) {
    const { all, references } = addStreams(writer, document, store, key, data[kind]);
    if (all.length > 0) entries.set(key, all);
    if (references.length > 0) used.set(vriName, references);
  }
  const vri = new Map(document.dict(store?.get('VRI'))?.entries);
  for (const signature of signatures) {
    vri.set(signature, vriEntry(document, document.dict(vri.get(signature)), used));
  }
  if (vri.size > 0) entries.set('VRI', new PdfDict(vri));
  const isIndirect = old instanceof PdfRef && store !== undefined;
  const ref = isIndirect ? writer.existing(old.number) : writer.allocate();
  writer.write(ref, new PdfDict(entries));
  changeCatalog(writer, document, {
    ...extensionsChange(document),
    ...(isIndirect ? {} : { DSS: ref }),
  });
  return writer.finish(newFileId(document.source.bytes, 'DSS'));
}

/** Appends to an array of the store; `references` are those of the given items, old and new. */
function addStreams(
  writer: IncrementWriter,
  document: PdfDocument,
  store: PdfDict | undefined,
  key: string,
  items: ValidationData[Kind],
): { all: readonly PdfValue[]; references: readonly PdfValue[] } {
  const old = arrayOf(document, store, key) ?? [];
  const known = new Map<string, PdfValue>();
  for (const item of old) {
    const stream = orUndefined(() => document.resolve(item));
    if (!(stream instanceof PdfStream)) continue;
    const bytes = orUndefined(() => decoded(document, stream));
    if (bytes !== undefined) known.set(hash('sha256', bytes, 'hex'), item);
  }
  const added: PdfValue[] = [];
  const references = items.map(({ der, sha256 }) => {
    const present = known.get(sha256);
    if (present !== undefined) return present;
    const ref = writer.allocate();
    writer.writeStream(ref, new Map(), der);
    known.set(sha256, ref);
    added.push(ref);
    return ref;
  });
  return { all: [...old, ...added], references };
}

/** What one signature needs, joined with what was noted for it before. */
function vriEntry(
  document: PdfDocument,
  old: PdfDict | undefined,
  used: ReadonlyMap<string, readonly PdfValue[]>,
): PdfDict {
  const entries = new Map<string, PdfValue>(old?.entries);
  for (const [name, references] of used) {
    const before = arrayOf(document, old, name) ?? [];
    const numbers = new Set(before.map((item) => (item instanceof PdfRef ? item.number : -1)));
    const fresh = references.filter((item) => item instanceof PdfRef && !numbers.has(item.number));
    entries.set(name, [...before, ...fresh]);
  }
  return new PdfDict(entries);
}

/** Declares the ETSI extension in the catalog when it is not declared at this level yet. */
function extensionsChange(document: PdfDocument): Record<string, PdfValue> {
  const extensions = document.dict(document.catalog().get('Extensions'));
  const esic = document.dict(extensions?.get('ESIC'));
  const level = integerOf(document.resolve(esic?.get('ExtensionLevel'))) ?? 0;
  const isKnown = nameText(document.resolve(esic?.get('BaseVersion'))) !== undefined;
  if (isKnown && level >= ESIC_EXTENSION_LEVEL) return {};
  const declared = new PdfDict(
    new Map<string, PdfValue>([
      ['BaseVersion', new PdfName('1.7')],
      ['ExtensionLevel', ESIC_EXTENSION_LEVEL],
    ]),
  );
  return { Extensions: new PdfDict(new Map([...(extensions?.entries ?? []), ['ESIC', declared]])) };
}
