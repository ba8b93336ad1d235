import { MAX_OPEN_PART_BYTES, encodeMessage, encodeReference, packOpenPart } from '@congvan/bus';
import { z } from 'zod';

import type { DueRow, OutboxStore } from '../storage/outbox-store.ts';

/** The message of a package that went up as a blob. */
export interface BlobName {
  readonly sha256: string;
  readonly bytes: number;
  readonly chunkBytes: number;
}

/**
 * What a package adds to the record of its delivery: the open part, and the sealed content where it
 * travels inside the message; or the reference that goes to each recipient in place of all that.
 */
export type MessageParts =
  { readonly body: readonly Uint8Array[] } | { readonly reference: BlobName };

const ownReport = z.object({ entry: z.object({ kind: z.string() }) });

/** The bytes that go to one recipient: the message, or the reference that stands for it. */
function encodeDelivery(frame: Uint8Array, parts: MessageParts | undefined): Uint8Array {
  if (parts === undefined) return encodeMessage(frame);
  if ('reference' in parts) return encodeReference(parts.reference);
  return encodeMessage(frame, ...parts.body);
}

/** What goes out for one row. */
export interface DueMessage {
  readonly data: Uint8Array;
  /** It stands for a message that went up as a blob. */
  readonly isReference: boolean;
}

type MessageRow = Pick<DueRow, 'type' | 'package_id' | 'about_package' | 'payload'>;

/**
 * Makes the messages of one batch. A reference is the same for all recipients, of whom there may be
 * hundreds, and made once.
 *
 * @returns a function that makes the bytes of a row, with what its record is about.
 */
export function createMessages(
  outbox: Pick<OutboxStore, 'messageParts' | 'openPartOf'>,
): (row: MessageRow, frame: Uint8Array) => DueMessage {
  const references = new Map<number, DueMessage>();
  return (row, frame) => {
    const { package_id: packageId } = row;
    if (packageId === null) return { data: recordOnly(row, frame, outbox), isReference: false };
    const known = references.get(packageId);
    if (known !== undefined) return known;
    const parts = outbox.messageParts(packageId);
    const isReference = parts !== undefined && 'reference' in parts;
    const message = { data: encodeDelivery(frame, parts), isReference };
    if (isReference) references.set(packageId, message);
    return message;
  };
}

function recordOnly(
  row: MessageRow,
  frame: Uint8Array,
  outbox: Pick<OutboxStore, 'openPartOf'>,
): Uint8Array {
  if (row.type !== 'report' || row.about_package === null) return encodeMessage(frame);
  const body = isDispatch(row.payload)
    ? bodyOfDispatch(outbox.openPartOf(row.about_package))
    : undefined;
  return body === undefined ? encodeMessage(frame) : encodeMessage(frame, body);
}

/** With a dispatch, and only with that, goes the open part of its package. */
function bodyOfDispatch(openPart: Uint8Array | undefined): Uint8Array | undefined {
  if (openPart === undefined) return undefined;
  const packed = packOpenPart(openPart);
  return packed.length > MAX_OPEN_PART_BYTES ? undefined : packed;
}

/** @param payload - of a report that this agency wrote: it was checked then. */
function isDispatch(payload: Uint8Array): boolean {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  const { entry } = ownReport.parse(JSON.parse(text));
  return entry.kind === 'dispatch';
}
