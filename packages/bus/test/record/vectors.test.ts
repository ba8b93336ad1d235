import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  BusError,
  decodeMessage,
  deliveryId,
  encodeMessage,
  encodePayload,
  isAgencyCode,
  parsePayload,
  payloadHash,
  signRecord,
} from '../../src/index.ts';

const code = z.string().refine(isAgencyCode);
const schema = z.object({
  records: z.array(
    z.object({
      type: z.enum(['delivery', 'receipt', 'report', 'watermark', 'directory']),
      value: z.unknown(),
      payloadText: z.string(),
      payloadSha256: z.string(),
      signatureHex: z.string(),
      bodyHex: z.string(),
      messageHex: z.string(),
    }),
  ),
  refused: z.array(z.object({ why: z.string(), messageHex: z.string(), code: z.string() })),
  deliveryIds: z.array(
    z.object({
      key: z.object({
        from: code,
        kind: z.literal('doc'),
        businessType: z.number(),
        documentId: z.string(),
        documentVersion: z.number(),
        to: code,
      }),
      deliveryId: z.string(),
    }),
  ),
});
const text = await readFile(new URL('vectors.json', import.meta.url), 'utf8');
const vectors = schema.parse(JSON.parse(text));

describe('the test vectors of the wire', () => {
  it.each(vectors.records)('hold a $type', async (vector) => {
    const { record, body } = decodeMessage(Buffer.from(vector.messageHex, 'hex'));
    expect(record.type).toBe(vector.type);
    expect(Buffer.from(record.payload).toString()).toBe(vector.payloadText);
    expect(Buffer.from(record.signature).toString('hex')).toBe(vector.signatureHex);
    expect(Buffer.from(body).toString('hex')).toBe(vector.bodyHex);
    expect(payloadHash(record.payload)).toBe(vector.payloadSha256);

    const content = parsePayload(record);
    expect(content.payload).toEqual(vector.value);
    const payload = encodePayload(content.type, content.payload);
    const frame = await signRecord(content.type, payload, async () => record.signature);
    expect(Buffer.from(encodeMessage(frame, body)).toString('hex')).toBe(vector.messageHex);
  });

  it.each(vectors.refused)('hold a message refused because: $why', ({ messageHex, code: want }) => {
    let found: string | undefined;
    try {
      decodeMessage(Buffer.from(messageHex, 'hex'));
    } catch (error) {
      found = error instanceof BusError ? error.code : undefined;
    }
    expect(found).toBe(want);
  });

  it.each(vectors.deliveryIds)('hold the delivery id $deliveryId', ({ key, deliveryId: id }) => {
    const { from, to } = key;
    if (!isAgencyCode(from) || !isAgencyCode(to)) throw new Error('checked by the schema');
    expect(deliveryId({ ...key, from, to })).toBe(id);
  });
});
