import type { Lane } from '@congvan/bus';

import type { RegisterState } from '../documents.ts';
import type { Db } from './database.ts';

export interface RegisterRow {
  readonly id: number;
  readonly year: number;
  readonly number: number;
  readonly notation: string;
  readonly issued_on: string;
  readonly medium: 'electronic' | 'paper';
  readonly state: RegisterState;
  readonly document_id: string;
  readonly document_type: string;
  readonly abstract: string;
  readonly actor: string | null;
  readonly idempotency_key: string;
  readonly request_sha256: string;
  readonly void_reason: string | null;
}

export type NewRegisterRow = Omit<RegisterRow, 'id' | 'number' | 'state' | 'void_reason'>;

export interface PackageRow {
  readonly id: number;
  readonly register_id: number;
  readonly digest: string;
  /** Empty where `container_file` is set. */
  readonly container: Uint8Array;
  readonly container_file: string | null;
  readonly priority: number;
  readonly paper_to: string;
  readonly trace_id: string | null;
}

/** What is kept of a package until every recipient has answered. */
interface SealedColumns {
  /** `null` where the sealed bytes stand in a file. */
  readonly sealed: Uint8Array | null;
  readonly sealed_sha256: string;
  /** The open part as it travels, where that is not as it is. */
  readonly packed_open: Uint8Array | null;
}

/** A package as it leaves. */
export interface NewPackageRow extends Omit<PackageRow, 'id'>, SealedColumns {
  readonly open_part: Uint8Array;
  readonly sealed_bytes: number;
  /** `null` when the sealed bytes travel inside the message. */
  readonly chunk_bytes: number | null;
  readonly lane: Lane;
}

export interface SealedRow {
  /** As it travels. */
  readonly open_part: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

export interface DeliveryRow {
  readonly id: string;
  readonly package_id: number;
  readonly digest: string;
  readonly recipient: string;
  readonly mode: 'E' | 'E+P';
}

/** A receipt that came back, and when the recipient says it was given. */
export interface DeliveryReceiptRow {
  readonly at_ms: number;
  readonly record: Uint8Array;
}

export interface StatusRow {
  readonly status: string;
  readonly at_ms: number;
}

/** The outgoing register, its packages, their deliveries and the receipts that came back. */
export class RegisterStore {
  readonly #byKey;
  readonly #byDocumentId;
  readonly #byNumber;
  readonly #list;
  readonly #nextNumber;
  readonly #insert;
  readonly #settle;
  readonly #insertPackage;
  readonly #insertSealed;
  readonly #packageOf;
  readonly #sealedOf;
  readonly #containerFiles;
  readonly #insertDelivery;
  readonly #deliveries;
  readonly #delivery;
  readonly #insertReceipt;
  readonly #receipts;
  readonly #statuses;

  constructor(db: Db) {
    this.#byKey = db.prepare<[string], RegisterRow>(
      'SELECT * FROM register_entry WHERE idempotency_key = ?',
    );
    this.#byDocumentId = db.prepare<[string], RegisterRow>(
      'SELECT * FROM register_entry WHERE document_id = ?',
    );
    this.#byNumber = db.prepare<[number, number], RegisterRow>(
      'SELECT * FROM register_entry WHERE year = ? AND number = ?',
    );
    this.#list = db.prepare<[number], RegisterRow>(
      'SELECT * FROM register_entry WHERE year = ? ORDER BY number',
    );
    this.#nextNumber = db.prepare<[number], { next: number }>(
      'SELECT coalesce(max(number), 0) + 1 AS next FROM register_entry WHERE year = ?',
    );
    this.#insert = db.prepare<[NewRegisterRow & { number: number; reserved_ms: number }]>(
      `INSERT INTO register_entry (year, number, notation, issued_on, medium, state, document_id,
         document_type, abstract, actor, idempotency_key, request_sha256, reserved_ms)
       VALUES (@year, @number, @notation, @issued_on, @medium, 'reserved', @document_id,
         @document_type, @abstract, @actor, @idempotency_key, @request_sha256, @reserved_ms)`,
    );
    this.#settle = db.prepare<[string, number, string | null, number]>(
      `UPDATE register_entry SET state = ?, settled_ms = ?, void_reason = ?
       WHERE id = ? AND state = 'reserved'`,
    );
    this.#insertPackage = db.prepare<[Omit<NewPackageRow, keyof SealedColumns>]>(
      `INSERT INTO package (register_id, digest, container, container_file, priority, paper_to,
         trace_id, open_part, sealed_bytes, chunk_bytes, lane)
       VALUES (@register_id, @digest, @container, @container_file, @priority, @paper_to,
         @trace_id, @open_part, @sealed_bytes, @chunk_bytes, @lane)`,
    );
    this.#insertSealed = db.prepare<[number, string, Uint8Array | null, Uint8Array | null]>(
      'INSERT INTO sealed_content (package_id, sha256, sealed, packed_open) VALUES (?, ?, ?, ?)',
    );
    this.#packageOf = db.prepare<[number], PackageRow>(
      `SELECT id, register_id, digest, container, container_file, priority, paper_to, trace_id
       FROM package WHERE register_id = ?`,
    );
    this.#sealedOf = db.prepare<[number], SealedRow>(
      `SELECT coalesce(packed_open, open_part) AS open_part, sealed FROM package
       LEFT JOIN sealed_content ON sealed_content.package_id = package.id WHERE package.id = ?`,
    );
    this.#containerFiles = db
      .prepare<[], string>('SELECT container_file FROM package WHERE container_file IS NOT NULL')
      .pluck();
    this.#insertDelivery = db.prepare<[DeliveryRow]>(
      `INSERT INTO delivery (id, package_id, digest, recipient, mode)
       VALUES (@id, @package_id, @digest, @recipient, @mode)`,
    );
    this.#deliveries = db.prepare<[number], DeliveryRow>(
      'SELECT * FROM delivery WHERE package_id = ? ORDER BY recipient',
    );
    this.#delivery = db.prepare<[string], DeliveryRow>('SELECT * FROM delivery WHERE id = ?');
    this.#insertReceipt = db.prepare<[string, string, string, number, number, Uint8Array]>(
      `INSERT OR IGNORE INTO delivery_receipt
         (delivery_id, payload_sha256, status, at_ms, received_ms, record)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const { receipts, statuses } = prepareReceipts(db);
    this.#receipts = receipts;
    this.#statuses = statuses;
  }

  findByKey(idempotencyKey: string): RegisterRow | undefined {
    return this.#byKey.get(idempotencyKey);
  }

  findByDocumentId(documentId: string): RegisterRow | undefined {
    return this.#byDocumentId.get(documentId);
  }

  findByNumber(year: number, number: number): RegisterRow | undefined {
    return this.#byNumber.get(year, number);
  }

  list(year: number): RegisterRow[] {
    return this.#list.all(year);
  }

  /** Takes the year's next number. Call inside a transaction that holds the write lock. */
  reserve(build: (number: number) => NewRegisterRow, year: number, nowMs: number): RegisterRow {
    const number = this.#nextNumber.get(year)?.next ?? 1;
    const row = build(number);
    const { lastInsertRowid } = this.#insert.run({ ...row, number, reserved_ms: nowMs });
    return { ...row, number, id: Number(lastInsertRowid), state: 'reserved', void_reason: null };
  }

  /** Issues or voids a reserved number. Returns false when it was settled before. */
  settle(id: number, state: 'issued' | 'void', nowMs: number, voidReason: string | null): boolean {
    return this.#settle.run(state, nowMs, voidReason, id).changes === 1;
  }

  insertPackage(row: NewPackageRow): number {
    const { sealed, sealed_sha256: sha256, packed_open: packedOpen, ...columns } = row;
    const id = Number(this.#insertPackage.run(columns).lastInsertRowid);
    this.#insertSealed.run(id, sha256, sealed, packedOpen);
    return id;
  }

  packageOf(registerId: number): PackageRow | undefined {
    return this.#packageOf.get(registerId);
  }

  /** What travels of a package; `sealed` is null when it stands in a file or was released. */
  sealedOf(packageId: number): SealedRow | undefined {
    return this.#sealedOf.get(packageId);
  }

  containerFiles(): string[] {
    return this.#containerFiles.all();
  }

  insertDelivery(row: DeliveryRow): void {
    this.#insertDelivery.run(row);
  }

  deliveriesOf(packageId: number): DeliveryRow[] {
    return this.#deliveries.all(packageId);
  }

  findDelivery(id: string): DeliveryRow | undefined {
    return this.#delivery.get(id);
  }

  /** Returns false when this very receipt is stored already. */
  insertReceipt(receipt: {
    deliveryId: string;
    payloadSha256: string;
    status: string;
    atMs: number;
    receivedMs: number;
    record: Uint8Array;
  }): boolean {
    const { deliveryId, payloadSha256, status, atMs, receivedMs, record } = receipt;
    const result = this.#insertReceipt.run(
      deliveryId,
      payloadSha256,
      status,
      atMs,
      receivedMs,
      record,
    );
    return result.changes === 1;
  }

  /**
   * Receipts that came back for a delivery, in the order in which they came: the first of each status,
   * then the newest, `most` together. A recipient can sign them without end.
   */
  receiptsOf(deliveryId: string, most: number): DeliveryReceiptRow[] {
    return this.#receipts.all({ delivery: deliveryId, most });
  }

  /** Each status that a recipient gave, with the latest time that it states for it. */
  statusesOf(deliveryId: string): StatusRow[] {
    return this.#statuses.all(deliveryId);
  }
}

function prepareReceipts(db: Db) {
  return {
    receipts: db.prepare<[{ delivery: string; most: number }], DeliveryReceiptRow>(
      `WITH given AS (
         SELECT payload_sha256, received_ms, status,
           row_number() OVER (PARTITION BY status ORDER BY received_ms, payload_sha256) AS nth
         FROM delivery_receipt WHERE delivery_id = @delivery),
       kept AS (
         SELECT payload_sha256 FROM given
         ORDER BY nth = 1 DESC, received_ms DESC, status DESC LIMIT @most)
       SELECT at_ms, record FROM delivery_receipt
       WHERE delivery_id = @delivery AND payload_sha256 IN (SELECT payload_sha256 FROM kept)
       ORDER BY received_ms, status`,
    ),
    statuses: db.prepare<[string], StatusRow>(
      `SELECT status, max(at_ms) AS at_ms FROM delivery_receipt WHERE delivery_id = ?
       GROUP BY status ORDER BY min(received_ms), status`,
    ),
  };
}
