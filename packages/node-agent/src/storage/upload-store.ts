import type { Lane } from '@congvan/bus';

import type { Db } from './database.ts';
import { DEAD_OUTCOMES } from './outbox-store.ts';

export type UploadPart = 'message' | 'sealed';

export interface NewUploadRow {
  readonly package_id: number;
  readonly part: UploadPart;
  readonly sha256: string;
  readonly bytes: number;
  readonly chunk_bytes: number;
  readonly scope: 'local' | 'cross';
}

export interface UploadRow extends NewUploadRow {
  readonly done_bytes: number;
  readonly attempt_count: number;
  readonly next_try_ms: number;
  readonly done_ms: number | null;
  readonly checked_ms: number | null;
  readonly bytes_per_second: number;
  readonly waits_for: string | null;
  readonly lane: Lane;
  readonly document_id: string;
}

/** A package whose sealed bytes nobody waits for any more. */
export interface EndedPackage {
  readonly id: number;
  readonly sealedSha256: string;
  /** 1: they stand in a file. */
  readonly isFile: 0 | 1;
}

const DEAD = DEAD_OUTCOMES.map((outcome) => `'${outcome}'`).join(', ');
const COLUMNS = `upload.package_id, part, sha256, upload.bytes, upload.chunk_bytes, scope, done_bytes,
  attempt_count, next_try_ms, done_ms, checked_ms, bytes_per_second, waits_for, package.lane AS lane, document_id`;
const TABLES = `upload JOIN package ON package.id = upload.package_id
  JOIN register_entry ON register_entry.id = package.register_id`;
/** Nobody waits for a blob whose deliveries have all ended. */
const IS_WANTED = `done_ms IS NULL AND EXISTS (SELECT 1 FROM outbox
  WHERE outbox.package_id = upload.package_id AND settled_ms IS NULL)`;

/** What goes up as blobs, and what may be given up again. */
export class UploadStore {
  readonly #insert;
  readonly #queue;
  readonly #blobsOf;
  readonly #progress;
  readonly #retry;
  readonly #giveUp;
  readonly #finish;
  readonly #reopen;
  readonly #stale;
  readonly #ended;
  readonly #drop;
  readonly #release;
  readonly #keptFiles;

  constructor(db: Db) {
    this.#insert = db.prepare<[NewUploadRow & { next_try_ms: number }]>(
      `INSERT INTO upload (package_id, part, sha256, bytes, chunk_bytes, scope, next_try_ms)
       VALUES (@package_id, @part, @sha256, @bytes, @chunk_bytes, @scope, @next_try_ms)`,
    );
    this.#queue = prepareQueue(db);
    this.#blobsOf = db.prepare<[number], NewUploadRow>(
      `SELECT package_id, part, sha256, bytes, chunk_bytes, scope FROM upload
       WHERE package_id = ? ORDER BY part`,
    );
    this.#progress = db.prepare<[number, number, number, UploadPart]>(
      `UPDATE upload SET done_bytes = ?, bytes_per_second = ?, attempt_count = 0, waits_for = NULL
       WHERE package_id = ? AND part = ?`,
    );
    this.#retry = db.prepare<[number, string, number, UploadPart]>(
      `UPDATE upload SET attempt_count = attempt_count + 1, next_try_ms = ?, waits_for = ?,
         bytes_per_second = 0
       WHERE package_id = ? AND part = ?`,
    );
    this.#giveUp = db
      .prepare<[number, number], string>(
        `UPDATE outbox SET settled_ms = ?, outcome = 'undelivered'
       WHERE settled_ms IS NULL AND coalesce(tried_since_ms, created_ms) <= ?
         AND package_id IN (SELECT package_id FROM upload WHERE done_ms IS NULL)
       RETURNING message_id`,
      )
      .pluck();
    this.#finish = db.prepare<[number, number, number, UploadPart]>(
      `UPDATE upload SET done_bytes = bytes, attempt_count = 0, waits_for = NULL,
         bytes_per_second = 0, done_ms = ?, checked_ms = ?
       WHERE package_id = ? AND part = ?`,
    );
    this.#reopen = db.prepare<[number, number, number]>(
      `UPDATE upload SET done_ms = NULL, next_try_ms = ? WHERE package_id = ? AND checked_ms < ?`,
    );
    this.#stale = db
      .prepare<[number, number], number>(
        `SELECT 1 FROM upload WHERE package_id = ? AND done_ms IS NOT NULL AND checked_ms < ?
         LIMIT 1`,
      )
      .pluck();
    // The plus keeps SQLite from walking over all that was settled since, once for each package.
    this.#ended = db.prepare<[number, number], EndedPackage>(
      `SELECT package_id AS id, sha256 AS sealedSha256, sealed IS NULL AS isFile
       FROM sealed_content AS content
       WHERE NOT EXISTS (SELECT 1 FROM outbox
         WHERE package_id = content.package_id AND settled_ms IS NULL)
       AND package_id NOT IN (SELECT package_id FROM outbox
         WHERE outcome IN (${DEAD}) AND +settled_ms > ? AND package_id IS NOT NULL)
       ORDER BY package_id LIMIT ?`,
    );
    this.#drop = db.prepare<[number]>('DELETE FROM upload WHERE package_id = ?');
    this.#release = db.prepare<[number]>('DELETE FROM sealed_content WHERE package_id = ?');
    this.#keptFiles = db
      .prepare<[], string>('SELECT sha256 FROM sealed_content WHERE sealed IS NULL')
      .pluck();
  }

  insert(row: NewUploadRow, nowMs: number): void {
    this.#insert.run({ ...row, next_try_ms: nowMs });
  }

  /** The blob to work on: of an urgent package, else of the oldest. */
  next(nowMs: number): UploadRow | undefined {
    return this.#queue.next.get(nowMs);
  }

  /** Every blob of that package that is due. */
  dueOf(packageId: number, nowMs: number): UploadRow[] {
    return this.#queue.dueOf.all(packageId, nowMs);
  }

  nextDueMs(): number | undefined {
    return this.#queue.nextDue.get() ?? undefined;
  }

  listOpen(limit: number): UploadRow[] {
    return this.#queue.open.all(limit);
  }

  blobsOf(packageId: number): NewUploadRow[] {
    return this.#blobsOf.all(packageId);
  }

  setProgress(
    row: Pick<UploadRow, 'package_id' | 'part'>,
    progress: { readonly doneBytes: number; readonly bytesPerSecond: number },
  ): void {
    const { doneBytes, bytesPerSecond } = progress;
    this.#progress.run(doneBytes, bytesPerSecond, row.package_id, row.part);
  }

  retryAt(row: Pick<UploadRow, 'package_id' | 'part'>, nextTryMs: number, waitsFor: string): void {
    this.#retry.run(nextTryMs, waitsFor, row.package_id, row.part);
  }

  /** Deliveries that no blob let out since `beforeMs` are given to a person. @returns how many. */
  giveUpBefore(beforeMs: number, nowMs: number): string[] {
    return this.#giveUp.all(nowMs, beforeMs);
  }

  finish(row: Pick<UploadRow, 'package_id' | 'part'>, nowMs: number): void {
    this.#finish.run(nowMs, nowMs, row.package_id, row.part);
  }

  /** Whether a package has blobs that were seen whole, but last before `sinceMs`. */
  isStale(packageId: number, sinceMs: number): boolean {
    return this.#stale.get(packageId, sinceMs) !== undefined;
  }

  /** Has the blobs of a package looked at again that were seen last before `sinceMs`. */
  reopen(packageId: number, nowMs: number, sinceMs: number): boolean {
    return this.#reopen.run(nowMs, packageId, sinceMs).changes > 0;
  }

  /** Packages that nobody waits for any more; an undelivered one may still be sent again for a while. */
  listEnded(undeliveredBeforeMs: number, limit: number): EndedPackage[] {
    return this.#ended.all(undeliveredBeforeMs, limit);
  }

  /** The sealed bytes are not needed any more; call before their file is removed. */
  release(packageId: number): void {
    this.#drop.run(packageId);
    this.#release.run(packageId);
  }

  /** SHA-256 of each sealed file that must stay. */
  keptSealedFiles(): string[] {
    return this.#keptFiles.all();
  }
}

/** What is still to go up, in its order. */
function prepareQueue(db: Db) {
  const select = `SELECT ${COLUMNS} FROM ${TABLES} WHERE ${IS_WANTED}`;
  const order = "package.lane = 'normal', upload.package_id, part";
  return {
    next: db.prepare<[number], UploadRow>(
      `${select} AND next_try_ms <= ? ORDER BY ${order} LIMIT 1`,
    ),
    dueOf: db.prepare<[number, number], UploadRow>(
      `${select} AND upload.package_id = ? AND next_try_ms <= ? ORDER BY part`,
    ),
    nextDue: db
      .prepare<[], number | null>(`SELECT min(next_try_ms) FROM upload WHERE ${IS_WANTED}`)
      .pluck(),
    open: db.prepare<[number], UploadRow>(`${select} ORDER BY ${order} LIMIT ?`),
  };
}
