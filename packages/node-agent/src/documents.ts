import type { AgencyCode, Finding, Lane } from '@congvan/bus';

import type { Condition } from './condition/condition.ts';
import type { DirectoryStatus } from './directory/copy.ts';

/** Why a recipient gets paper (QĐ 28/2018 Art. 7.1, Art. 7.2, or no connection to the bus). */
export type PaperReason = 'infrastructure' | 'listed' | 'not-connected';

/** 0 Thường, 1 Khẩn, 2 Thượng khẩn, 3 Hỏa tốc, 4 Hỏa tốc hẹn giờ. */
export type Priority = 0 | 1 | 2 | 3 | 4;

/** Number and date that the outgoing register gave, for whoever draws the document. */
export interface AssignedNumber {
  readonly codeNumber: string;
  readonly codeNotation: string;
  /** `YYYY-MM-DD` at +07:00. */
  readonly issuedOn: string;
}

/** A file that goes with a document: its bytes, or a path that is read piece by piece. */
export type Attachment = { readonly name: string; readonly mediaType: string } & (
  { readonly bytes: Uint8Array } | { readonly path: string }
);

export interface SendRequest {
  /** The caller's name for this act; the same key again resumes or returns the same document. */
  readonly idempotencyKey?: string;
  /** Agency codes that receive it over the bus. */
  readonly to: readonly string[];
  /** Those of `to` that get a paper copy as well. */
  readonly alsoPaperTo?: readonly string[];
  /** Recipients outside the bus. */
  readonly paperTo?: readonly { readonly name: string; readonly reason: PaperReason }[];
  /** The official document: a finished PDF, or a function that draws it once its number is known. */
  readonly document: {
    readonly name: string;
    readonly pdf: Uint8Array | ((assigned: AssignedNumber) => Promise<Uint8Array>);
  };
  readonly attachments?: readonly Attachment[];
  /** Trích yếu nội dung, at most 500 characters. */
  readonly abstract: string;
  /** A name of Decree 30/2020, such as `Công văn`. */
  readonly documentType: string;
  /** Ký hiệu; the agency's default notation when left out. */
  readonly notation?: string;
  readonly priority?: Priority;
  readonly signatory?: {
    readonly competence?: string;
    readonly position?: string;
    readonly fullName: string;
  };
  /** The document this one answers. */
  readonly responseFor?: {
    readonly documentId: string;
    readonly organId: string;
    readonly code?: string;
    /** `YYYY-MM-DD`. */
    readonly date?: string;
  };
  /** `YYYY-MM-DD`. */
  readonly dueDate?: string;
  /** A document that carries a classification is refused: state secrets never enter the bus. */
  readonly classification?: 'confidential' | 'secret' | 'top-secret';
  /** The clerk who acts. */
  readonly actor?: string;
  /** Trace id of W3C Trace Context, 32 lower hexadecimal digits; a new one when left out. */
  readonly traceId?: string;
}

export interface SentDocument extends AssignedNumber {
  readonly documentId: string;
  /** SHA-256 of the ASiCManifest, lower hex. */
  readonly packageDigest: string;
  readonly deliveries: readonly { readonly to: AgencyCode; readonly id: string }[];
  /** True when an earlier call with the same key had already issued it. */
  readonly resumed: boolean;
  /** False: it is kept, and leaves when an agent runs. */
  readonly agentRunning: boolean;
  /** Where the first of its messages stands among those that wait to leave. */
  readonly place: Place;
  readonly signedPdf: Uint8Array;
}

export interface PaperRequest {
  readonly idempotencyKey?: string;
  readonly recipients: readonly string[];
  readonly abstract: string;
  readonly documentType: string;
  readonly notation?: string;
  readonly reason: PaperReason;
  readonly note?: string;
  readonly actor?: string;
}

export type RegisterState = 'reserved' | 'issued' | 'void';

export interface RegisterEntry extends AssignedNumber {
  readonly year: number;
  readonly number: number;
  readonly documentId: string;
  readonly medium: 'electronic' | 'paper';
  readonly state: RegisterState;
  readonly documentType: string;
  readonly abstract: string;
  readonly actor: string | null;
  readonly voidReason: string | null;
}

export type IncomingState = 'open' | 'accepted' | 'refused' | 'completed';

export interface IncomingFile {
  /** The sender's name for it: show it, but never use it as a path. */
  readonly name: string;
  readonly mediaType: string;
  /** Bytes of it. */
  readonly size: number;
  /** All of it in memory. @throws AgentError `AGENT_FILE_TOO_LARGE` for more than 256 MiB. */
  bytes(): Promise<Uint8Array>;
  /** Its bytes in pieces; only the end of the stream says that all of them are right. */
  stream(): AsyncIterable<Uint8Array>;
  /** Writes it to a path, where it appears when it is complete; replaces what stands there. */
  saveTo(path: string): Promise<void>;
}

export interface InboxFilter {
  /** `all` when left out. */
  readonly state?: IncomingState | 'all';
  /** 200 when left out. */
  readonly limit?: number;
  /** The `id` of the last row of the page before: go on behind it. */
  readonly after?: string;
}

export interface InboxRow {
  /** The delivery id: stable over restarts and repeats. */
  readonly id: string;
  readonly from: AgencyCode;
  readonly fromName: string;
  readonly documentId: string;
  readonly codeNumber: string;
  readonly codeNotation: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: Priority;
  readonly state: IncomingState;
  readonly receivedAt: Date;
  readonly warnings: readonly Finding[];
  /** What stored of it cannot be read any more, in words; the fields that come from it are empty. */
  readonly damage: string | null;
  readonly incomingNumber: string | null;
  /** Copies of the same delivery that were suppressed. */
  readonly duplicateCount: number;
}

export interface IncomingDocument extends InboxRow {
  readonly packageDigest: string;
  readonly responseFor: { readonly organId: string; readonly documentId: string } | null;
  readonly dueDate: string | null;
  /** The signed document first, then its attachments. */
  readonly files: readonly IncomingFile[];
  /** ETSI EN 319 102-1 indication of the document's own signatures when it arrived. */
  readonly documentIndication: 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED';
  /** The package as received, an ASiC-E container. */
  readonly container: IncomingFile;
}

export interface QuarantineRow {
  readonly id: number;
  readonly receivedAt: Date;
  readonly finding: Finding;
  readonly detail: string;
  readonly natsSubject: string;
  /** What the message claims; unproven. */
  readonly claimedFrom: string | null;
  readonly claimedDocumentId: string | null;
  readonly refusalSent: boolean;
  readonly bytes: number;
}

/**
 * What a message waits for that nobody can judge yet: a fresh revocation list, the directory, the own
 * encryption key, or that fewer contents of its sender are still to be fetched.
 */
export type HeldLack = 'revocation' | 'directory' | 'key' | 'turn';

export interface HeldRow {
  readonly id: number;
  /** By the subject, which the broker vouches for; the record is unproven. */
  readonly from: string;
  readonly heldSince: Date;
  readonly lacks: HeldLack;
  readonly reason: string;
  readonly bytes: number;
  readonly nextTryAt: Date;
  /** Then it is put into quarantine. */
  readonly endsAt: Date;
}

export interface OutboxRow {
  readonly messageId: string;
  readonly purpose: 'document' | 'receipt' | 'report';
  readonly to: string;
  readonly createdAt: Date;
  readonly attemptCount: number;
  readonly nextTryAt: Date;
  readonly state: 'waiting' | 'published' | 'settled' | 'undelivered';
  readonly outcome: string | null;
  readonly lane: Lane;
  /** Of one that waits: how many leave before it, and when that will be. */
  readonly place: Place | null;
  /** Of the last try that failed. */
  readonly lastError: string | null;
  /** Why a person gave it up. */
  readonly note: string | null;
}

/** Where a message that waits stands in its lane. */
export interface Place {
  readonly ahead: number;
  /** At the rate of the last minute; `null` when nothing has left lately. */
  readonly aboutSeconds: number | null;
}

/** How far the message of a delivery is on its way out; see {@link OutboxRow}. */
export type Sending = Pick<
  OutboxRow,
  'state' | 'outcome' | 'place' | 'attemptCount' | 'nextTryAt' | 'lastError' | 'note'
>;

export interface DeliveryTrack {
  readonly id: string;
  readonly to: AgencyCode;
  readonly toName: string;
  /** English; what is wrong with the stored entry of the recipient, `null`: nothing. */
  readonly damage: string | null;
  readonly mode: 'E' | 'E+P';
  /** `null` once it is settled and its retention has ended. */
  readonly sending: Sending | null;
  /** The furthest status of domain terms 01…16; `null`: nothing heard. */
  readonly status: string | null;
  readonly steps: readonly {
    readonly status: string;
    readonly at: Date;
    readonly reasonCode: string | null;
    readonly reason: string | null;
    readonly incomingNumber: string | null;
  }[];
}

export interface TrackedDocument extends RegisterEntry {
  /** W3C trace-context, 32 hex: stands in the log lines of sender, recipient and broker header. */
  readonly traceId: string | null;
  readonly packageDigest: string | null;
  readonly priority: Priority;
  readonly deliveries: readonly DeliveryTrack[];
  readonly paperTo: readonly string[];
  /** Reads the document as signed and sent; `null` while it is not issued. */
  readonly signedPdf: (() => Promise<Uint8Array>) | null;
}

/**
 * Why a transfer does not move: no agent runs, the broker does not answer, others are first, the
 * agency's share at the broker or the broker itself is full, the disk here is full, a key or
 * revocation list lacks, the sender's bytes are not there (yet), a file here is gone, or another error.
 */
export const TRANSFER_WAITS = [
  'agent',
  'broker',
  'turn',
  'quota',
  'room',
  'disk',
  'judgement',
  'sender',
  'file',
  'retry',
] as const;
export type TransferWait = (typeof TRANSFER_WAITS)[number];

/** Bytes that travel apart from their message. */
export interface Transfer {
  readonly direction: 'up' | 'down';
  /** `null` while only a reference to the message is here. */
  readonly documentId: string | null;
  /** The sender of what comes down. */
  readonly partner: string | null;
  /** The message itself, or the sealed content that it names. */
  readonly part: 'message' | 'content';
  readonly lane: Lane;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; 0 while it does not move. */
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
  /** `null` while it moves. */
  readonly waitsFor: TransferWait | null;
}

export interface AgentStatus {
  readonly code: AgencyCode;
  readonly running: boolean;
  readonly broker: 'connected' | 'disconnected' | 'not-used';
  readonly outbox: {
    readonly waiting: number;
    readonly published: number;
    readonly undelivered: number;
  };
  readonly inbox: { readonly open: number; readonly quarantined: number; readonly held: number };
  readonly report: { readonly last: number; readonly watermark: number };
  readonly directoryEntries: number;
  readonly directory: DirectoryStatus;
  /** What is wrong now, errors first; as the running agent sees it, in whatever process it runs. */
  readonly conditions: readonly Condition[];
  /** When the running agent last had a connection to the broker; `null`: never, or none runs. */
  readonly connectedAt: Date | null;
  /** Messages a second that left over the last minute, per lane. */
  readonly rates: { readonly urgent: number; readonly normal: number };
}
