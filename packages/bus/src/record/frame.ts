import { createHash } from 'node:crypto';

import { BusError } from '../errors.ts';
import {
  MAX_OPEN_PART_BYTES,
  MAX_RECORD_PAYLOAD_BYTES,
  MAX_RECORD_SIGNATURE_BYTES,
} from './limits.ts';
import type { RecordType } from './payload.ts';

/** Signs the bytes of a record with the node key and returns the detached CMS SignedData. */
export type SignBytes = (tbs: Uint8Array) => Promise<Uint8Array>;

/** A frame taken apart and not yet believed: all fields are views of the bytes as received. */
export interface RawRecord {
  readonly version: number;
  readonly type: RecordType;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** Everything before the length of the signature. */
  readonly signedBytes: Uint8Array;
  /** The whole frame, to be kept as evidence. */
  readonly bytes: Uint8Array;
}

export const RECORD_VERSION = 1;
/** The number of each type on the wire; a number is never given to another type. */
export const RECORD_TYPE_NUMBERS = {
  delivery: 1,
  receipt: 2,
  report: 3,
  watermark: 4,
  directory: 5,
} as const satisfies Record<RecordType, number>;

const TYPES_BY_NUMBER: readonly (RecordType | undefined)[] = [
  undefined,
  'delivery',
  'receipt',
  'report',
  'watermark',
  'directory',
];
const MAGIC = Uint8Array.of(0x43, 0x56, 0x52); // 'CVR'
const VERSION_OFFSET = 3;
const TYPE_OFFSET = 4;
const PAYLOAD_LENGTH_OFFSET = 5;
const HEADER_BYTES = 9;
const LENGTH_BYTES = 4;

/**
 * Makes a record: `CVR`, version, type, payload length, payload, signature length, signature.
 *
 * @param payload - the bytes of `encodePayload`.
 * @throws {@link BusError} `BUS_RECORD_TOO_LARGE` when payload or signature is over its limit.
 */
export async function signRecord(
  type: RecordType,
  payload: Uint8Array,
  sign: SignBytes,
): Promise<Uint8Array> {
  const tbs = recordSigningInput(type, payload);
  const signature = await sign(tbs);
  if (signature.length === 0) throw malformed('the signature is empty', 0);
  checkSize('signature', signature.length, MAX_RECORD_SIGNATURE_BYTES);
  const bytes = new Uint8Array(tbs.length + LENGTH_BYTES + signature.length);
  bytes.set(tbs, 0);
  new DataView(bytes.buffer).setUint32(tbs.length, signature.length);
  bytes.set(signature, tbs.length + LENGTH_BYTES);
  return bytes;
}

/** The bytes that the signature of a record covers: the frame up to the end of the payload. */
export function recordSigningInput(type: RecordType, payload: Uint8Array): Uint8Array {
  if (payload.length === 0) throw malformed('the payload is empty', HEADER_BYTES);
  checkSize('payload', payload.length, MAX_RECORD_PAYLOAD_BYTES);
  const tbs = new Uint8Array(HEADER_BYTES + payload.length);
  tbs.set(MAGIC, 0);
  tbs[VERSION_OFFSET] = RECORD_VERSION;
  tbs[TYPE_OFFSET] = RECORD_TYPE_NUMBERS[type];
  new DataView(tbs.buffer).setUint32(PAYLOAD_LENGTH_OFFSET, payload.length);
  tbs.set(payload, HEADER_BYTES);
  return tbs;
}

/** A NATS message: the record, then the parts of its body as they are. */
export function encodeMessage(record: Uint8Array, ...body: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = body.reduce((sum, part) => sum + part.length, 0);
  if (bodyBytes === 0) return record;
  checkSize('body', bodyBytes, MAX_OPEN_PART_BYTES);
  return Buffer.concat([record, ...body], record.length + bodyBytes);
}

/**
 * Takes a NATS message apart. Nothing is verified yet: see `authenticateRecord`.
 *
 * @returns views of `bytes`, not copies.
 * @throws {@link BusError} `BUS_RECORD_MALFORMED` with the byte offset, or `BUS_RECORD_TOO_LARGE`.
 */
export function decodeMessage(bytes: Uint8Array): { record: RawRecord; body: Uint8Array } {
  if (bytes.length < HEADER_BYTES) throw malformed('the frame is cut short', bytes.length);
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw malformed('it does not start with CVR', 0);
  }
  const version = bytes[VERSION_OFFSET] ?? 0;
  if (version !== RECORD_VERSION) throw malformed(`version ${version} is unknown`, VERSION_OFFSET);
  const typeNumber = bytes[TYPE_OFFSET] ?? 0;
  const type = TYPES_BY_NUMBER[typeNumber];
  if (type === undefined) throw malformed(`type ${typeNumber} is unknown`, TYPE_OFFSET);
  const payload = readBlock(bytes, PAYLOAD_LENGTH_OFFSET, 'payload', MAX_RECORD_PAYLOAD_BYTES);
  const signedEnd = HEADER_BYTES + payload.length;
  const signature = readBlock(bytes, signedEnd, 'signature', MAX_RECORD_SIGNATURE_BYTES);
  const end = signedEnd + LENGTH_BYTES + signature.length;
  const body = bytes.subarray(end);
  checkSize('body', body.length, MAX_OPEN_PART_BYTES);
  const signedBytes = bytes.subarray(0, signedEnd);
  const frame = bytes.subarray(0, end);
  return { record: { version, type, payload, signature, signedBytes, bytes: frame }, body };
}

/** As {@link decodeMessage} for a stored record, which has nothing after its signature. */
export function decodeRecord(bytes: Uint8Array): RawRecord {
  const { record, body } = decodeMessage(bytes);
  if (body.length > 0) {
    throw malformed(`${body.length} bytes follow the signature`, record.bytes.length);
  }
  return record;
}

/** As {@link decodeRecord}, with the fault in words for bytes that are no record. */
export function tryDecodeRecord(bytes: Uint8Array): RawRecord | string {
  try {
    return decodeRecord(bytes);
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}

/** SHA-256 of the payload bytes, lower hex: the link of a report chain, and the watermark's hash. */
export function payloadHash(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex');
}

function readBlock(bytes: Uint8Array, offset: number, what: string, limit: number): Uint8Array {
  const start = offset + LENGTH_BYTES;
  if (bytes.length < start) throw malformed(`no room for the length of the ${what}`, offset);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(offset);
  if (length === 0) throw malformed(`the ${what} is empty`, offset);
  checkSize(what, length, limit);
  if (bytes.length < start + length) {
    throw malformed(`the ${what} of ${length} bytes is cut short`, bytes.length);
  }
  return bytes.subarray(start, start + length);
}

function checkSize(what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new BusError(
    'BUS_RECORD_TOO_LARGE',
    `${what} of ${bytes} bytes, at most ${limit} are allowed`,
    { details: { part: what, bytes, limit } },
  );
}

function malformed(fault: string, offset: number): BusError {
  return new BusError('BUS_RECORD_MALFORMED', `not a record: ${fault}, at byte ${offset}`, {
    details: { offset },
  });
}
