import type { IncomingState } from '../documents.ts';
import type { Db } from './database.ts';

export interface NewIncomingRow {
  readonly id: string;
  readonly sender: string;
  readonly business_type: number;
  readonly document_id: string;
  readonly document_version: number;
  readonly package_digest: string;
  readonly record: Uint8Array;
  /** Empty where `container_file` is set. */
  readonly container: Uint8Array;
  readonly container_file: string | null;
  readonly summary: string;
  readonly verdict: string;
  readonly received_ms: number;
  /** Of the message that a reference stood for. */
  readonly message_sha256: string | null;
  readonly trace_id: string | null;
}

export interface IncomingRow extends NewIncomingRow {
  readonly state: IncomingState;
  readonly done_ms: number | null;
  readonly incoming_year: number | null;
  readonly incoming_number: number | null;
  readonly duplicate_count: number;
}

/** Without the two large columns, for lists. */
export type IncomingListRow = Omit<IncomingRow, 'record' | 'container'>;

export interface NewQuarantineRow {
  readonly message_sha256: string;
  readonly nats_subject: string;
  readonly finding: string;
  readonly detail: string;
  readonly claimed_from: string | null;
  readonly claimed_document_id: string | null;
  readonly message_bytes: number;
  readonly message: Uint8Array | null;
  readonly received_ms: number;
  readonly refusal_record_id: number | null;
}

export type QuarantineStoreRow = NewQuarantineRow & { readonly id: number };

export interface GivenReceiptRow {
  readonly record_id: number;
  readonly status: string;
  readonly at_ms: number;
}

const LIST_COLUMNS = `id, sender, business_type, document_id, document_version, package_digest,
  container_file, summary, verdict, received_ms, message_sha256, trace_id, state, done_ms, incoming_year, incoming_number, duplicate_count`;

/** Documents received, the receipts given for them, and what was quarantined. */
export class InboxStore {
  readonly #find;
  readonly #describe;
  readonly #findByPrefix;
  readonly #insert;
  readonly #byMessage;
  readonly #containerFiles;
  readonly #open;
  readonly #isOpen;
  readonly #list;
  readonly #duplicate;
  readonly #setState;
  readonly #setDone;
  readonly #nextNumber;
  readonly #setNumber;
  readonly #hasNumber;
  readonly #insertReceipt;
  readonly #receipts;
  readonly #quarantine;
  readonly #counts;
  #knownBytes: number | undefined;

  constructor(db: Db) {
    this.#find = db.prepare<[string], IncomingRow>('SELECT * FROM incoming WHERE id = ?');
    this.#describe = db.prepare<[string], IncomingListRow>(
      `SELECT ${LIST_COLUMNS} FROM incoming WHERE id = ?`,
    );
    this.#findByPrefix = db.prepare<[string, string], { id: string }>(
      'SELECT id FROM incoming WHERE id >= ? AND id < ? LIMIT 2',
    );
    this.#insert = db.prepare<[NewIncomingRow]>(
      `INSERT INTO incoming (id, sender, business_type, document_id, document_version,
         package_digest, record, container, container_file, summary, verdict, received_ms,
         message_sha256, trace_id, state)
       VALUES (@id, @sender, @business_type, @document_id, @document_version, @package_digest,
         @record, @container, @container_file, @summary, @verdict, @received_ms,
         @message_sha256, @trace_id, 'open')`,
    );
    this.#byMessage = db
      .prepare<[string, string], string>(
        'SELECT id FROM incoming WHERE sender = ? AND message_sha256 = ?',
      )
      .pluck();
    this.#containerFiles = db
      .prepare<[], string>('SELECT container_file FROM incoming WHERE container_file IS NOT NULL')
      .pluck();
    // Without what the application has taken over: to tell it apart SQLite would read past the package.
    this.#open = db.prepare<[], { id: string }>(
      `SELECT id FROM incoming INDEXED BY incoming_open WHERE done_ms IS NULL AND state = 'open'
       ORDER BY received_ms, id`,
    );
    this.#isOpen = db.prepare<[string], { found: number }>(
      `SELECT 1 AS found FROM incoming WHERE id = ? AND done_ms IS NULL AND state = 'open'`,
    );
    this.#list = prepareList(db);
    this.#duplicate = db.prepare<[string]>(
      'UPDATE incoming SET duplicate_count = duplicate_count + 1 WHERE id = ?',
    );
    this.#setState = db.prepare<[string, string]>('UPDATE incoming SET state = ? WHERE id = ?');
    this.#setDone = db.prepare<[number, string]>(
      'UPDATE incoming SET done_ms = coalesce(done_ms, ?) WHERE id = ?',
    );
    this.#nextNumber = db.prepare<{ year: number }, { next: number }>(
      `SELECT max(
         coalesce((SELECT max(incoming_number) FROM incoming WHERE incoming_year = @year), 0),
         coalesce((SELECT max(number) FROM used_incoming_number WHERE year = @year), 0)
       ) + 1 AS next`,
    );
    this.#setNumber = db.prepare<[number, number, string]>(
      'UPDATE incoming SET incoming_year = ?, incoming_number = ? WHERE id = ?',
    );
    this.#hasNumber = db.prepare<{ year: number; number: number }, { found: number }>(
      `SELECT 1 AS found FROM incoming WHERE incoming_year = @year AND incoming_number = @number
       UNION ALL SELECT 1 FROM used_incoming_number WHERE year = @year AND number = @number`,
    );
    this.#insertReceipt = db.prepare<[string, number, string, number, string | null]>(
      `INSERT INTO incoming_receipt (incoming_id, record_id, status, at_ms, actor)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#receipts = db.prepare<[string], GivenReceiptRow>(
      `SELECT record_id, status, at_ms FROM incoming_receipt WHERE incoming_id = ?
       ORDER BY record_id`,
    );
    this.#quarantine = prepareQuarantine(db);
    this.#counts = db.prepare<[], { open: number; quarantined: number }>(
      `SELECT (SELECT count(*) FROM incoming WHERE state = 'open') AS open,
         (SELECT count(*) FROM quarantine) AS quarantined`,
    );
  }

  find(id: string): IncomingRow | undefined {
    return this.#find.get(id);
  }

  /** As {@link find}, without reading the package. */
  describe(id: string): IncomingListRow | undefined {
    return this.#describe.get(id);
  }

  /** Up to two ids that start with `prefix`, which is lower hex. */
  idsWithPrefix(prefix: string): string[] {
    return this.#findByPrefix.all(prefix, `${prefix}g`).map((row) => row.id);
  }

  insert(row: NewIncomingRow): void {
    this.#insert.run(row);
  }

  /** The document that came with this very message, which a reference named. */
  idOfMessage(sender: string, messageSha256: string): string | undefined {
    return this.#byMessage.get(sender, messageSha256);
  }

  containerFiles(): string[] {
    return this.#containerFiles.all();
  }

  /** Ids of documents that the application has not yet taken over, oldest first. */
  openIds(): string[] {
    return this.#open.all().map((row) => row.id);
  }

  isOpen(id: string): boolean {
    return this.#isOpen.get(id) !== undefined;
  }

  /** Newest first; those behind the row `after` where one is given. */
  list(state: IncomingState | 'all', limit: number, after?: string): IncomingListRow[] {
    return after === undefined
      ? this.#list.first.all({ state, limit })
      : this.#list.after.all({ state, limit, after });
  }

  countDuplicate(id: string): void {
    this.#duplicate.run(id);
  }

  setState(id: string, state: IncomingState): void {
    this.#setState.run(state, id);
  }

  setDone(id: string, nowMs: number): void {
    this.#setDone.run(nowMs, id);
  }

  nextIncomingNumber(year: number): number {
    return this.#nextNumber.get({ year })?.next ?? 1;
  }

  hasIncomingNumber(year: number, number: number): boolean {
    return this.#hasNumber.get({ year, number }) !== undefined;
  }

  setIncomingNumber(id: string, year: number, number: number): void {
    this.#setNumber.run(year, number, id);
  }

  insertReceipt(
    id: string,
    recordId: number,
    status: string,
    atMs: number,
    actor: string | null,
  ): void {
    this.#insertReceipt.run(id, recordId, status, atMs, actor);
  }

  receiptsOf(id: string): GivenReceiptRow[] {
    return this.#receipts.all(id);
  }

  insertQuarantine(row: NewQuarantineRow): void {
    const bytes = this.quarantinedBytes();
    this.#quarantine.insert.run(row);
    if (row.message !== null) this.#knownBytes = bytes + row.message_bytes;
  }

  hasQuarantined(natsSubject: string, messageSha256: string): boolean {
    return this.#quarantine.has.get(natsSubject, messageSha256) !== undefined;
  }

  /** Bytes of the messages that the quarantine holds; added up once, it may be very full. */
  quarantinedBytes(): number {
    this.#knownBytes ??= this.#quarantine.bytes.get()?.bytes ?? 0;
    return this.#knownBytes;
  }

  /** Rows went: the sum is added up anew. */
  forgetQuarantinedBytes(): void {
    this.#knownBytes = undefined;
  }

  listQuarantine(limit: number): QuarantineStoreRow[] {
    return this.#quarantine.list.all(limit);
  }

  counts(): { open: number; quarantined: number } {
    return this.#counts.get() ?? { open: 0, quarantined: 0 };
  }
}

function prepareList(db: Db) {
  const order = 'ORDER BY received_ms DESC, id LIMIT @limit';
  return {
    first: db.prepare<[{ state: string; limit: number }], IncomingListRow>(
      `SELECT ${LIST_COLUMNS} FROM incoming WHERE @state IN ('all', state) ${order}`,
    ),
    after: db.prepare<[{ state: string; limit: number; after: string }], IncomingListRow>(
      `SELECT ${LIST_COLUMNS} FROM incoming,
         (SELECT received_ms AS last_ms FROM incoming WHERE id = @after)
       WHERE @state IN ('all', state) AND received_ms <= last_ms
         AND (received_ms < last_ms OR id > @after) ${order}`,
    ),
  };
}

function prepareQuarantine(db: Db) {
  return {
    insert: db.prepare<[NewQuarantineRow]>(
      `INSERT OR IGNORE INTO quarantine (message_sha256, nats_subject, finding, detail,
         claimed_from, claimed_document_id, message_bytes, message, received_ms, refusal_record_id)
       VALUES (@message_sha256, @nats_subject, @finding, @detail, @claimed_from,
         @claimed_document_id, @message_bytes, @message, @received_ms, @refusal_record_id)`,
    ),
    list: db.prepare<[number], QuarantineStoreRow>(
      'SELECT * FROM quarantine ORDER BY id DESC LIMIT ?',
    ),
    has: db.prepare<[string, string], { found: number }>(
      'SELECT 1 AS found FROM quarantine WHERE nats_subject = ? AND message_sha256 = ?',
    ),
    bytes: db.prepare<[], { bytes: number }>(
      `SELECT coalesce(sum(message_bytes), 0) AS bytes FROM quarantine WHERE message IS NOT NULL`,
    ),
  };
}
