import { SignerError } from '../../errors.ts';
import type { PdfDocument } from '../../pdf/document.ts';
import { type PdfDict, PdfStream, type PdfValue, numberOf } from '../../pdf/values.ts';
import { IN_FILE } from '../../pdf/xref.ts';
import { parseOcspResponse } from '../../revocation/ocsp.ts';
import { EMPTY_VALIDATION_DATA, type ValidationData } from '../../revocation/validation-data.ts';
import { parseCertificate } from '../../x509/certificate.ts';
import { parseCrl } from '../../x509/crl.ts';

/** More entries of one kind, or keys of the VRI, are left out and reported. */
const MAX_STORE_ITEMS = 1_000;
/** A report stays readable however much is wrong. */
const MAX_LISTED_FAULTS = 20;

/** The document security store (ISO 32000-2 §12.8.4.3), read for validation. */
export interface SecurityStore {
  readonly data: ValidationData;
  /** Entries that cannot be used, in words. */
  readonly unreadable: readonly string[];
  /** Where an item stands in the file, by its SHA-256: what a later time-stamp covers existed then. */
  readonly positions: ReadonlyMap<string, number>;
}

type Item = { readonly sha256: string };

/**
 * Reads the DSS with what its VRI names as well. Nothing in it is trusted, and which signature an
 * entry of the VRI is for does not matter: an item counts only by its own signature. An entry that
 * cannot be read is reported and left out; it must not hide the good ones.
 */
export function readSecurityStore(document: PdfDocument): SecurityStore | undefined {
  const entry = document.catalog().get('DSS');
  if (entry === undefined) return undefined;
  return new StoreReader(document).read(entry);
}

class StoreReader {
  private readonly document: PdfDocument;
  private readonly unreadable: string[] = [];
  private readonly positions = new Map<string, number>();

  constructor(document: PdfDocument) {
    this.document = document;
  }

  read(entry: PdfValue): SecurityStore {
    const { unreadable, positions } = this;
    let data = EMPTY_VALIDATION_DATA;
    try {
      const store = this.document.dict(entry);
      if (store === undefined) this.fault('the security store (DSS) is no dictionary');
      else data = this.readData(store);
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      this.fault(`the security store (DSS): ${error.message}`);
    }
    const more = unreadable.length - MAX_LISTED_FAULTS;
    const listed = unreadable.slice(0, MAX_LISTED_FAULTS);
    if (more > 0) listed.push(`and ${more} more`);
    return { data, unreadable: listed, positions };
  }

  private fault(text: string): void {
    this.unreadable.push(text);
  }

  private readData(store: PdfDict): ValidationData {
    const perSignature = [...(this.document.dict(store.get('VRI'))?.entries.values() ?? [])];
    if (perSignature.length > MAX_STORE_ITEMS) this.fault(`VRI: ${perSignature.length} entries`);
    const lists = perSignature
      .slice(0, MAX_STORE_ITEMS)
      .flatMap((item) => this.document.dict(item) ?? []);
    const of = <T extends Item>(key: string, vriKey: string, parse: (der: Uint8Array) => T): T[] =>
      this.readItems(key, [store.get(key), ...lists.map((list) => list.get(vriKey))], parse);
    return {
      certificates: of('Certs', 'Cert', parseCertificate),
      crls: of('CRLs', 'CRL', parseCrl),
      ocsps: of('OCSPs', 'OCSP', parseOcspResponse),
    };
  }

  private readItems<T extends Item>(
    key: string,
    arrays: readonly (PdfValue | undefined)[],
    parse: (der: Uint8Array) => T,
  ): T[] {
    const items = new Map<string, T>();
    const seen = new Set<number>();
    for (const value of arrays.flatMap((array) => this.document.array(array) ?? [])) {
      const number = numberOf(value);
      if (number === undefined || seen.has(number)) continue;
      seen.add(number);
      if (seen.size > MAX_STORE_ITEMS) {
        this.fault(`${key}: more than ${MAX_STORE_ITEMS} entries`);
        break;
      }
      try {
        const item = parse(this.stream(value));
        items.set(item.sha256, item);
        const entry = this.document.entry(number);
        const earlier = this.positions.get(item.sha256) ?? Infinity;
        if (entry?.kind === IN_FILE) {
          this.positions.set(item.sha256, Math.min(earlier, entry.position));
        }
      } catch (error) {
        if (!(error instanceof SignerError)) throw error;
        this.fault(`${key}: object ${number} (${error.message})`);
        if (error.code === 'SIGNER_PDF_TOO_COMPLEX') break;
      }
    }
    return [...items.values()];
  }

  private stream(value: PdfValue): Uint8Array {
    const stream = this.document.resolve(value);
    if (!(stream instanceof PdfStream)) {
      throw new SignerError('SIGNER_PDF_BROKEN', 'no stream', { details: {} });
    }
    return this.document.source.decode(stream, (item) => this.document.resolve(item));
  }
}
