import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

import {
  DerFields,
  OID,
  TAG,
  encodeInteger,
  encodeOctetString,
  encodeSequence,
  readDer,
  readOctets,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { KEY_BYTES } from './key-agreement.ts';
import { TAG_BYTES, encodeMessage } from './message.ts';

/** First bytes of a file in segments; DER never starts so. */
export const SEGMENTED_MAGIC = Buffer.from('congvan-sealed/1\n', 'latin1');
/** Plaintext of a segment: large enough that the tag costs nothing, small enough for any memory. */
export const SEGMENT_BYTES = 1024 * 1024;
/** Limits on what a header may ask for. */
export const MIN_SEGMENT_BYTES = 64;
export const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
export const MAX_HEADER_BYTES = 1024 * 1024;

const VERSION = 1;
const PREFIX_BYTES = 7;
const NONCE_BYTES = 12;
const MAX_SEGMENTS = 2 ** 32;
const SEGMENT_KEY_INFO = 'congvan sealed segments 1';

/** What it takes to encrypt or decrypt the segments of one file. */
export interface SegmentKey {
  readonly key: Uint8Array;
  readonly prefix: Uint8Array;
  readonly segmentBytes: number;
}

/**
 * Makes the header of a segmented file: magic, length, and AuthEnvelopedData whose content is
 *
 *     SealedFileKey ::= SEQUENCE {
 *       version       INTEGER (1),
 *       fileKey       OCTET STRING (SIZE (32)),
 *       noncePrefix   OCTET STRING (SIZE (7)),
 *       segmentBytes  INTEGER }
 *
 * The key of the segments is derived from the file key and the header's authenticated attributes:
 * whoever learns the file key cannot put another header before the same segments.
 */
export function createHeader(
  recipients: readonly Certificate[],
  context: Uint8Array,
  segmentBytes: number,
): { readonly header: Uint8Array; readonly segmentKey: SegmentKey } {
  checkSegmentBytes(segmentBytes, 'SIGNER_INPUT_INVALID');
  const fileKey = randomBytes(KEY_BYTES);
  const prefix = randomBytes(PREFIX_BYTES);
  const content = encodeSequence(
    encodeInteger(VERSION),
    encodeOctetString(fileKey),
    encodeOctetString(prefix),
    encodeInteger(segmentBytes),
  );
  const { der, attributesDer } = encodeMessage(content, OID.sealedFileKey, recipients, context);
  if (der.length > MAX_HEADER_BYTES) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'too many recipients for one header');
  }
  const length = Buffer.alloc(4);
  length.writeUInt32BE(der.length);
  const key = deriveSegmentKey(fileKey, attributesDer);
  return {
    header: Buffer.concat([SEGMENTED_MAGIC, length, der]),
    segmentKey: { key, prefix, segmentBytes },
  };
}

function deriveSegmentKey(fileKey: Uint8Array, attributesDer: Uint8Array): Uint8Array {
  const salt = createHash('sha256').update(attributesDer).digest();
  return new Uint8Array(hkdfSync('sha256', fileKey, salt, SEGMENT_KEY_INFO, KEY_BYTES));
}

function checkSegmentBytes(
  segmentBytes: number,
  code: 'SIGNER_INPUT_INVALID' | 'SIGNER_SEAL_MALFORMED',
): void {
  if (
    !Number.isInteger(segmentBytes) ||
    segmentBytes < MIN_SEGMENT_BYTES ||
    segmentBytes > MAX_SEGMENT_BYTES
  ) {
    throw new SignerError(
      code,
      `segments of ${segmentBytes} bytes: ${MIN_SEGMENT_BYTES} to ${MAX_SEGMENT_BYTES} are allowed`,
    );
  }
}

/** Reads SealedFileKey, which came out of the header. */
export function readFileKey(content: Uint8Array, attributesDer: Uint8Array): SegmentKey {
  const fields = new DerFields(readDer(content), 'SealedFileKey');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const fileKey = readOctets(fields.take(TAG.OCTET_STRING, 'fileKey'));
  const prefix = readOctets(fields.take(TAG.OCTET_STRING, 'noncePrefix'));
  const segmentBytes = readSmallInteger(fields.take(TAG.INTEGER, 'segmentBytes'));
  fields.end();
  if (version !== VERSION || fileKey.length !== KEY_BYTES || prefix.length !== PREFIX_BYTES) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', 'the file key is malformed');
  }
  checkSegmentBytes(segmentBytes, 'SIGNER_SEAL_MALFORMED');
  return { key: deriveSegmentKey(fileKey, attributesDer), prefix, segmentBytes };
}

/** STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): prefix ‖ counter ‖ 1 for the last segment. */
function nonceOf({ prefix }: SegmentKey, index: number, isLast: boolean): Buffer {
  if (index >= MAX_SEGMENTS) {
    throw new SignerError('SIGNER_INPUT_INVALID', `more than ${MAX_SEGMENTS} segments`);
  }
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.set(prefix);
  nonce.writeUInt32BE(index, PREFIX_BYTES);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}

/** Ciphertext and tag of a segment. */
export function encryptSegment(
  segmentKey: SegmentKey,
  index: number,
  isLast: boolean,
  plaintext: Uint8Array,
): readonly [ciphertext: Uint8Array, tag: Uint8Array] {
  const cipher = createCipheriv('aes-256-gcm', segmentKey.key, nonceOf(segmentKey, index, isLast));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

/**
 * The plaintext of a segment, given out after its tag was checked.
 *
 * @throws {@link SignerError} `SIGNER_SEAL_TAMPERED` for a segment that was altered, moved, repeated
 *   or left out, and where the file was cut off.
 */
export function decryptSegment(
  segmentKey: SegmentKey,
  index: number,
  isLast: boolean,
  segment: Uint8Array,
): Uint8Array {
  const at = segment.length - TAG_BYTES;
  const isTooShort = at < 0 || (at === 0 && index > 0);
  if (!isTooShort) {
    const nonce = nonceOf(segmentKey, index, isLast);
    const decipher = createDecipheriv('aes-256-gcm', segmentKey.key, nonce);
    decipher.setAuthTag(segment.subarray(at));
    const plaintext = decipher.update(segment.subarray(0, at));
    try {
      decipher.final();
      return plaintext;
    } catch {
      plaintext.fill(0);
    }
  }
  throw new SignerError(
    'SIGNER_SEAL_TAMPERED',
    `segment ${index + 1} was altered, moved or cut off`,
    { details: { segment: index + 1 } },
  );
}
