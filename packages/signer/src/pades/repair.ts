import { SignerError } from '../errors.ts';
import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { type ScannedPdf, resolveScanned, scanPdf } from '../pdf/scan.ts';
import { serializeValue } from '../pdf/serialize.ts';
import { PdfDict, PdfRef, PdfStream, type PdfValue, isPdfArray, nameText } from '../pdf/values.ts';
import { readStructure } from './structure.ts';

/**
 * Rebuilds a PDF that nobody has signed yet: its objects are searched for, and those that the
 * document uses are written anew with a cross-reference table of their own. So a broken
 * cross-reference is repaired, and pages or objects that are present but not shown are dropped.
 *
 * The result is another file. Whoever signs it should look at it first.
 *
 * @returns a PDF that the strict reader accepts.
 * @throws {@link SignerError} `SIGNER_PDF_TAMPERED` when there is a trace of a signature, which the
 *   repair would destroy; `SIGNER_PDF_BROKEN` when more than the cross-reference is damaged or it is
 *   not clear what the document is; `SIGNER_PDF_ENCRYPTED`, `SIGNER_PDF_NOT_PDF`,
 *   `SIGNER_PDF_TOO_LARGE`, `SIGNER_PDF_TOO_COMPLEX`, `SIGNER_PDF_NO_PAGES`.
 */
export function repairPdf(pdf: Uint8Array, limits: PdfLimits = DEFAULT_PDF_LIMITS): Uint8Array {
  const { length } = pdf;
  if (length > limits.maxFileBytes) {
    throw new SignerError('SIGNER_PDF_TOO_LARGE', `file of ${length} bytes is too large`, {
      details: { bytes: length, maxBytes: limits.maxFileBytes },
    });
  }
  const bytes = Buffer.from(pdf.buffer, pdf.byteOffset, length);
  const header = /%PDF-([12]\.[0-9])/.exec(bytes.subarray(0, 1024).toString('latin1'));
  if (header === null) {
    throw new SignerError('SIGNER_PDF_NOT_PDF', 'no %PDF- header: this is not a PDF file');
  }
  if (bytes.includes('/ByteRange')) refuseSigned();
  const scan = scanPdf(bytes, limits);
  if (scan.trailers.some(({ entries }) => entries.has('Encrypt'))) {
    throw new SignerError('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted and cannot be repaired');
  }
  const root = findRoot(scan);
  const info = scan.trailers.findLast(({ entries }) => entries.has('Info'))?.get('Info');
  const used = collectUsed(scan, info instanceof PdfRef ? [root, info] : [root], limits);
  const repaired = writeFile(`%PDF-${header[1]}`, used, root, info);
  // The strict reader has the last word.
  readStructure(openPdf(repaired, limits));
  return repaired;
}

function refuseSigned(): never {
  const message = 'the PDF is damaged and was signed: a repair would destroy the signature';
  throw new SignerError('SIGNER_PDF_TAMPERED', message);
}

/** The catalog that the newest trailer names; without one, the only catalog there is. */
function findRoot(scan: ScannedPdf): PdfRef {
  for (const trailer of scan.trailers.toReversed()) {
    const root = trailer.get('Root');
    if (root instanceof PdfRef && isCatalog(resolveScanned(scan, root))) return root;
  }
  const catalogs = [...scan.objects].filter(([, value]) => isCatalog(value));
  const [only] = catalogs;
  if (only === undefined || catalogs.length > 1) {
    const message = `the PDF has ${catalogs.length} catalogs and no trailer that names one`;
    throw new SignerError('SIGNER_PDF_BROKEN', message);
  }
  return new PdfRef(only[0], 0);
}

function isCatalog(value: PdfValue | undefined): boolean {
  return value instanceof PdfDict && nameText(value.get('Type')) === 'Catalog';
}

/** All objects that can be reached, with references that lead nowhere made null. */
function collectUsed(
  scan: ScannedPdf,
  roots: readonly PdfRef[],
  limits: PdfLimits,
): ReadonlyMap<number, PdfValue> {
  const used = new Map<number, PdfValue>();
  const waiting = roots.map(({ number }) => number);
  const copy = (value: PdfValue, depth: number): PdfValue => {
    if (depth > limits.maxDepth) return null;
    if (value instanceof PdfRef) {
      if (!scan.objects.has(value.number)) return null;
      waiting.push(value.number);
      return new PdfRef(value.number, 0);
    }
    if (isPdfArray(value)) return value.map((item) => copy(item, depth + 1));
    if (value instanceof PdfStream) return new PdfStream(copyDict(value.dict, depth), value.raw);
    return value instanceof PdfDict ? copyDict(value, depth) : value;
  };
  const copyDict = (dict: PdfDict, depth: number): PdfDict => {
    if (dict.hasDuplicateKeys) {
      throw new SignerError('SIGNER_PDF_BROKEN', 'a dictionary repeats a key');
    }
    if (dict.entries.has('ByteRange')) refuseSigned();
    return new PdfDict(new Map([...dict.entries].map(([k, item]) => [k, copy(item, depth + 1)])));
  };
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    const value = scan.objects.get(number);
    if (value !== undefined && !used.has(number)) {
      used.set(number, null);
      used.set(number, copy(value, 0));
    }
  }
  return used;
}

function writeFile(
  header: string,
  objects: ReadonlyMap<number, PdfValue>,
  root: PdfRef,
  info: PdfValue | undefined,
): Buffer {
  // Four bytes above 127 tell programs that the file is binary (ISO 32000-1 §7.5.2).
  const parts: Buffer[] = [Buffer.from(`${header}\n%\xe2\xe3\xcf\xd3\n`, 'latin1')];
  let offset = parts[0]?.length ?? 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    offset += part.length;
  };
  const numbers = [...objects.keys()].toSorted((a, b) => a - b);
  const offsets = new Map<number, number>();
  for (const number of numbers) {
    offsets.set(number, offset);
    const value = objects.get(number) ?? null;
    add(Buffer.from(`${number} 0 obj\n`, 'latin1'));
    if (value instanceof PdfStream) {
      const entries = new Map([...value.dict.entries, ['Length', value.raw.length] as const]);
      add(Buffer.from(`${serializeValue(new PdfDict(entries))}\nstream\n`, 'latin1'));
      add(Buffer.from(value.raw.buffer, value.raw.byteOffset, value.raw.length));
      add(Buffer.from('\nendstream\nendobj\n', 'latin1'));
    } else {
      add(Buffer.from(`${serializeValue(value)}\nendobj\n`, 'latin1'));
    }
  }
  const size = (numbers.at(-1) ?? 0) + 1;
  let table = `xref\n0 ${size}\n`;
  for (let number = 0; number < size; number++) {
    const at = offsets.get(number);
    table +=
      at === undefined ? '0000000000 65535 f \n' : `${String(at).padStart(10, '0')} 00000 n \n`;
  }
  const trailer = new Map<string, PdfValue>([
    ['Size', size],
    ['Root', new PdfRef(root.number, 0)],
  ]);
  if (info instanceof PdfRef && objects.has(info.number)) {
    trailer.set('Info', new PdfRef(info.number, 0));
  }
  const end = `trailer\n${serializeValue(new PdfDict(trailer))}\nstartxref\n${offset}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(table + end, 'latin1')]);
}
