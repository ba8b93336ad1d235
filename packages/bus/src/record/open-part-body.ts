import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { BusError } from '../errors.ts';
import { MAX_OPEN_PART_BYTES } from './limits.ts';

/** A header with a thousand recipients shrinks to a thirtieth; digests and signatures hardly do. */
export const MAX_OPEN_PART_RATIO = 200;

const DEFLATE_LEVEL = 9;
/** A short one is packed with little memory: the default would allocate 256 KiB for each. */
const SMALL_BYTES = 8 * 1024;
const SMALL = { level: DEFLATE_LEVEL, windowBits: 13, memLevel: 6 } as const;

/**
 * An open part in raw deflate (RFC 1951): the body of a dispatch report, so that the relay can show
 * header, manifest and signature when the bus is gone; and before the sealed content of a delivery
 * whose record says so.
 */
export function packOpenPart(openPart: Uint8Array): Uint8Array {
  const options = openPart.length <= SMALL_BYTES ? SMALL : { level: DEFLATE_LEVEL };
  return deflateRawSync(openPart, options);
}

/**
 * Unpacks a packed open part; what it holds is not looked at.
 *
 * @throws {@link BusError} `BUS_RECORD_TOO_LARGE` when it unpacks to more than an open part may have
 *   or to more than {@link MAX_OPEN_PART_RATIO} times its size, `BUS_RECORD_MALFORMED` for anything
 *   that is not one deflate stream to its last byte.
 */
export function unpackOpenPart(body: Uint8Array): Uint8Array {
  const maxOutputLength = Math.min(MAX_OPEN_PART_BYTES, body.length * MAX_OPEN_PART_RATIO);
  let unpacked: unknown;
  try {
    unpacked = inflateRawSync(body, { maxOutputLength: Math.max(maxOutputLength, 1), info: true });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new BusError(
        'BUS_RECORD_TOO_LARGE',
        `an open part of ${body.length} bytes unpacks to more than ${maxOutputLength}`,
        { cause, details: { part: 'body', bytes: body.length, limit: maxOutputLength } },
      );
    }
    throw malformed('it is not packed with deflate', cause);
  }
  if (!isInflated(unpacked)) throw new TypeError('zlib gives no account of what it read');
  // Nothing may ride along behind the end of the stream.
  if (unpacked.engine.bytesWritten !== body.length) throw malformed('bytes follow the open part');
  return unpacked.buffer;
}

interface Inflated {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: into the engine, so of the input. */
  readonly engine: { readonly bytesWritten: number };
}

function isInflated(value: unknown): value is Inflated {
  if (typeof value !== 'object' || value === null) return false;
  const { buffer, engine }: Partial<Record<keyof Inflated, unknown>> = value;
  return buffer instanceof Uint8Array && typeof engine === 'object' && engine !== null;
}

function malformed(fault: string, cause?: unknown): BusError {
  return new BusError('BUS_RECORD_MALFORMED', `not a packed open part: ${fault}`, {
    details: { part: 'body' },
    ...(cause === undefined ? {} : { cause }),
  });
}
