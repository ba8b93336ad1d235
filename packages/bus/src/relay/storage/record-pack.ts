import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { MAX_RECORD_PAYLOAD_BYTES, MAX_RECORD_SIGNATURE_BYTES } from '../../record/limits.ts';

/** More than header and lengths of a record take. */
const FRAME_BYTES = 64;
const MAX_UNPACKED_BYTES = MAX_RECORD_PAYLOAD_BYTES + MAX_RECORD_SIGNATURE_BYTES + FRAME_BYTES;
/** Dictionary and record lie in a window of 8 KiB. */
const WINDOW_BITS = 13;
/** Small buffers: to make those of zlib's defaults takes as long as to deflate a record. */
const DEFLATE = { level: 6, windowBits: WINDOW_BITS, memLevel: 1, chunkSize: 1_024 } as const;

/**
 * The words of all kinds of reports, which the one record of an agency does not hold. What was packed
 * with it can be read with nothing else: it never changes.
 */
const WORDS = Buffer.from(
  [
    '"},"entry":{"kind":"withdrawn","documentId":"","businessType":0,"documentVersion":1,"to":"",',
    '"at":"2026-","cause":"unanswered"}}","cause":"given-up","reason":""}}',
    '"},"entry":{"kind":"void","year":2026,"number":1,"reason":""}}',
    '"},"entry":{"kind":"paper","register":{"year":2026,"number":1,"notation":"CV-VP","issuedOn":"2026-',
    '"},"documentType":"Báo cáo","abstract":"Về việc ","recipients":["","reason":"not-connected"}}',
    '"},"entry":{"kind":"dispatch","register":{"year":2026,"number":1,"notation":"CV-UBND","issuedOn":"2026-',
    '"},"documentId":"","businessType":0,"documentVersion":1,"documentType":"Công văn","abstract":"Về việc ',
    '","priority":0,"signed":true,"packageDigest":"","recipients":[{"to":"H","mode":"E"},{"to":"H","mode":"E"}]}}',
    '{"from":"H","number":1,"previous":"","at":"2026-',
    'Z","entry":{"kind":"receipt","sender":"H","documentId":"","businessType":0,"documentVersion":1,',
    '"packageDigest":"","status":"01","at":"2026-Z","reason":"","incoming":{"year":2026,"number":1}}}',
  ].join(''),
);

/** @returns the record deflated against a whole one; `undefined` when that saves nothing. */
export function packRecord(record: Uint8Array, base: Uint8Array): Uint8Array | undefined {
  const packed = deflateRawSync(record, { ...DEFLATE, dictionary: dictionaryOf(base) });
  return packed.length < record.length ? packed : undefined;
}

/** @throws {RangeError} for more than any record holds; `Error` of zlib for damaged bytes. */
export function unpackRecord(packed: Uint8Array, base: Uint8Array): Uint8Array {
  return inflateRawSync(packed, {
    windowBits: WINDOW_BITS,
    dictionary: dictionaryOf(base),
    maxOutputLength: MAX_UNPACKED_BYTES,
  });
}

/** What is likeliest stands last, nearest to the record. */
function dictionaryOf(base: Uint8Array): Uint8Array {
  return Buffer.concat([WORDS, base]);
}
