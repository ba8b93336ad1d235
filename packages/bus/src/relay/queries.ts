import {
  DatabasePublications,
  type Publication,
  type PublicationRow,
  type RelayPublications,
} from './audit/publications.ts';
import type { DeliveryState } from './delivery-state.ts';
import { FigureAnswers } from './figures/answers.ts';
import type { Targets } from './figures/targets.ts';
import type { RelayFigures } from './figures/types.ts';
import type { ShareClass } from './figures/share-class.ts';
import type { Db } from './storage/database.ts';
import type { ContradictionKind } from './storage/contradiction-store.ts';
import { DocumentSearch, type Narrowing, compareDocuments } from './storage/document-search.ts';
import {
  type RegisterFilter,
  RegisterQueries,
  type RegisterRecord,
} from './storage/register-queries.ts';
import {
  type ChainRecord,
  type DeliveryRecord,
  type DocumentRecord,
  type NewestFirst,
  type ReceiptRecord,
  type RelayCounts,
  TrackQueries,
} from './storage/track-queries.ts';

const DEFAULT_LIST_LENGTH = 1_000;

export interface TrackedReceipt {
  readonly status: string;
  /** What the recipient states. */
  readonly at: Date;
  readonly reasonCode: string | null;
  readonly reason: string | null;
  readonly incoming: { readonly year: number; readonly number: number } | null;
}

export interface TrackedDelivery {
  readonly to: string;
  readonly toName: string | null;
  readonly mode: 'E' | 'E+P';
  readonly state: DeliveryState;
  /** The sender gave it up, or nobody answered; a receipt outweighs it. */
  readonly withdrawn: {
    readonly at: Date;
    readonly cause: string;
    readonly reason: string | null;
  } | null;
  /** The receipts that count, oldest first. */
  readonly receipts: readonly TrackedReceipt[];
  /** Receipts that count beside those: their agency gave more than are shown. */
  readonly receiptsLeftOut: number;
}

/** A receipt that is kept but moves nothing: of a stranger, or for another package. */
export interface ContradictoryReceipt extends TrackedReceipt {
  readonly from: string;
  readonly packageDigest: string | null;
}

/** What the relay knows of a document, each fact out of a verified record. */
export interface TrackedDispatch {
  readonly from: string;
  readonly fromName: string | null;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
  readonly register: {
    readonly year: number;
    readonly number: number;
    readonly notation: string;
    /** `YYYY-MM-DD` at +07:00. */
    readonly issuedOn: string;
  };
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: number;
  readonly signed: boolean;
  readonly shareClass: ShareClass;
  readonly packageDigest: string;
  readonly dispatchedAt: Date;
  readonly responseFor: { readonly organId: string; readonly documentId: string } | null;
  readonly deliveries: readonly TrackedDelivery[];
  readonly paperRecipients: readonly { readonly name: string; readonly reason: string }[];
  readonly contradictory: readonly ContradictoryReceipt[];
  /** Contradictory ones beside those; `null`: not told to who sees only a part. */
  readonly contradictoryLeftOut: number | null;
}

/** A message that failed the check. */
export interface RejectedReportRow {
  readonly id: number;
  readonly natsSubject: string;
  /** What the subject names; the broker lets no other agency use it. */
  readonly claimedFrom: string | null;
  readonly site: string;
  readonly storedAt: Date;
  readonly rejectedAt: Date;
  readonly finding: string;
  readonly detail: string;
  readonly bytes: number;
}

/** A well-signed statement that contradicts an earlier one: kept, not counted. */
export interface ContradictionRow {
  readonly id: number;
  readonly kind: ContradictionKind;
  readonly agency: string;
  readonly reportNumber: number;
  readonly payloadHash: string;
  readonly detail: string;
  readonly foundAt: Date;
}

/** Counted like any other, and not to be taken for new. */
export interface LateReportRow {
  readonly id: number;
  readonly agency: string;
  readonly number: number;
  /** What the agency states. */
  readonly at: Date;
  readonly storedAt: Date;
}

export type RegisterQuery = RegisterFilter;

/** A number of a register: a document, on whatever way, or one given up. */
export interface RegisterRow extends Omit<RegisterRecord, 'signed' | 'paperTo' | 'reportedMs'> {
  readonly signed: boolean;
  readonly paperTo: readonly string[];
  readonly reportedAt: Date;
}

/** Whether a document concerns somebody. */
export type Concerns = (from: string, recipients: () => readonly string[]) => boolean;

/** Every agency of the country may have given the same number. */
export const MAX_TRACKED_DOCUMENTS = 500;

/** What a search came upon. */
export interface FoundDocuments {
  readonly documents: readonly TrackedDispatch[];
  /** More than {@link MAX_TRACKED_DOCUMENTS} were found, or more have the id or number than are looked at. */
  readonly hasMore: boolean;
}

/** What can be asked of a relay, running or not. */
export interface RelayQueries extends RelayFigures, RelayPublications {
  /**
   * The documents of an id, or of a number with notation such as `12/UBND-VP`: an id is unique for
   * one sender only, and an update or recall of a document is listed behind it. Of a number that many
   * give the {@link MAX_TRACKED_DOCUMENTS} of the newest years: `from` and `year` find any.
   *
   * @param concerns - which of them are wanted, by sender and electronic recipients.
   */
  search(idOrNumber: string, narrowing?: Narrowing, concerns?: Concerns): FoundDocuments;
  /** As `search`, when it is known that no more were found. */
  track(documentIdOrNumber: string, from?: string): readonly TrackedDispatch[];
  /** Messages that failed the check, newest first; with `before` only those of a lower id. */
  listRejected(options?: { limit?: number; before?: number }): RejectedReportRow[];
  /** Statements that contradict earlier ones, newest first. */
  listContradictions(options?: Partial<NewestFirst>): ContradictionRow[];
  /** Reports that the broker stored more than a day after the time they state, newest first. */
  listLate(options?: Partial<NewestFirst>): LateReportRow[];
  /** Numbers of one agency's outgoing register by day of issue, paper and void ones with their reason. */
  listRegister(query: RegisterQuery): RegisterRow[];
  /** How far each agency's chain of reports has come. */
  listChains(): ChainRecord[];
  counts(): RelayCounts;
}

/** Answers {@link RelayQueries} out of the relay's SQLite file. */
export class DatabaseQueries extends FigureAnswers implements RelayQueries {
  readonly #track: TrackQueries;
  readonly #search: DocumentSearch;
  readonly #register: RegisterQueries;
  readonly #inOneSnapshot: <T>(read: () => T) => T;
  readonly #publications: DatabasePublications;

  constructor(db: Db, targets: Targets = {}) {
    super(db, targets);
    this.#track = new TrackQueries(db);
    this.#search = new DocumentSearch(db);
    this.#register = new RegisterQueries(db);
    this.#publications = new DatabasePublications(db);
    this.#inOneSnapshot = (read) => db.transaction(read)();
  }

  listPublications(): PublicationRow[] {
    return this.#publications.listPublications();
  }

  publication(month: string, revision?: number): Publication {
    return this.#publications.publication(month, revision);
  }

  search(idOrNumber: string, narrowing: Narrowing = {}, concerns?: Concerns): FoundDocuments {
    return this.#inOneSnapshot(() => {
      const { found, isCut } = this.#search.candidates(idOrNumber, narrowing);
      const wanted: DocumentRecord[] = [];
      for (const { id, sender } of found) {
        if (wanted.length > MAX_TRACKED_DOCUMENTS) break;
        if (concerns?.(sender, () => this.#track.recipients(id)) === false) continue;
        const document = this.#track.document(id);
        if (document !== undefined) wanted.push(document);
      }
      const documents = wanted.slice(0, MAX_TRACKED_DOCUMENTS).toSorted(compareDocuments);
      return {
        documents: documents.map((document) => this.#describe(document)),
        hasMore: isCut || wanted.length > MAX_TRACKED_DOCUMENTS,
      };
    });
  }

  track(documentIdOrNumber: string, from?: string): readonly TrackedDispatch[] {
    return this.search(documentIdOrNumber, from === undefined ? {} : { from }).documents;
  }

  listRejected(options: { limit?: number; before?: number } = {}): RejectedReportRow[] {
    return this.#track
      .rejected(options.limit ?? DEFAULT_LIST_LENGTH, options.before)
      .map(({ storedMs, rejectedMs, ...rest }) => ({
        ...rest,
        storedAt: new Date(storedMs),
        rejectedAt: new Date(rejectedMs),
      }));
  }

  listContradictions(options: Partial<NewestFirst> = {}): ContradictionRow[] {
    return this.#track
      .contradictions({ limit: DEFAULT_LIST_LENGTH, ...options })
      .map(({ foundMs, ...rest }) => ({ ...rest, foundAt: new Date(foundMs) }));
  }

  listLate(options: Partial<NewestFirst> = {}): LateReportRow[] {
    return this.#track
      .late({ limit: DEFAULT_LIST_LENGTH, ...options })
      .map(({ atMs, storedMs, ...rest }) => {
        return { ...rest, at: new Date(atMs), storedAt: new Date(storedMs) };
      });
  }

  listRegister(query: RegisterQuery): RegisterRow[] {
    return this.#register.list(query).map(({ signed, paperTo, reportedMs, ...rest }) => ({
      ...rest,
      signed: signed === 1,
      paperTo: paperTo === null ? [] : parseNames(paperTo),
      reportedAt: new Date(reportedMs),
    }));
  }

  listChains(): ChainRecord[] {
    return this.#track.chains();
  }

  counts(): RelayCounts {
    return this.#inOneSnapshot(() => this.#track.counts());
  }

  #describe(document: DocumentRecord): TrackedDispatch {
    const counted = Map.groupBy(
      this.#track.receipts(document.id, 'counted'),
      ({ agency }) => agency,
    );
    const contradictory = this.#track.receipts(document.id, 'contradictory');
    return {
      ...describeDispatch(document),
      deliveries: this.#track
        .deliveries(document.id)
        .map(({ recipient, recipientName, mode, state, ...rest }) => {
          const receipts = counted.get(recipient) ?? [];
          return {
            to: recipient,
            toName: recipientName,
            mode,
            state,
            withdrawn: describeWithdrawal(rest),
            receipts: receipts.map(describeReceipt),
            receiptsLeftOut: (receipts[0]?.ofAgency ?? 0) - receipts.length,
          };
        }),
      paperRecipients: this.#track.paperRecipients(document.id),
      contradictory: contradictory.map((one) => ({
        from: one.agency,
        packageDigest: one.packageDigest,
        ...describeReceipt(one),
      })),
      contradictoryLeftOut: (contradictory[0]?.ofAll ?? 0) - contradictory.length,
    };
  }
}

function describeWithdrawal({
  withdrawnMs,
  cause,
  reason,
}: Pick<DeliveryRecord, 'withdrawnMs' | 'cause' | 'reason'>): TrackedDelivery['withdrawn'] {
  if (withdrawnMs === null || cause === null) return null;
  return { at: new Date(withdrawnMs), cause, reason };
}

function describeDispatch(document: DocumentRecord) {
  const { sender, senderName, answersOrgan, answersDocument } = document;
  const { documentId, businessType, documentVersion, documentType, abstract } = document;
  const { registerYear: year, registerNumber: number, notation, issuedOn } = document;
  const { priority, shareClass, packageDigest } = document;
  return {
    from: sender,
    fromName: senderName,
    documentId,
    businessType,
    documentVersion,
    register: { year, number, notation, issuedOn },
    documentType,
    abstract,
    priority,
    signed: document.signed === 1,
    shareClass,
    packageDigest,
    dispatchedAt: new Date(document.dispatchedMs),
    responseFor:
      answersOrgan === null || answersDocument === null
        ? null
        : { organId: answersOrgan, documentId: answersDocument },
  };
}

function parseNames(json: string): string[] {
  const names: unknown = JSON.parse(json);
  return Array.isArray(names) ? names.map(String) : [];
}

function describeReceipt(receipt: ReceiptRecord): TrackedReceipt {
  const { status, atMs, reasonCode, reason, incomingYear: year, incomingNumber } = receipt;
  const incoming =
    year === null || incomingNumber === null ? null : { year, number: incomingNumber };
  return { status, at: new Date(atMs), reasonCode, reason, incoming };
}
