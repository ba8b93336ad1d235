import { createHash } from 'node:crypto';

import { signCms } from '../cms/sign.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { type PdfDocument, openPdf } from '../pdf/document.ts';
import { IncrementWriter } from '../pdf/increment.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { serializeValue, withEntries } from '../pdf/serialize.ts';
import { encodeDate, encodeTextString } from '../pdf/text.ts';
import { PdfDict, PdfName, PdfRef, PdfString, type PdfValue } from '../pdf/values.ts';
import { type ByteRange, digestByteRange } from './byte-range.ts';
import type { FormField } from './form.ts';
import { type PageObject, checkSignable } from './refusals.ts';

export interface SignPdfOptions {
  /** The time the signer claims; it is no proof (`/M`). */
  readonly signedAt: Date;
  readonly reason?: string;
  readonly location?: string;
  readonly contactInfo?: string;
  /** Name of the new signature field; by default the first free `SignatureN`. */
  readonly fieldName?: string;
  readonly limits?: PdfLimits;
}

/** Print and Locked: the field is printed and cannot be moved (ISO 32000-1 §12.5.3). */
const WIDGET_FLAGS = 132;
/** SignaturesExist and AppendOnly (§12.7.2). */
const SIGNATURE_FLAGS = 3;
/** Room for four offsets of ten digits. */
const BYTE_RANGE_WIDTH = '[0 0000000000 0000000000 0000000000]'.length;
/** Signature value, signed attributes and the algorithm identifiers of one SignerInfo. */
const CMS_OVERHEAD_BYTES = 1536;
const MAX_TEXT_LENGTH = 2_000;
const ID_SOURCE_BYTES = 4096;

/**
 * Signs a PDF as PAdES B-B (ETSI EN 319 142-1 §6.3): a detached CAdES signature in a new, invisible
 * signature field on the first page, appended as an incremental update. The output begins with the
 * exact input, so that earlier signatures stay valid.
 *
 * @returns the whole signed file.
 * @throws {@link SignerError} `SIGNER_PDF_*` when the file cannot be read or must not be signed,
 *   `SIGNER_INPUT_INVALID` for an unusable option, and whatever the signer throws.
 */
export async function signPdf(
  pdf: Uint8Array,
  signer: Signer,
  options: SignPdfOptions,
): Promise<Uint8Array> {
  checkOptions(options);
  let reserved = CMS_OVERHEAD_BYTES + 2 * signer.certificate.issuerDer.length;
  for (const certificate of [signer.certificate, ...signer.chain]) {
    reserved += certificate.der.length;
  }
  const prepared = prepareSignature(pdf, signer, options, reserved);
  const { file, byteRange, gapStart } = prepared;
  const cms = await signCms({ digest: (name) => digestByteRange(file, byteRange, name) }, signer);
  if (cms.length > reserved) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `signature of ${cms.length} bytes does not fit the ${reserved} bytes kept for it`,
      { details: { bytes: cms.length, reservedBytes: reserved } },
    );
  }
  file.write(Buffer.from(cms).toString('hex'), gapStart + 1, 'latin1');
  return file;
}

function checkOptions(options: SignPdfOptions): void {
  const year = options.signedAt.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9998) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'signedAt is no usable time', { details: {} });
  }
  for (const key of ['reason', 'location', 'contactInfo', 'fieldName'] as const) {
    const length = options[key]?.length ?? 0;
    if (length > MAX_TEXT_LENGTH) {
      throw new SignerError(
        'SIGNER_INPUT_INVALID',
        `${key} of ${length} characters, limit ${MAX_TEXT_LENGTH}`,
        { details: { length, maxLength: MAX_TEXT_LENGTH } },
      );
    }
  }
}

interface PreparedSignature {
  readonly file: Buffer;
  /** Offset of the `<` of `/Contents`. */
  readonly gapStart: number;
  readonly byteRange: ByteRange;
}

function prepareSignature(
  pdf: Uint8Array,
  signer: Signer,
  options: SignPdfOptions,
  reserved: number,
): PreparedSignature {
  const document = openPdf(pdf, options.limits ?? DEFAULT_PDF_LIMITS);
  const { firstPage, fields, references } = checkSignable(document);
  const fieldName = chooseFieldName(fields, options.fieldName);
  const writer = new IncrementWriter(document, references);
  const signature = writeSignature(writer, signer, options, reserved);
  const widget = writer.allocate();
  writer.write(widget, widgetOf(fieldName, signature.ref, firstPage.ref));
  addToPage(writer, document, firstPage, widget);
  addToForm(writer, document, widget);
  const increment = writer.finish(newFileId(pdf, fieldName, options.signedAt));

  const file = Buffer.allocUnsafe(pdf.length + increment.length);
  file.set(pdf);
  file.set(increment, pdf.length);
  const gapEnd = signature.gapStart + 2 + 2 * reserved;
  const byteRange = [0, signature.gapStart, gapEnd, file.length - gapEnd] as const;
  const text = `[${byteRange.join(' ')}]`.padEnd(BYTE_RANGE_WIDTH);
  file.write(text, signature.byteRangeStart, 'latin1');
  return { file, gapStart: signature.gapStart, byteRange };
}

/** Different for every revision: the end of the file holds the identifier before (§14.4). */
function newFileId(pdf: Uint8Array, fieldName: string, signedAt: Date): PdfString {
  const hash = createHash('sha256').update(pdf.subarray(-ID_SOURCE_BYTES));
  hash.update(`${pdf.length} ${fieldName} ${signedAt.toISOString()}`);
  return new PdfString(hash.digest().subarray(0, 16), true, 0, 0);
}

function chooseFieldName(fields: readonly FormField[], wanted: string | undefined): string {
  const taken = new Set(fields.map((field) => field.name.normalize('NFC')));
  if (wanted !== undefined) {
    const name = wanted.normalize('NFC');
    if (name === '' || name.includes('.')) {
      throw new SignerError('SIGNER_INPUT_INVALID', `field name "${name}" is empty or has a dot`, {
        details: {},
      });
    }
    if (taken.has(name)) {
      throw new SignerError('SIGNER_PDF_FIELD_EXISTS', `the PDF already has a field "${name}"`, {
        details: {},
      });
    }
    return name;
  }
  let number = 1;
  while (taken.has(`Signature${number}`)) number++;
  return `Signature${number}`;
}

function writeSignature(
  writer: IncrementWriter,
  signer: Signer,
  options: SignPdfOptions,
  reserved: number,
): { ref: PdfRef; byteRangeStart: number; gapStart: number } {
  const entries = new Map<string, PdfValue>([
    ['Type', new PdfName('Sig')],
    ['Filter', new PdfName('Adobe.PPKLite')],
    ['SubFilter', new PdfName('ETSI.CAdES.detached')],
    ['M', encodeTextString(encodeDate(options.signedAt))],
  ]);
  const texts: readonly (readonly [string, string | undefined])[] = [
    ['Name', signer.certificate.commonName],
    ['Reason', options.reason],
    ['Location', options.location],
    ['ContactInfo', options.contactInfo],
  ];
  for (const [key, text] of texts) {
    if (text !== undefined && text !== '') entries.set(key, encodeTextString(text));
  }
  const head = `${serializeValue(new PdfDict(entries)).slice(0, -2)}/ByteRange `;
  const middle = ' '.repeat(BYTE_RANGE_WIDTH) + ' /Contents ';
  const ref = writer.allocate();
  const body = `${head}${middle}<${'0'.repeat(2 * reserved)}> >>`;
  const byteRangeStart = writer.writeText(ref, body) + head.length;
  return { ref, byteRangeStart, gapStart: byteRangeStart + middle.length };
}

function widgetOf(name: string, signature: PdfRef, page: PdfRef): PdfDict {
  return new PdfDict(
    new Map<string, PdfValue>([
      ['Type', new PdfName('Annot')],
      ['Subtype', new PdfName('Widget')],
      ['FT', new PdfName('Sig')],
      ['T', encodeTextString(name)],
      ['V', signature],
      ['F', WIDGET_FLAGS],
      ['Rect', [0, 0, 0, 0]],
      ['P', page],
    ]),
  );
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

/** Appends to `/Fields`, making the form when there is none; touches as few objects as it can. */
function addToForm(writer: IncrementWriter, document: PdfDocument, widget: PdfRef): void {
  const catalog = document.catalog();
  const acroForm = catalog.get('AcroForm');
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
  if (Object.keys(changes).length === 0) return;
  const changed = withEntries(form ?? new PdfDict(new Map()), changes);
  if (acroForm instanceof PdfRef && form !== undefined) {
    writer.write(writer.existing(acroForm.number), changed);
    return;
  }
  const root = document.trailer.get('Root');
  if (!(root instanceof PdfRef)) return;
  const formRef = writer.allocate();
  writer.write(formRef, changed);
  writer.write(writer.existing(root.number), withEntries(catalog, { AcroForm: formRef }));
}
