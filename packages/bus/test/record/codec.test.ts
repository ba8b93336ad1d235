import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BusError,
  type RecordType,
  deliveryId,
  encodePayload,
  parseAgencyCode,
  parsePayload,
  parsePayloadAs,
} from '../../src/index.ts';
import { arbitraryCode } from '../arbitrary.ts';
import { RECIPIENT, SENDER } from './fixture.ts';
import { PAYLOADS } from './payloads.ts';

const TYPES = Object.keys(PAYLOADS).filter((key): key is RecordType => key in PAYLOADS);

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function faultOf(type: RecordType, value: unknown): BusError {
  try {
    parsePayload({ type, payload: bytesOf(value) });
  } catch (error) {
    if (error instanceof BusError && error.code === 'BUS_PAYLOAD_INVALID') return error;
    throw error;
  }
  throw new Error('the payload was accepted');
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe.each(TYPES)('the payload of a %s', (type) => {
  const payload = encodePayload(type, PAYLOADS[type]);

  it('is read back as it was written', () => {
    expect(parsePayload({ type, payload })).toEqual({ type, payload: PAYLOADS[type] });
    expect(parsePayloadAs({ type, payload }, type)).toEqual(PAYLOADS[type]);
  });

  it('has the same bytes whatever the order of the keys', () => {
    const shuffled = parsePayload({ type, payload: bytesOf(reversed(PAYLOADS[type])) });
    expect(encodePayload(shuffled.type, shuffled.payload)).toEqual(payload);
  });

  it('is read by this release with keys of a later one', () => {
    const later = { ...PAYLOADS[type], invented: { later: true } };
    expect(parsePayload({ type, payload: bytesOf(later) }).payload).toEqual(PAYLOADS[type]);
  });

  it('needs every key that is not optional', () => {
    const optional = new Set(['reasonCode', 'reason', 'incoming', 'actor', 'traceId']);
    for (const key of Object.keys(PAYLOADS[type]).filter((name) => !optional.has(name))) {
      const rest = Object.fromEntries(
        Object.entries(PAYLOADS[type]).filter(([name]) => name !== key),
      );
      expect(faultOf(type, rest).message).toContain(key);
    }
  });
});

describe('encodePayload', () => {
  it('refuses what no record can hold, long before it is to be signed', () => {
    const entry = {
      kind: 'paper' as const,
      register: { year: 2026, number: 7, notation: 'UBND-VP', issuedOn: '2026-07-01' },
      documentType: 'Giấy mời',
      abstract: 'Giấy mời họp',
      recipients: Array.from({ length: 200 }, () => 'ộ'.repeat(450)),
      reason: 'not-connected' as const,
    };
    expect(() => encodePayload('report', { ...PAYLOADS.report, entry })).toThrow(
      expect.objectContaining({ code: 'BUS_RECORD_TOO_LARGE' }),
    );
  });

  it('leaves an absent option out', () => {
    const { reason: _dropped, ...rest } = PAYLOADS.receipt;
    const text = Buffer.from(encodePayload('receipt', { ...rest, reason: undefined })).toString();
    expect(text).not.toContain('"reason"');
  });

  it('refuses what its reader would refuse', () => {
    expect(() => encodePayload('delivery', { ...PAYLOADS.delivery, documentId: '' })).toThrow(
      'bad delivery payload: documentId is empty',
    );
  });
});

describe('parsePayload', () => {
  const { delivery, receipt, report, watermark, directory } = PAYLOADS;
  const { sealed } = delivery;
  const inline = (bytes: number) => ({ ...sealed, bytes, chunkBytes: null });

  it('accepts sealed content inside the message as far as it fits beside the open part', () => {
    const fits = { ...delivery, sealed: inline(204_797) };
    expect(parsePayload({ type: 'delivery', payload: bytesOf(fits) }).payload).toEqual(fits);
  });

  it.each([
    ['delivery', { ...delivery, from: 'h09' }, 'from is not an agency code'],
    ['delivery', { ...delivery, to: ['H09.>'] }, 'to[0] is not an agency code'],
    ['delivery', { ...delivery, to: [] }, 'to is empty'],
    ['delivery', { ...delivery, to: ['H09', 'G22', 'H09'] }, 'to names an agency twice'],
    ['delivery', { ...delivery, documentId: 'x'.repeat(101) }, 'documentId has more than 100'],
    ['delivery', { ...delivery, documentId: 'a\u0007' }, 'documentId has a control character'],
    ['delivery', { ...delivery, documentId: 'a\u2028b' }, 'documentId has a control character'],
    ['delivery', { ...delivery, documentId: '\ud800' }, 'documentId has half a surrogate pair'],
    ['delivery', { ...delivery, businessType: 4 }, 'businessType is not 0, 1, 2 or 3'],
    ['delivery', { ...delivery, documentVersion: 0 }, 'documentVersion is not at least 1'],
    ['delivery', { ...delivery, packageDigest: 'AB'.repeat(32) }, 'packageDigest is not a SHA-256'],
    ['delivery', { ...delivery, open: { ...delivery.open, bytes: 524_289 } }, 'open.bytes is over'],
    [
      'delivery',
      { ...delivery, sealed: { ...sealed, bytes: 0 } },
      'sealed.bytes is not at least 1',
    ],
    ['delivery', { ...delivery, sealed: { ...sealed, bytes: 2 ** 32 } }, 'sealed.bytes is over'],
    [
      'delivery',
      { ...delivery, sealed: { ...sealed, chunkBytes: 1 } },
      'chunkBytes is under 16384',
    ],
    ['delivery', { ...delivery, sealed: { ...sealed, chunkBytes: 131_073 } }, 'chunkBytes is over'],
    ['delivery', { ...delivery, sealed: inline(204_798) }, 'too large for its message'],
    ['delivery', { ...delivery, traceId: 'AB'.repeat(16) }, 'traceId is not a trace id'],
    ['delivery', { ...delivery, traceId: '0'.repeat(32) }, 'traceId is not a trace id'],
    ['delivery', { ...delivery, sentAt: '2026-07-01T02:03:04Z' }, 'sentAt is not a time'],
    ['delivery', { ...delivery, sentAt: '2026-02-30T02:03:04.000Z' }, 'sentAt is not a time'],
    ['receipt', { ...receipt, status: '17' }, 'status is not a status 01 to 16'],
    ['receipt', { ...receipt, reasonCode: 'because' }, 'reasonCode is not a code'],
    ['receipt', { ...receipt, reason: 'a\u0000' }, 'reason has a control character'],
    ['receipt', { ...receipt, warnings: Array(51).fill('X') }, 'warnings'],
    ['receipt', { ...receipt, incoming: { year: 2026, number: 0 } }, 'incoming.number'],
    ['report', { ...report, number: 1 }, 'previous is null for report 1'],
    ['report', { ...report, previous: null }, 'previous is null for report 1'],
    [
      'report',
      { ...report, entry: { ...report.entry, recipients: [{ to: 'h', mode: 'E' }] } },
      'entry.recipients[0].to is not an agency code',
    ],
    ['report', { ...report, entry: { kind: 'gossip' } }, 'entry.kind'],
    ['watermark', { ...watermark, missing: [[5, 4]] }, 'missing[0] ends before it starts'],
    [
      'watermark',
      {
        ...watermark,
        missing: [
          [5, 6],
          [6, 7],
        ],
      },
      'missing has ranges out of order',
    ],
    ['directory', { ...directory, validTo: directory.validFrom }, 'validTo is not after validFrom'],
    ['directory', { ...directory, natsUserKey: 'SUAB' }, 'natsUserKey is not a public NATS'],
    [
      'directory',
      {
        ...directory,
        certificates: directory.certificates.map((listed) => ({
          ...listed,
          sha256: '0'.repeat(64),
        })),
      },
      'certificates[0].sha256 is not the digest of der',
    ],
  ] as const)('names the wrong field of a %s', (type, value, fault) => {
    expect(faultOf(type, value).message).toContain(fault);
  });

  it('counts what it does not list', () => {
    expect(faultOf('delivery', {}).message).toMatch(/; and 6 more$/);
  });

  it.each([
    ['no JSON', '{'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a byte order mark', `\ufeff${JSON.stringify(PAYLOADS.delivery)}`],
    ['deep nesting', '['.repeat(30_000)],
  ])('refuses %s', (_what, text) => {
    expect(faultOf('delivery', text).code).toBe('BUS_PAYLOAD_INVALID');
  });

  it('refuses bytes that are not UTF-8', () => {
    const payload = Buffer.from(JSON.stringify(PAYLOADS.delivery), 'latin1');
    expect(() => parsePayload({ type: 'delivery', payload })).toThrow('it is not JSON in UTF-8');
  });

  it('raises nothing but its own error on any JSON', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.json(), (type, text) => {
        expect(faultOf(type, text)).toBeInstanceOf(BusError);
      }),
    );
  });

  it('is not moved by a payload that names __proto__', () => {
    const text = JSON.stringify(PAYLOADS.delivery).replace('{', '{"__proto__":{"polluted":1},');
    const { payload } = parsePayload({ type: 'delivery', payload: bytesOf(text) });
    expect(payload).toEqual(PAYLOADS.delivery);
    expect('polluted' in payload).toBe(false);
  });
});

describe('parsePayloadAs', () => {
  it('refuses a record of another type', () => {
    const payload = encodePayload('receipt', PAYLOADS.receipt);
    expect(() => parsePayloadAs({ type: 'receipt', payload }, 'delivery')).toThrow(
      'a delivery was expected, not a receipt',
    );
  });
});

describe('deliveryId', () => {
  const key = {
    from: SENDER,
    kind: 'doc',
    businessType: 0,
    documentId: 'H09.12,2026/07/01,15/QĐ-STN',
    documentVersion: 1,
    to: RECIPIENT,
  } as const;

  it('is the SHA-256 of the key as a JSON array', () => {
    expect(deliveryId(key)).toBe(
      '78c25b3e484788499401a1ad0326ec106b90cc38e620be230690c1e3b22e5629',
    );
  });

  it('differs when any part of the key differs', () => {
    const others = [
      { ...key, from: parseAgencyCode('H09.13') },
      { ...key, to: parseAgencyCode('H09.13') },
      { ...key, businessType: 1 },
      { ...key, documentId: 'x' },
      { ...key, documentVersion: 2 },
    ];
    expect(new Set([key, ...others].map(deliveryId)).size).toBe(6);
  });

  it('does not confuse parts that run into each other', () => {
    fc.assert(
      fc.property(arbitraryCode, arbitraryCode, fc.string(), fc.string(), (from, to, one, two) => {
        fc.pre(one !== two);
        const first = deliveryId({ ...key, from, to, documentId: one });
        expect(first).not.toBe(deliveryId({ ...key, from, to, documentId: two }));
      }),
    );
  });
});
