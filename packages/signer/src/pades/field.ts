import { createHash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import type { IncrementWriter } from '../pdf/increment.ts';
import { serializeValue, withEntries } from '../pdf/serialize.ts';
import { encodeTextString } from '../pdf/text.ts';
import { PdfDict, PdfName, PdfRef, PdfString, type PdfValue } from '../pdf/values.ts';
import type { ByteRange } from './byte-range.ts';
import type { FormField } from './form.ts';
import type { PageObject } from './structure.ts';

/** Print and Locked: the field is printed and cannot be moved (ISO 32000-1 §12.5.3). */
const WIDGET_FLAGS = 132;
/** SignaturesExist and AppendOnly (§12.7.2). */
const SIGNATURE_FLAGS = 3;
/** Room for four offsets of ten digits. */
const BYTE_RANGE_WIDTH = '[0 0000000000 0000000000 0000000000]'.length;
const BYTE_RANGE_ROOM = `${' '.repeat(BYTE_RANGE_WIDTH)} /Contents <`;
const ID_SOURCE_BYTES = 4096;

/** Where and how a signature is shown. */
export interface WidgetPlace {
  readonly page: PageObject;
  /** `/Rect`, and `/AP` when it can be seen. */
  readonly entries: ReadonlyMap<string, PdfValue>;
}

/** `/Rect` of a field that shows nothing (ETSI EN 319 142-1 §6.3, ISO 32000-1 §12.7.4.5). */
export const INVISIBLE: ReadonlyMap<string, PdfValue> = new Map([['Rect', [0, 0, 0, 0]]]);

/** A signature dictionary as it stands in the increment, its gap still empty. */
export interface WrittenSignature {
  readonly ref: PdfRef;
  /** Offset of the room for `/ByteRange`. */
  readonly byteRangeStart: number;
  /** Offset of the `<` of `/Contents`. */
  readonly gapStart: number;
  /** Most bytes the CMS message may have. */
  readonly roomBytes: number;
}

/** Writes a signature dictionary with room for `/ByteRange` and `/Contents`. */
export function writeSignature(
  writer: IncrementWriter,
  entries: ReadonlyMap<string, PdfValue>,
  roomBytes: number,
): WrittenSignature {
  const head = `${serializeValue(new PdfDict(entries)).slice(0, -2)}/ByteRange `;
  const ref = writer.allocate();
  const gap = { zeroCount: 2 * roomBytes };
  const byteRangeStart = writer.writeBody(ref, [head + BYTE_RANGE_ROOM, gap, '> >>']) + head.length;
  const gapStart = byteRangeStart + BYTE_RANGE_ROOM.length - 1;
  return { ref, byteRangeStart, gapStart, roomBytes };
}

/** Writes `/ByteRange` into the finished file: all of it but the gap. */
export function fillByteRange(
  file: Buffer,
  { byteRangeStart, gapStart, roomBytes }: WrittenSignature,
): ByteRange {
  const gapEnd = gapStart + 2 + 2 * roomBytes;
  const byteRange = [0, gapStart, gapEnd, file.length - gapEnd] as const;
  const text = `[${byteRange.join(' ')}]`.padEnd(BYTE_RANGE_WIDTH);
  file.write(text, byteRangeStart, 'latin1');
  return byteRange;
}

/**
 * Writes the CMS message into the gap.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when it is longer than the room kept for it.
 */
export function fillContents(
  file: Buffer,
  { gapStart, roomBytes }: WrittenSignature,
  cms: Uint8Array,
): void {
  if (cms.length > roomBytes) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `signature of ${cms.length} bytes does not fit the ${roomBytes} bytes kept for it`,
      { details: { bytes: cms.length, reservedBytes: roomBytes } },
    );
  }
  const message = Buffer.from(cms.buffer, cms.byteOffset, cms.length);
  file.write(message.toString('hex'), gapStart + 1, 'latin1');
}

/**
 * The second part of `/ID`, different for every revision: the end of the file holds the identifier
 * before (§14.4).
 */
export function newFileId(pdf: Uint8Array, salt: string): PdfString {
  const hash = createHash('sha256').update(pdf.subarray(-ID_SOURCE_BYTES));
  hash.update(`${pdf.length} ${salt}`);
  return new PdfString(hash.digest().subarray(0, 16), true, 0, 0);
}

/**
 * Gives the name of a new field: the wanted one, else the first that is free.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID`, `SIGNER_PDF_FIELD_EXISTS`.
 */
export function chooseFieldName(
  fields: readonly FormField[],
  wanted: string | undefined,
  prefix: string,
): string {
  const taken = new Set(fields.map((field) => field.name.normalize('NFC')));
  if (wanted === undefined) {
    let number = 1;
    while (taken.has(`${prefix}${number}`)) number++;
    return `${prefix}${number}`;
  }
  const name = wanted.normalize('NFC');
  if (name === '' || name.includes('.')) {
    throw new SignerError('SIGNER_INPUT_INVALID', `field name "${name}" is empty or has a dot`);
  }
  if (taken.has(name)) {
    throw new SignerError('SIGNER_PDF_FIELD_EXISTS', `the PDF already has a field "${name}"`);
  }
  return name;
}

/** A new signature field: field and widget in one object (§12.7.4.5). */
export interface NewField {
  readonly name: string;
  readonly signature: PdfRef;
  readonly place: WidgetPlace;
  /** What the signature locks (`/Lock`, §12.7.4.5). */
  readonly lock?: PdfRef | undefined;
  /** Further keys the catalog gets. */
  readonly catalog?: Readonly<Record<string, PdfValue>>;
}

/** Adds a signed field to its page and to the form; touches as few objects as it can. */
export function addField(writer: IncrementWriter, document: PdfDocument, field: NewField): void {
  const { page, entries } = field.place;
  const widget = writer.allocate();
  const dict = new Map<string, PdfValue>([
    ['Type', new PdfName('Annot')],
    ['Subtype', new PdfName('Widget')],
    ['FT', new PdfName('Sig')],
    ['T', encodeTextString(field.name)],
    ['V', field.signature],
    ['F', WIDGET_FLAGS],
    ...entries,
    ['P', page.ref],
  ]);
  if (field.lock !== undefined) dict.set('Lock', field.lock);
  writer.write(widget, new PdfDict(dict));
  addToPage(writer, document, page, widget);
  addToForm(writer, document, widget, field.catalog ?? {});
}

/** Appends to `/Annots` where it stands: in the page, or in an array object of its own. */
function addToPage(
  writer: IncrementWriter,
  document: PdfDocument,
  page: PageObject,
  widget: PdfRef,
): void {
  const annotations = page.dict.get('Annots');
  const items = document.array(annotations);
  if (annotations instanceof PdfRef && items !== undefined) {
    writer.write(writer.existing(annotations.number), [...items, widget]);
  } else {
    const changed = withEntries(page.dict, { Annots: [...(items ?? []), widget] });
    writer.write(writer.existing(page.ref.number), changed);
  }
}

function addToForm(
  writer: IncrementWriter,
  document: PdfDocument,
  widget: PdfRef,
  catalogChanges: Readonly<Record<string, PdfValue>>,
): void {
  const acroForm = document.catalog().get('AcroForm');
  const form = document.dict(acroForm);
  const fields = form?.get('Fields');
  const items = document.array(fields);
  const changes: Record<string, PdfValue> = {};
  if (fields instanceof PdfRef && items !== undefined) {
    writer.write(writer.existing(fields.number), [...items, widget]);
  } else {
    changes['Fields'] = [...(items ?? []), widget];
  }
  if (document.resolve(form?.get('SigFlags')) !== SIGNATURE_FLAGS) {
    changes['SigFlags'] = SIGNATURE_FLAGS;
  }
  if (Object.keys(changes).length === 0) return changeCatalog(writer, document, catalogChanges);
  const changed = withEntries(form ?? new PdfDict(new Map()), changes);
  if (acroForm instanceof PdfRef && form !== undefined) {
    writer.write(writer.existing(acroForm.number), changed);
    return changeCatalog(writer, document, catalogChanges);
  }
  const formRef = writer.allocate();
  writer.write(formRef, changed);
  return changeCatalog(writer, document, { ...catalogChanges, AcroForm: formRef });
}

/** Writes the catalog again with some keys set; leaves it alone when there are none. */
export function changeCatalog(
  writer: IncrementWriter,
  document: PdfDocument,
  changes: Readonly<Record<string, PdfValue>>,
): void {
  const root = document.trailer.get('Root');
  if (Object.keys(changes).length === 0 || !(root instanceof PdfRef)) return;
  writer.write(writer.existing(root.number), withEntries(document.catalog(), changes));
}
