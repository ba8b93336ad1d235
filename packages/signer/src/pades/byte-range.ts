import { type Hash, createHash } from 'node:crypto';

import { DerElement, TAG } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { PdfDict, PdfRef, PdfString, integerOf, isPdfArray, nameText } from '../pdf/values.ts';
import { findStartXref } from '../pdf/xref.ts';
import type { FormField } from './form.ts';

/** `[0, length1, start2, length2]`, in bytes from the start of the file. */
export type ByteRange = readonly [number, number, number, number];

/** A signature whose place in the file follows all rules; its cryptography is not judged yet. */
export interface LocatedSignature {
  readonly byteRange: ByteRange;
  /** Object number of the signature dictionary. */
  readonly number: number;
  readonly dict: PdfDict;
  readonly subFilter: string;
  /** The CMS message, without the zero bytes that fill the gap. */
  readonly cms: Uint8Array;
  /** The signed revision is the bytes before this offset. */
  readonly end: number;
  /** What `startxref` of the signed revision names. */
  readonly startXref: number;
}

/** A broken rule, in words. */
export interface MisplacedSignature {
  readonly problem: string;
}

/**
 * Checks the place of a signature: the rules that stop missing or overlapping ranges, signature
 * wrapping and forged gaps. The gap must be exactly the hexadecimal `/Contents` of this very
 * dictionary, and the range must end where a revision of the file ends.
 */
export function locateSignature(
  document: PdfDocument,
  field: FormField,
): LocatedSignature | MisplacedSignature {
  try {
    return locate(document, field);
  } catch (error) {
    if (error instanceof SignerError) return { problem: error.message };
    throw error;
  }
}

function problem(text: string): MisplacedSignature {
  return { problem: text };
}

function locate(document: PdfDocument, field: FormField): LocatedSignature | MisplacedSignature {
  const { bytes } = document.source;
  if (!(field.value instanceof PdfRef)) return problem('/V is no indirect reference');
  const object = document.fileObject(field.value.number);
  const dict = object?.value;
  if (object === undefined || !(dict instanceof PdfDict)) {
    return problem('the signature dictionary does not stand in the file by itself');
  }
  if (object.generation !== field.value.generation) return problem('/V names another generation');
  if (dict.hasDuplicateKeys) return problem('the signature dictionary repeats a key');
  const type = nameText(dict.get('Type')) ?? 'Sig';
  if (type !== 'Sig' && type !== 'DocTimeStamp') return problem(`/Type ${type} is no signature`);
  const byteRange = readByteRange(dict);
  if (byteRange === undefined) return problem('/ByteRange is missing or not four integers');
  const [start1, length1, start2, length2] = byteRange;
  const end = start2 + length2;
  const isOrdered = start1 === 0 && length1 > 0 && start2 > length1 && length2 > 0;
  if (!isOrdered || end > bytes.length) {
    return problem(`/ByteRange [${byteRange.join(' ')}] is not two parts around one gap`);
  }
  const contents = dict.get('Contents');
  if (!(contents instanceof PdfString) || !contents.isHex) {
    return problem('/Contents is missing or no hexadecimal string');
  }
  const isWholeGap = contents.start === length1 && contents.end === start2;
  if (!isWholeGap || contents.bytes.length * 2 + 2 !== start2 - length1) {
    return problem('the gap of /ByteRange is not exactly the /Contents of this signature');
  }
  if (object.start >= length1 || object.end > end) {
    return problem('the signature dictionary is not inside its own range');
  }
  const { offset: startXref, eofEnd } = findStartXref(bytes, end);
  if (!/^(?:|\r|\n|\r\n)$/.test(Buffer.from(bytes.subarray(eofEnd, end)).toString('latin1'))) {
    return problem('the range does not end at the end of a revision (%%EOF)');
  }
  const cms = cutCms(contents.bytes);
  if (cms === undefined) return problem('/Contents is no CMS message followed by zero bytes');
  return {
    byteRange,
    number: object.number,
    dict,
    subFilter: nameText(dict.get('SubFilter')) ?? '',
    cms,
    end,
    startXref,
  };
}

function readByteRange(dict: PdfDict): ByteRange | undefined {
  const value = dict.get('ByteRange');
  if (!isPdfArray(value) || value.length !== 4) return undefined;
  const [start1, length1, start2, length2] = value.map((item) => integerOf(item) ?? -1);
  if (start1 === undefined || length1 === undefined) return undefined;
  if (start2 === undefined || length2 === undefined) return undefined;
  const byteRange = [start1, length1, start2, length2] as const;
  return byteRange.every((number) => number >= 0) ? byteRange : undefined;
}

/** The first BER value; the rest must be zero bytes, or something could hide there. */
function cutCms(contents: Uint8Array): Uint8Array | undefined {
  const { length } = contents;
  if (contents[0] !== TAG.SEQUENCE) return undefined;
  const envelope = new DerElement(contents, TAG.SEQUENCE, 0, 0, length, length, 0, 'BER');
  const first = envelope.members().next().value;
  if (first === undefined) return undefined;
  for (let i = first.end; i < length; i++) if (contents[i] !== 0) return undefined;
  return contents.subarray(0, first.end);
}

/** Digests what a signature covers: the file before and after its gap (ISO 32000-1 §12.8.1). */
export function digestByteRange(pdf: Uint8Array, byteRange: ByteRange, hash: string): Buffer {
  const [start1, length1, start2, length2] = byteRange;
  const digest: Hash = createHash(hash);
  digest.update(pdf.subarray(start1, start1 + length1));
  digest.update(pdf.subarray(start2, start2 + length2));
  return digest.digest();
}
