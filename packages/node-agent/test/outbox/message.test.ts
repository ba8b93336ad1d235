import { decodeReference, encodeMessage } from '@congvan/bus';
import { describe, expect, it } from 'vitest';

import { type MessageParts, createMessages } from '../../src/outbox/message.ts';

const frame = Buffer.from('frame');
const blob = { sha256: 'ab'.repeat(32), bytes: 5_000, chunkBytes: 32_768 };

/** Says what each package carries, and counts how often it was asked. */
function outboxOf(parts: Readonly<Record<number, MessageParts>>) {
  const asked: number[] = [];
  const messageParts = (packageId: number): MessageParts | undefined => {
    asked.push(packageId);
    return parts[packageId];
  };
  return { asked, messageParts, openPartOf: () => undefined };
}

const rowOf = (package_id: number | null) =>
  ({ type: 'delivery', package_id, about_package: null, payload: Buffer.from('{}') }) as const;

describe('the messages of a batch', () => {
  it('have one reference for all recipients of a package, and one for each package', () => {
    const other = { ...blob, bytes: 7_000 };
    const outbox = outboxOf({ 1: { reference: blob }, 2: { reference: other } });
    const make = createMessages(outbox);
    const made = [1, 2, 1, 1, 2].map((id) => make(rowOf(id), frame));
    expect(made.every(({ isReference }) => isReference)).toBe(true);
    const bytes = made.map(({ data }) => decodeReference(data)?.bytes);
    expect(bytes).toEqual([5_000, 7_000, 5_000, 5_000, 7_000]);
    expect(outbox.asked).toEqual([1, 2]);
  });

  it('carry what fits inside, which is not kept for the next of them', () => {
    const outbox = outboxOf({ 1: { body: [Buffer.from('open')] } });
    const make = createMessages(outbox);
    const made = [make(rowOf(1), frame), make(rowOf(1), Buffer.from('other'))];
    expect(made.map(({ isReference }) => isReference)).toEqual([false, false]);
    expect(made.map(({ data }) => Buffer.from(data))).toEqual(
      [frame, Buffer.from('other')].map((one) =>
        Buffer.from(encodeMessage(one, Buffer.from('open'))),
      ),
    );
    expect(outbox.asked).toEqual([1, 1]);
  });

  it('are the record alone where no package belongs to it', () => {
    const made = createMessages(outboxOf({}))(rowOf(null), frame);
    expect(made).toEqual({ data: encodeMessage(frame), isReference: false });
  });
});
