import {
  MAX_OPEN_PART_BYTES,
  decodeRecord,
  encodeMessage,
  encodeReference,
  packOpenPart,
  parsePayloadAs,
} from '@congvan/bus';

import type { DueRow, OutboxStore } from '../storage/outbox-store.ts';

/** What a package adds to the record of its delivery. */
export interface MessageParts {
  /** The open part, and the sealed content where it travels inside the message. */
  readonly body: Uint8Array;
  /** Set when the message is a blob, for which a reference goes to each recipient. */
  readonly reference: {
    readonly sha256: string;
    readonly bytes: number;
    readonly chunkBytes: number;
  } | null;
}

/** The bytes that go to one recipient: the message, or the reference that stands for it. */
export function encodeDelivery(frame: Uint8Array, parts: MessageParts | undefined): Uint8Array {
  if (parts === undefined) return encodeMessage(frame);
  if (parts.reference !== null) return encodeReference(parts.reference);
  return encodeMessage(frame, parts.body);
}

/** The bytes of a message that is due, with what its record is about. */
export function messageOf(
  row: Pick<DueRow, 'type' | 'package_id' | 'about_package'>,
  frame: Uint8Array,
  outbox: Pick<OutboxStore, 'messageParts' | 'openPartOf'>,
): Uint8Array {
  if (row.package_id !== null) return encodeDelivery(frame, outbox.messageParts(row.package_id));
  if (row.type !== 'report' || row.about_package === null) return encodeMessage(frame);
  return encodeMessage(frame, bodyOfReport(frame, outbox.openPartOf(row.about_package)));
}

/** With a dispatch, and only with that, goes the open part of its package. */
function bodyOfReport(frame: Uint8Array, openPart: Uint8Array | undefined): Uint8Array | undefined {
  if (openPart === undefined || !isDispatch(frame)) return undefined;
  const packed = packOpenPart(openPart);
  return packed.length > MAX_OPEN_PART_BYTES ? undefined : packed;
}

function isDispatch(frame: Uint8Array): boolean {
  const { entry } = parsePayloadAs(decodeRecord(frame), 'report');
  return entry.kind === 'dispatch';
}
