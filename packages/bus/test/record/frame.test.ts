import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BusError,
  MAX_OPEN_PART_BYTES,
  MAX_RECORD_PAYLOAD_BYTES,
  MAX_RECORD_SIGNATURE_BYTES,
  RECORD_TYPE_NUMBERS,
  type RecordType,
  decodeMessage,
  decodeRecord,
  encodeMessage,
  recordSigningInput,
  signRecord,
} from '../../src/index.ts';

const PAYLOAD = Buffer.from('{}');
const SIGNATURE = Buffer.from('signature');
const types = Object.keys(RECORD_TYPE_NUMBERS).filter(
  (key): key is RecordType => key in RECORD_TYPE_NUMBERS,
);

async function frame(payload: Uint8Array = PAYLOAD, signature: Uint8Array = SIGNATURE) {
  return Buffer.from(await signRecord('receipt', payload, async () => signature));
}

function codeOf(bytes: Uint8Array): string {
  try {
    decodeMessage(bytes);
  } catch (error) {
    if (error instanceof BusError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('signRecord', () => {
  it('signs everything before the length of the signature', async () => {
    let signed: Uint8Array | undefined;
    const bytes = await signRecord('report', PAYLOAD, async (tbs) => {
      signed = Uint8Array.from(tbs);
      return SIGNATURE;
    });
    const { record } = decodeMessage(bytes);
    expect(signed).toEqual(Uint8Array.from(record.signedBytes));
    expect(signed).toEqual(recordSigningInput('report', PAYLOAD));
    expect(Buffer.from(bytes).toString('latin1')).toBe(
      'CVR\u0001\u0003\0\0\0\u0002{}\0\0\0\u0009signature',
    );
  });

  it('keeps to its limits', async () => {
    const largest = Buffer.alloc(MAX_RECORD_PAYLOAD_BYTES, 0x20);
    expect(codeOf(await frame(largest, Buffer.alloc(MAX_RECORD_SIGNATURE_BYTES)))).toBe('accepted');
    await expect(frame(Buffer.alloc(MAX_RECORD_PAYLOAD_BYTES + 1))).rejects.toThrow(
      'payload of 65537 bytes, at most 65536 are allowed',
    );
    await expect(frame(PAYLOAD, Buffer.alloc(MAX_RECORD_SIGNATURE_BYTES + 1))).rejects.toThrow(
      'signature of 16385 bytes',
    );
    await expect(frame(PAYLOAD, Buffer.alloc(0))).rejects.toThrow('the signature is empty');
    await expect(frame(Buffer.alloc(0))).rejects.toThrow('the payload is empty');
  });
});

describe('decodeMessage', () => {
  it('takes any record and body apart again', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...types),
        bytes,
        bytes,
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(9),
        async (type, payload, signature, body, shift) => {
          const record = await signRecord(type, payload, async () => signature);
          const message = encodeMessage(record, body);
          const shifted = new Uint8Array(message.length + shift).subarray(shift);
          shifted.set(message);
          const decoded = decodeMessage(shifted);
          expect(decoded.record.type).toBe(type);
          expect(Uint8Array.from(decoded.record.payload)).toEqual(payload);
          expect(Uint8Array.from(decoded.record.signature)).toEqual(signature);
          expect(Uint8Array.from(decoded.record.bytes)).toEqual(record);
          expect(Uint8Array.from(decoded.body)).toEqual(body);
        },
      ),
    );
  });

  it('refuses every truncation', async () => {
    const bytes = await frame();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(bytes.subarray(0, length))).toBe('BUS_RECORD_MALFORMED');
    }
  });

  it.each([
    ['another magic', 0, 0x44, 'BUS_RECORD_MALFORMED'],
    ['version 2', 3, 2, 'BUS_RECORD_MALFORMED'],
    ['type 0', 4, 0, 'BUS_RECORD_MALFORMED'],
    ['type 6', 4, 6, 'BUS_RECORD_MALFORMED'],
    ['a huge payload', 5, 0xff, 'BUS_RECORD_TOO_LARGE'],
    ['an empty payload', 8, 0, 'BUS_RECORD_MALFORMED'],
    ['a huge signature', 11, 0xff, 'BUS_RECORD_TOO_LARGE'],
    ['a signature past the end', 14, 200, 'BUS_RECORD_MALFORMED'],
  ])('refuses %s', async (_what, offset, byte, code) => {
    const bytes = await frame();
    bytes[offset] = byte;
    expect(codeOf(bytes)).toBe(code);
  });

  it('refuses a body over its limit, on both ends', async () => {
    const record = await frame();
    const body = Buffer.alloc(MAX_OPEN_PART_BYTES + 1);
    expect(() => encodeMessage(record, body)).toThrow('body of 524289 bytes');
    expect(codeOf(Buffer.concat([record, body]))).toBe('BUS_RECORD_TOO_LARGE');
  });

  it('raises nothing but its own errors on any bytes', () => {
    const noise = fc
      .tuple(fc.constantFrom('', 'CVR', 'CVR\u0001\u0001\0\0'), fc.uint8Array({ maxLength: 64 }))
      .map(([start, rest]) => Buffer.concat([Buffer.from(start, 'latin1'), rest]));
    fc.assert(
      fc.property(noise, (bytes) => {
        expect(codeOf(bytes)).toMatch(/^accepted$|^BUS_RECORD_/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('decodeRecord', () => {
  it('refuses bytes behind the signature', async () => {
    const record = await frame();
    expect(decodeRecord(record).type).toBe('receipt');
    expect(() => decodeRecord(Buffer.concat([record, Buffer.from('x')]))).toThrow(
      '1 bytes follow the signature',
    );
  });
});
