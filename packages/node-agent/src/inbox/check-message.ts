import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  type BlobGeometry,
  type BusMessage,
  BusError,
  type DeliveryPayload,
  type DirectoryEntry,
  type Finding,
  MAX_MESSAGE_BYTES,
  type MessageSubject,
  type RawRecord,
  type ReceiptPayload,
  type RecordPayload,
  type RecordType,
  type VerificationBasis,
  type VerifySignature,
  type WatermarkPayload,
  authenticateRecord,
  decodeMessage,
  decodeReference,
  deliveryId,
  parseMessageSubject,
  tryParsePayload,
  payloadHash,
} from '@congvan/bus';

import type { AgentConfig } from '../home/config.ts';
import type { InboxStore } from '../storage/inbox-store.ts';
import type { RegisterStore } from '../storage/register-store.ts';
import type { WrittenPackage } from '../package/source.ts';
import type { CheckedDocument, DocumentCheckContext } from './check-document.ts';
import { type ShownPackage, checkOpenPart } from './check-open-part.ts';

/** A message, from the broker or out of a blob that a reference named. */
export type ReceivedMessage = Pick<BusMessage, 'subject' | 'data' | 'storedAt'>;

/** How an authentic record was judged; kept beside it, so that it can be shown again later. */
export interface JudgedWith {
  /** When the broker stored it. */
  readonly at: Date;
  readonly basis: VerificationBasis | null;
}

/** What a message claims before, or without, proof. */
export interface Claim {
  readonly from: AgencyCode | null;
  readonly documentId: string | null;
  readonly delivery: DeliveryPayload | null;
}

/** An authentic delivery whose sealed content is still to be opened. */
export interface ShownDelivery {
  readonly kind: 'delivery';
  readonly id: string;
  readonly delivery: DeliveryPayload;
  readonly sender: DirectoryEntry;
  readonly natsSubject: MessageSubject;
  readonly record: Uint8Array;
  readonly payloadSha256: string;
  readonly judged: JudgedWith;
  readonly shown: ShownPackage;
  readonly claim: Claim;
  /** SHA-256 of the message, lower hex: only what waits or is put aside is named by it. */
  readonly hashMessage: () => string;
}

/** A delivery that was opened and checked, to be stored. */
export interface OpenedDelivery extends Omit<ShownDelivery, 'kind' | 'shown'> {
  readonly kind: 'document';
  readonly container: WrittenPackage;
  readonly checked: Extract<CheckedDocument, { accepted: true }>;
}

export type CheckedMessage =
  | ShownDelivery
  | {
      readonly kind: 'reference';
      readonly reference: BlobGeometry;
      readonly natsSubject: MessageSubject;
      readonly claim: Claim;
      readonly messageSha256: string;
    }
  | { readonly kind: 'duplicate'; readonly id: string; readonly natsSubject: MessageSubject }
  | {
      readonly kind: 'receipt';
      readonly id: string;
      readonly receipt: ReceiptPayload;
      readonly record: RawRecord;
      readonly judged: JudgedWith;
    }
  | {
      readonly kind: 'watermark';
      readonly watermark: WatermarkPayload;
      /** Reports of this agency that the relay gives back; empty as a rule. */
      readonly body: Uint8Array;
      readonly record: Uint8Array;
    }
  | {
      readonly kind: 'quarantine';
      readonly finding: Finding;
      readonly detail: string;
      readonly claim: Claim;
      readonly messageSha256: string;
      readonly natsSubject: MessageSubject | null;
    };

export interface MessageCheckContext extends DocumentCheckContext {
  readonly config: AgentConfig;
  readonly lookup: (code: AgencyCode) => DirectoryEntry | undefined;
  /** Entries that held at a time and were replaced since. */
  readonly earlier: (code: AgencyCode, at: Date) => readonly DirectoryEntry[];
  readonly verify: VerifySignature;
  readonly inbox: InboxStore;
  readonly register: RegisterStore;
}

/**
 * Judges one message from the broker: what it is, or why it is quarantined.
 *
 * Reads the stores, writes nothing. The broker's stored time is the time at which the node key must
 * have been good; documents are judged now.
 */
export function checkMessage(
  message: ReceivedMessage,
  context: MessageCheckContext,
): CheckedMessage {
  const subject = parseMessageSubject(message.subject);
  const quarantine = (finding: Finding, detail: string, claim?: Claim): CheckedMessage => ({
    kind: 'quarantine',
    finding,
    detail,
    claim: claim ?? { from: subject?.from ?? null, documentId: null, delivery: null },
    messageSha256: sha256Of(message.data),
    natsSubject: subject ?? null,
  });
  if (subject === undefined) {
    return quarantine('SUBJECT_MISMATCH', `${message.subject} is not a subject of this bus`);
  }
  const reference = decodeReference(message.data);
  if (reference !== undefined)
    return checkReference(reference, subject, message, context, quarantine);
  let raw: RawRecord;
  let body: Uint8Array;
  try {
    ({ record: raw, body } = decodeMessage(message.data));
  } catch (error) {
    if (error instanceof BusError) return quarantine('RECORD_MALFORMED', error.message);
    throw error;
  }
  const read = tryParsePayload(raw);
  const claim = claimOf(subject.from, read);
  const misdirected = checkDirection(subject, raw.type, context);
  if (misdirected !== undefined) return quarantine(misdirected.finding, misdirected.detail, claim);
  const authentication = authenticateRecord(raw, {
    from: subject.from,
    lookup: context.lookup,
    earlier: context.earlier,
    fits: ({ site }) => site === subject.fromSite,
    verify: context.verify,
    at: message.storedAt,
    ...(typeof read === 'string' ? {} : { content: read }),
  });
  if (!authentication.authentic) {
    return quarantine(authentication.finding, authentication.detail, claim);
  }
  const { content, entry, basis } = authentication;
  const judged: JudgedWith = { at: message.storedAt, basis };
  const asClaimed: Quarantine = (finding, detail) => quarantine(finding, detail, claim);
  if (entry.site !== subject.fromSite) {
    const detail = `the subject says site ${subject.fromSite}, the directory ${entry.site}`;
    return quarantine('SUBJECT_MISMATCH', detail, claim);
  }
  const hashMessage = (): string => sha256Of(message.data);
  const known = { raw, body, sender: entry, judged, natsSubject: subject, claim, hashMessage };
  return checkContent(content, known, context, asClaimed);
}

const REFUSED = '02';

type Quarantine = (finding: Finding, detail: string) => CheckedMessage;

/** What it stands for is fetched first; the sender is the one whom the broker let publish here. */
function checkReference(
  reference: BlobGeometry,
  natsSubject: MessageSubject,
  message: ReceivedMessage,
  context: MessageCheckContext,
  quarantine: Quarantine,
): CheckedMessage {
  const misdirected = checkDirection(natsSubject, 'delivery', context);
  if (misdirected !== undefined) return quarantine(misdirected.finding, misdirected.detail);
  if (reference.bytes > MAX_MESSAGE_BYTES) {
    const detail = `a reference to a message of ${reference.bytes} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`;
    return quarantine('RECORD_MALFORMED', detail);
  }
  const id = context.inbox.idOfMessage(natsSubject.from, reference.sha256);
  if (id !== undefined) return { kind: 'duplicate', id, natsSubject };
  const claim = { from: natsSubject.from, documentId: null, delivery: null };
  const messageSha256 = sha256Of(message.data);
  return { kind: 'reference', reference, natsSubject, claim, messageSha256 };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function checkDirection(
  subject: MessageSubject,
  type: RecordType,
  context: MessageCheckContext,
): { finding: Finding; detail: string } | undefined {
  const { config, lookup } = context;
  if (subject.to !== config.code) {
    return { finding: 'WRONG_RECIPIENT', detail: `addressed to ${subject.to}` };
  }
  // The directory decides: senders address by it, and a registrar may move an agency.
  const own = lookup(config.code) ?? config;
  if (subject.toSite !== own.site || subject.tier !== own.tier) {
    const named = `${subject.tier} at ${subject.toSite}`;
    return {
      finding: 'SUBJECT_MISMATCH',
      detail: `the subject says ${named}, the directory ${own.tier} at ${own.site}`,
    };
  }
  const expected = subject.kind === 'doc' ? type === 'delivery' : type !== 'delivery';
  if (expected) return undefined;
  return {
    finding: 'SUBJECT_MISMATCH',
    detail: `a ${type} on a subject of kind ${subject.kind}`,
  };
}

/** An authentic record with what came with it. */
type KnownMessage = Pick<
  ShownDelivery,
  'sender' | 'judged' | 'natsSubject' | 'claim' | 'hashMessage'
> & {
  readonly raw: RawRecord;
  readonly body: Uint8Array;
};

function checkContent(
  content: RecordPayload,
  known: KnownMessage,
  context: MessageCheckContext,
  quarantine: Quarantine,
): CheckedMessage {
  const { raw, body, sender, judged } = known;
  switch (content.type) {
    case 'delivery':
      return checkDelivery({ ...known, delivery: content.payload }, context, quarantine);
    case 'receipt':
      return checkReceipt(content.payload, { raw, judged }, context, quarantine);
    case 'watermark':
      if (content.payload.to === context.self && isRelay(sender, context)) {
        return { kind: 'watermark', watermark: content.payload, record: raw.bytes, body };
      }
      return quarantine('WRONG_RECIPIENT', `watermark for ${content.payload.to}`);
    case 'report':
    case 'directory':
      return quarantine('SUBJECT_MISMATCH', `a ${content.type} does not belong in an inbox`);
  }
}

function checkDelivery(
  received: KnownMessage & { readonly delivery: DeliveryPayload },
  context: MessageCheckContext,
  quarantine: Quarantine,
): CheckedMessage {
  const { delivery, raw, body, sender, judged, natsSubject, claim, hashMessage } = received;
  if (!delivery.to.includes(context.self)) {
    const named = delivery.to.slice(0, 3).join(', ');
    return quarantine('WRONG_RECIPIENT', `the delivery record is for ${named}`);
  }
  const id = deliveryIdFor(delivery, context.self);
  const stored = context.inbox.describe(id);
  if (stored !== undefined) {
    if (stored.package_digest === delivery.packageDigest) {
      return { kind: 'duplicate', id, natsSubject };
    }
    return quarantine('DOCUMENT_CONFLICT', describeConflict(delivery, stored.package_digest));
  }
  const shown = checkOpenPart(delivery, body, sender, context);
  if ('finding' in shown) return quarantine(shown.finding, shown.detail);
  const { bytes: record } = raw;
  return {
    kind: 'delivery',
    id,
    delivery,
    sender,
    natsSubject,
    record,
    payloadSha256: payloadHash(raw.payload),
    judged,
    shown,
    claim,
    hashMessage,
  };
}

/** The id of a delivery to one of the recipients that its record names. */
function deliveryIdFor(delivery: DeliveryPayload, to: AgencyCode): string {
  const { from, businessType, documentId, documentVersion } = delivery;
  return deliveryId({ from, kind: 'doc', businessType, documentId, documentVersion, to });
}

export function describeConflict(delivery: DeliveryPayload, storedDigest: string): string {
  const { documentId, documentVersion, packageDigest } = delivery;
  return `document ${documentId} version ${documentVersion} came before with package ${storedDigest}, now with ${packageDigest}`;
}

function checkReceipt(
  receipt: ReceiptPayload,
  { raw, judged }: { readonly raw: RawRecord; readonly judged: JudgedWith },
  context: MessageCheckContext,
  quarantine: Quarantine,
): CheckedMessage {
  const { documentId, businessType, documentVersion, from, packageDigest, status } = receipt;
  const id = deliveryId({
    from: context.self,
    kind: 'doc',
    businessType,
    documentId,
    documentVersion,
    to: from,
  });
  const delivery = context.register.findDelivery(id);
  if (receipt.to !== context.self || delivery === undefined) {
    return quarantine(
      'RECEIPT_UNEXPECTED',
      `${from} answers a document that was not sent to it: ${documentId}`,
    );
  }
  // Only what was refused may have been too damaged to have a digest.
  const isOfThis = packageDigest === null ? status === REFUSED : packageDigest === delivery.digest;
  if (!isOfThis) {
    return quarantine(
      'RECEIPT_UNEXPECTED',
      `${from} answers package ${packageDigest ?? '(none)'}, sent was ${delivery.digest}`,
    );
  }
  return { kind: 'receipt', id, receipt, record: raw, judged };
}

function isRelay(entry: DirectoryEntry, context: MessageCheckContext): boolean {
  return entry.role === 'relay' && entry.code === context.config.relay;
}

function claimOf(from: AgencyCode, read: RecordPayload | string): Claim {
  if (typeof read !== 'string' && (read.type === 'delivery' || read.type === 'receipt')) {
    const { documentId } = read.payload;
    return { from, documentId, delivery: read.type === 'delivery' ? read.payload : null };
  }
  return { from, documentId: null, delivery: null };
}
