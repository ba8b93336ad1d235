import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  type BusMessage,
  BusError,
  type DeliveryPayload,
  type DirectoryEntry,
  type Finding,
  type MessageSubject,
  type RawRecord,
  type ReceiptPayload,
  type VerifySignature,
  type WatermarkPayload,
  authenticateRecord,
  decodeMessage,
  deliveryId,
  parseMessageSubject,
  parsePayload,
} from '@congvan/bus';

import type { AgentConfig } from '../home/config.ts';
import type { InboxStore } from '../storage/inbox-store.ts';
import type { RegisterStore } from '../storage/register-store.ts';
import {
  type CheckedDocument,
  type DocumentCheckContext,
  checkDocument,
} from './check-document.ts';

/** What a message claims before, or without, proof. */
export interface Claim {
  readonly from: AgencyCode | null;
  readonly documentId: string | null;
  readonly delivery: DeliveryPayload | null;
}

export type CheckedMessage =
  | {
      readonly kind: 'document';
      readonly id: string;
      readonly delivery: DeliveryPayload;
      readonly sender: DirectoryEntry;
      readonly natsSubject: MessageSubject;
      readonly record: Uint8Array;
      readonly container: Uint8Array;
      readonly checked: Extract<CheckedDocument, { accepted: true }>;
    }
  | { readonly kind: 'duplicate'; readonly id: string; readonly natsSubject: MessageSubject }
  | {
      readonly kind: 'receipt';
      readonly id: string;
      readonly receipt: ReceiptPayload;
      readonly record: RawRecord;
    }
  | {
      readonly kind: 'watermark';
      readonly watermark: WatermarkPayload;
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
  readonly verify: VerifySignature;
  readonly inbox: InboxStore;
  readonly register: RegisterStore;
}

/**
 * Judges one message from the broker: what it is, or why it is quarantined.
 *
 * Reads the stores, writes nothing. The broker's stored time is the time at which the node key must
 * have been good (DESIGN §6); documents are judged now.
 */
export function checkMessage(message: BusMessage, context: MessageCheckContext): CheckedMessage {
  const subject = parseMessageSubject(message.subject);
  const quarantine = (finding: Finding, detail: string, claim?: Claim): CheckedMessage => ({
    kind: 'quarantine',
    finding,
    detail,
    claim: claim ?? { from: subject?.from ?? null, documentId: null, delivery: null },
    messageSha256: createHash('sha256').update(message.data).digest('hex'),
    natsSubject: subject ?? null,
  });
  if (subject === undefined) {
    return quarantine('SUBJECT_MISMATCH', `${message.subject} is not a subject of this bus`);
  }
  let raw: RawRecord;
  let body: Uint8Array;
  try {
    ({ record: raw, body } = decodeMessage(message.data));
  } catch (error) {
    if (error instanceof BusError) return quarantine('RECORD_MALFORMED', error.message);
    throw error;
  }
  const claim = claimOf(subject.from, raw);
  const misdirected = checkDirection(subject, raw, context);
  if (misdirected !== undefined) return quarantine(misdirected.finding, misdirected.detail, claim);
  const authentication = authenticateRecord(raw, {
    from: subject.from,
    lookup: context.lookup,
    verify: context.verify,
    at: message.storedAt,
  });
  if (!authentication.authentic) {
    return quarantine(authentication.finding, authentication.detail, claim);
  }
  const { content, entry } = authentication;
  if (entry.site !== subject.fromSite) {
    const detail = `the subject says site ${subject.fromSite}, the directory ${entry.site}`;
    return quarantine('SUBJECT_MISMATCH', detail, claim);
  }
  switch (content.type) {
    case 'delivery':
      return checkDelivery(content.payload, raw, body, entry, subject, context, (finding, detail) =>
        quarantine(finding, detail, claim),
      );
    case 'receipt':
      return checkReceipt(content.payload, raw, context, (finding, detail) =>
        quarantine(finding, detail, claim),
      );
    case 'watermark':
      if (content.payload.to === context.self && isRelay(entry, context)) {
        return { kind: 'watermark', watermark: content.payload, record: raw.bytes };
      }
      return quarantine(
        'WRONG_RECIPIENT',
        `watermark of ${entry.code} for ${content.payload.to}`,
        claim,
      );
    case 'report':
    case 'directory':
      return quarantine('SUBJECT_MISMATCH', `a ${content.type} does not belong in an inbox`, claim);
  }
}

const REFUSED = '02';

type Quarantine = (finding: Finding, detail: string) => CheckedMessage;

function checkDirection(
  subject: MessageSubject,
  raw: RawRecord,
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
  const expected = subject.kind === 'doc' ? raw.type === 'delivery' : raw.type !== 'delivery';
  if (expected) return undefined;
  return {
    finding: 'SUBJECT_MISMATCH',
    detail: `a ${raw.type} on a subject of kind ${subject.kind}`,
  };
}

function checkDelivery(
  delivery: DeliveryPayload,
  raw: RawRecord,
  body: Uint8Array,
  sender: DirectoryEntry,
  natsSubject: MessageSubject,
  context: MessageCheckContext,
  quarantine: Quarantine,
): CheckedMessage {
  if (delivery.to !== context.self) {
    return quarantine('WRONG_RECIPIENT', `the delivery record is for ${delivery.to}`);
  }
  const id = deliveryId({ ...delivery, kind: 'doc' });
  const stored = context.inbox.describe(id);
  if (stored !== undefined) {
    if (stored.package_digest === delivery.packageDigest) {
      return { kind: 'duplicate', id, natsSubject };
    }
    return quarantine(
      'DOCUMENT_CONFLICT',
      `document ${delivery.documentId} version ${delivery.documentVersion} came before with package ${stored.package_digest}, now with ${delivery.packageDigest}`,
    );
  }
  const checked = checkDocument(delivery, body, sender, context);
  if (!checked.accepted) return quarantine(checked.finding, checked.detail);
  return {
    kind: 'document',
    id,
    delivery,
    sender,
    natsSubject,
    record: raw.bytes,
    container: body,
    checked,
  };
}

function checkReceipt(
  receipt: ReceiptPayload,
  raw: RawRecord,
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
  return { kind: 'receipt', id, receipt, record: raw };
}

function isRelay(entry: DirectoryEntry, context: MessageCheckContext): boolean {
  return entry.role === 'relay' && entry.code === context.config.relay;
}

function claimOf(from: AgencyCode, raw: RawRecord): Claim {
  try {
    const content = parsePayload(raw);
    if (content.type === 'delivery') {
      return { from, documentId: content.payload.documentId, delivery: content.payload };
    }
    if (content.type === 'receipt') {
      return { from, documentId: content.payload.documentId, delivery: null };
    }
  } catch (error) {
    if (!(error instanceof BusError)) throw error; // unreadable: the finding says so
  }
  return { from, documentId: null, delivery: null };
}
