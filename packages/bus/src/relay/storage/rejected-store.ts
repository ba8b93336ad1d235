import { createHash } from 'node:crypto';

import type { Finding } from '../../record/finding.ts';
import type { Db } from './database.ts';

/** A message of a report stream as the broker gave it. */
export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly storedAt: Date;
  readonly site: string;
}

export interface Rejection {
  readonly claimedFrom: string | null;
  readonly finding: Finding;
  readonly detail: string;
}

export interface HeldMessage extends StoredMessage {
  readonly id: number;
}

interface HeldRow {
  id: number;
  subject: string;
  storedMs: number;
  site: string;
  data: Uint8Array;
}

/** Of one sender so many rejected messages are kept whole; of later ones only what they were. */
export const MAX_REJECTED_MESSAGES_KEPT = 1_000;

/** Of all senders so many that are not whole are listed; the oldest go first. */
const MAX_REJECTED_LISTED = 100_000;
/** Looked at so often: the list may be that much longer. */
const ADDED_BETWEEN_TRIMS = 1_000;

/** Messages that failed the check. Every call belongs inside a transaction. */
export class RejectedStore {
  readonly #insert;
  readonly #kept;
  readonly #held;
  readonly #heldFor;
  readonly #remove;
  readonly #trim;
  readonly #listed: number;
  #added = 0;

  constructor(db: Db, listed = MAX_REJECTED_LISTED) {
    this.#listed = listed;
    this.#insert = db.prepare<
      [
        string,
        string | null,
        string,
        number,
        number,
        string,
        string,
        string,
        number,
        Uint8Array | null,
      ]
    >(
      `INSERT INTO rejected_record (nats_subject, claimed_from, site, stored_ms, rejected_ms,
         finding, detail, message_sha256, message_bytes, message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (nats_subject, message_sha256)
         DO UPDATE SET finding = excluded.finding, detail = excluded.detail`,
    );
    this.#kept = db
      .prepare<[string | null], number>(
        'SELECT count(*) FROM rejected_record WHERE claimed_from IS ? AND message IS NOT NULL',
      )
      .pluck();
    this.#held = db.prepare<[string, number, string, number], HeldRow>(
      `SELECT id, nats_subject AS subject, stored_ms AS storedMs, site, message AS data
       FROM rejected_record
       WHERE claimed_from = ? AND message IS NOT NULL AND id > ?
         AND finding IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?`,
    );
    this.#heldFor = db.prepare<[string, number, number], HeldRow>(
      `SELECT id, nats_subject AS subject, stored_ms AS storedMs, site, message AS data
       FROM rejected_record
       WHERE finding = ? AND message IS NOT NULL AND id > ? ORDER BY id LIMIT ?`,
    );
    this.#remove = db.prepare<[number]>('DELETE FROM rejected_record WHERE id = ?');
    this.#trim = db.prepare<[number]>(
      `DELETE FROM rejected_record WHERE message IS NULL AND id <=
         (SELECT id FROM rejected_record WHERE message IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    );
  }

  add(message: StoredMessage, rejection: Rejection, nowMs: number): void {
    const { subject, data, storedAt, site } = message;
    const { claimedFrom, finding, detail } = rejection;
    const hasRoom = (this.#kept.get(claimedFrom) ?? 0) < MAX_REJECTED_MESSAGES_KEPT;
    this.#insert.run(
      subject,
      claimedFrom,
      site,
      storedAt.getTime(),
      nowMs,
      finding,
      detail,
      createHash('sha256').update(data).digest('hex'),
      data.length,
      hasRoom ? data : null,
    );
    this.#added += 1;
    if (this.#added % ADDED_BETWEEN_TRIMS === 0) this.#trim.run(this.#listed);
  }

  /** The next messages of one sender that were rejected for one of these findings, oldest first. */
  held(
    claimedFrom: string,
    findings: readonly Finding[],
    afterId: number,
    limit: number,
  ): HeldMessage[] {
    return this.#held.all(claimedFrom, afterId, JSON.stringify(findings), limit).map(readHeld);
  }

  /** The next messages of any sender that were rejected for this finding, oldest first. */
  heldFor(finding: Finding, afterId: number, limit: number): HeldMessage[] {
    return this.#heldFor.all(finding, afterId, limit).map(readHeld);
  }

  remove(id: number): void {
    this.#remove.run(id);
  }
}

function readHeld({ storedMs, ...rest }: HeldRow): HeldMessage {
  return { ...rest, storedAt: new Date(storedMs) };
}
