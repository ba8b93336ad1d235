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
export function encodeDelivery(frame: Uint8Array, parts: MessageParts | undefined): Uint8Array {
  if (parts === undefined) return encodeMessage(frame);
  if ('reference' in parts) return encodeReference(parts.reference);
  return encodeMessage(frame, ...parts.body);
}

/** The bytes of a message that is due, with what its record is about. */
export function messageOf(
  row: Pick<DueRow, 'type' | 'package_id' | 'about_package' | 'payload'>,
  frame: Uint8Array,
  outbox: Pick<OutboxStore, 'messageParts' | 'openPartOf'>,
): Uint8Array {
  if (row.package_id !== null) return encodeDelivery(frame, outbox.messageParts(row.package_id));
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
