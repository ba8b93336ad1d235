import { encodeMessage, encodeReference } from '@congvan/bus';

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
