import type { Db } from './database.ts';

const ASK_EVERY_MS = 30_000;

export interface LearnedEntry {
  readonly year: number;
  readonly number: number;
  readonly notation: string;
  readonly issuedOn: string;
  readonly medium: 'electronic' | 'paper';
  readonly state: 'issued' | 'void';
  readonly documentId: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly voidReason: string | null;
  readonly atMs: number;
}

/** What a copy that was put back knows of itself, and what it learns again from its own reports. */
export class RestoreStore {
  readonly #check;
  readonly #setCheck;
  readonly #mayAppend;
  readonly #upsertEntry;
  readonly #entryId;
  readonly #insertPackage;
  readonly #insertDelivery;
  readonly #useIncomingNumber;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(db: Db) {
    this.#check = db.prepare<[], { inode: string | null; suspect: number }>(
      'SELECT inode, suspect FROM home_check',
    );
    this.#setCheck = db.prepare<[string, number]>('UPDATE home_check SET inode = ?, suspect = ?');
    this.#mayAppend = db
      .prepare<[], number>(
        `SELECT (SELECT suspect FROM home_check) = 0
           AND coalesce((SELECT max(relay_has) FROM watermark), 0)
             <= coalesce((SELECT max(report_number) FROM record), 0)`,
      )
      .pluck();
    this.#upsertEntry = db.prepare<[LearnedEntry]>(
      `INSERT INTO register_entry (year, number, notation, issued_on, medium, state, document_id,
         document_type, abstract, idempotency_key, request_sha256, reserved_ms, settled_ms, void_reason)
       VALUES (@year, @number, @notation, @issuedOn, @medium, @state, @documentId, @documentType,
         @abstract, 'learned ' || @documentId, '', @atMs, @atMs, @voidReason)
       ON CONFLICT (year, number) DO UPDATE SET state = excluded.state,
         settled_ms = excluded.settled_ms, void_reason = excluded.void_reason
       WHERE state = 'reserved'
         AND (document_id = excluded.document_id OR excluded.state = 'void')`,
    );
    this.#entryId = db
      .prepare<[string], number>('SELECT id FROM register_entry WHERE document_id = ?')
      .pluck();
    this.#insertPackage = db.prepare<[number, string, number, string]>(
      `INSERT OR IGNORE INTO package (register_id, digest, container, priority, paper_to)
       VALUES (?, ?, x'', ?, ?)`,
    );
    this.#insertDelivery = db.prepare<[string, string, string, string]>(
      `INSERT OR IGNORE INTO delivery (id, package_id, digest, recipient, mode)
       SELECT ?, id, digest, ?, ? FROM package WHERE digest = ?`,
    );
    this.#useIncomingNumber = db.prepare<[number, number, string, string]>(
      `INSERT OR IGNORE INTO used_incoming_number (year, number, sender, document_id)
       VALUES (?, ?, ?, ?)`,
    );
  }

  /** Whether the relay may be asked once more: not twice in half a minute. */
  mayAsk(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < ASK_EVERY_MS) return false;
    this.#askedMs = nowMs;
    return true;
  }

  check(): { inode: string | null; suspect: boolean } {
    const row = this.#check.get();
    return { inode: row?.inode ?? null, suspect: row?.suspect === 1 };
  }

  setCheck(inode: string, suspect: boolean): void {
    this.#setCheck.run(inode, suspect ? 1 : 0);
  }

  /** False: this may be an older copy, and a report made now could get a number that is used. */
  mayAppend(): boolean {
    return this.#mayAppend.get() === 1;
  }

  /** Enters what the register held before; a draft of the same document is settled. */
  learnEntry(entry: LearnedEntry): void {
    this.#upsertEntry.run(entry);
  }

  /** The package without its bytes, so that receipts still find their delivery. */
  learnPackage(input: {
    readonly documentId: string;
    readonly digest: string;
    readonly priority: number;
    readonly paperTo: readonly string[];
  }): void {
    const id = this.#entryId.get(input.documentId);
    if (id === undefined) return;
    const { digest, priority, paperTo } = input;
    this.#insertPackage.run(id, digest, priority, JSON.stringify(paperTo));
  }

  learnDelivery(id: string, recipient: string, mode: string, digest: string): void {
    this.#insertDelivery.run(id, recipient, mode, digest);
  }

  useIncomingNumber(year: number, number: number, sender: string, documentId: string): void {
    this.#useIncomingNumber.run(year, number, sender, documentId);
  }
}
