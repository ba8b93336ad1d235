import type { Db } from './database.ts';

export interface AlertRecord {
  readonly id: number;
  readonly code: string;
  readonly key: string;
  readonly agency: string | null;
  readonly severity: 'warning' | 'critical';
  readonly valuesJson: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
}

export interface WebhookMessage {
  readonly id: number;
  readonly body: string;
  readonly createdMs: number;
  readonly tryCount: number;
}

export interface AgencyContact {
  readonly code: string;
  readonly tier: string;
  readonly validFromMs: number;
  readonly validToMs: number | null;
  readonly lastStoredMs: number | null;
}

export interface RecentReport {
  readonly id: number;
  readonly agency: string;
  readonly atMs: number;
  readonly storedMs: number;
}

const ALERT = `SELECT id, code, key, agency, severity, values_json AS valuesJson,
  opened_ms AS openedMs, closed_ms AS closedMs FROM alert`;

/** Alerts that stand and stood, and the webhook messages about them. */
export class AlertStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  inTransaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  /** Those that stand of some codes, newest first. */
  open(codes: Iterable<string>): AlertRecord[] {
    return this.#db
      .prepare<[string], AlertRecord>(
        `${ALERT} WHERE closed_ms IS NULL AND code IN (SELECT value FROM json_each(?))
         ORDER BY id DESC`,
      )
      .all(JSON.stringify([...codes]));
  }

  /** How many of each code stand. */
  openCounts(): Map<string, number> {
    const rows = this.#db
      .prepare<[], { code: string; count: number }>(
        'SELECT code, count(*) AS count FROM alert WHERE closed_ms IS NULL GROUP BY code',
      )
      .all();
    return new Map(rows.map(({ code, count }) => [code, count]));
  }

  /** How many of each code and agency stand. */
  openByAgency(): { code: string; agency: string | null; count: number }[] {
    return this.#db
      .prepare<[], { code: string; agency: string | null; count: number }>(
        `SELECT code, agency, count(*) AS count FROM alert
         WHERE closed_ms IS NULL GROUP BY code, agency`,
      )
      .all();
  }

  /** Newest first, those before `beforeId`. */
  list(state: 'open' | 'all', beforeId: number, limit: number): AlertRecord[] {
    const standing = state === 'open' ? 'AND closed_ms IS NULL' : '';
    return this.#db
      .prepare<[number, number], AlertRecord>(
        `${ALERT} WHERE id < ? ${standing} ORDER BY id DESC LIMIT ?`,
      )
      .all(beforeId, limit);
  }

  add(row: Omit<AlertRecord, 'id' | 'closedMs'>): number {
    const { code, key, agency, severity, valuesJson, openedMs } = row;
    const done = this.#db
      .prepare(
        `INSERT INTO alert (code, key, agency, severity, values_json, opened_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(code, key, agency, severity, valuesJson, openedMs);
    return Number(done.lastInsertRowid);
  }

  update(id: number, severity: string, valuesJson: string): void {
    this.#db
      .prepare('UPDATE alert SET severity = ?, values_json = ? WHERE id = ?')
      .run(severity, valuesJson, id);
  }

  close(id: number, closedMs: number): void {
    this.#db.prepare('UPDATE alert SET closed_ms = ? WHERE id = ?').run(closedMs, id);
  }

  /** Forgets those closed before a time, and of the others all but the newest `most`. */
  removeClosed(beforeMs: number, most: number): void {
    this.#db.prepare('DELETE FROM alert WHERE closed_ms < ?').run(beforeMs);
    this.#db
      .prepare(
        `DELETE FROM alert WHERE closed_ms IS NOT NULL AND id <= (SELECT id FROM alert
           WHERE closed_ms IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      )
      .run(most);
  }

  /** Keeps at most `most` of one address, the newest. @returns how many had to go. */
  addMessage(url: string, body: string, nowMs: number, most: number): number {
    this.#db
      .prepare('INSERT INTO webhook_message (url, body, created_ms, next_ms) VALUES (?, ?, ?, ?)')
      .run(url, body, nowMs, nowMs);
    return this.#db
      .prepare(
        `DELETE FROM webhook_message WHERE id IN
           (SELECT id FROM webhook_message WHERE url = ? ORDER BY id DESC LIMIT -1 OFFSET ?)`,
      )
      .run(url, most).changes;
  }

  /** The oldest message of an address: later ones wait, so that they come in order. */
  firstMessage(url: string): (WebhookMessage & { readonly nextMs: number }) | undefined {
    return this.#db
      .prepare<[string], WebhookMessage & { readonly nextMs: number }>(
        `SELECT id, body, created_ms AS createdMs, try_count AS tryCount, next_ms AS nextMs
         FROM webhook_message WHERE url = ? ORDER BY id LIMIT 1`,
      )
      .get(url);
  }

  removeMessage(id: number): void {
    this.#db.prepare('DELETE FROM webhook_message WHERE id = ?').run(id);
  }

  retryMessage(id: number, nextMs: number): void {
    this.#db
      .prepare('UPDATE webhook_message SET try_count = try_count + 1, next_ms = ? WHERE id = ?')
      .run(nextMs, id);
  }

  /** Agencies with the time at which the broker stored their last report. */
  contacts(): AgencyContact[] {
    return this.#db
      .prepare<[], AgencyContact>(
        `SELECT a.code, a.tier, a.valid_from_ms AS validFromMs, a.valid_to_ms AS validToMs,
           (SELECT r.stored_ms FROM report AS r WHERE r.agency = a.code
            ORDER BY r.number DESC LIMIT 1) AS lastStoredMs
         FROM agency AS a WHERE a.role = 'agency'`,
      )
      .all();
  }

  lastReportId(): number {
    return (
      this.#db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM report').pluck().get() ?? 0
    );
  }

  reportsAfter(id: number, limit: number): RecentReport[] {
    return this.#db
      .prepare<[number, number], RecentReport>(
        `SELECT id, agency, at_ms AS atMs, stored_ms AS storedMs FROM report
         WHERE id > ? ORDER BY id LIMIT ?`,
      )
      .all(id, limit);
  }

  watermarksDue(): number {
    return (
      this.#db
        .prepare<[], number>('SELECT count(*) FROM chain WHERE watermark_revision < revision')
        .pluck()
        .get() ?? 0
    );
  }

  /** Of the newest `most` contradictions those found since, with those that were only counted. */
  contradictions(
    sinceMs: number,
    most: number,
  ): { agency: string; count: number; kinds: string }[] {
    return this.#db
      .prepare<[number, number, number], { agency: string; count: number; kinds: string }>(
        `SELECT agency, sum(count) AS count, group_concat(DISTINCT kind) AS kinds FROM
           (SELECT agency, kind, found_ms AS at_ms, 1 AS count FROM
             (SELECT agency, kind, found_ms FROM contradiction ORDER BY id DESC LIMIT ?)
            WHERE found_ms >= ?
            UNION ALL SELECT agency, kind, last_ms, further FROM contradiction_count
            WHERE further > 0 AND last_ms >= ?)
         GROUP BY agency`,
      )
      .all(most, sinceMs, sinceMs);
  }

  /** Register numbers without a trace, of each agency that lacks any. */
  missingNumbers(): { agency: string; missing: number }[] {
    return this.#db
      .prepare<[], { agency: string; missing: number }>(
        `SELECT agency, sum(last_number - first_number + 1) AS missing
         FROM register_gap GROUP BY agency`,
      )
      .all();
  }

  /** Keeps what is missing today, and forgets what is older than `oldestDay`. */
  keepMissing(
    day: string,
    rows: readonly { agency: string; missing: number }[],
    oldestDay: string,
  ) {
    const put = this.#db.prepare(
      'INSERT INTO alert_gap_day (agency, day, missing) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    for (const { agency, missing } of rows) put.run(agency, day, missing);
    this.#db.prepare('DELETE FROM alert_gap_day WHERE day < ?').run(oldestDay);
  }

  /** What was missing on a day; empty when that day was not kept. */
  missingOn(day: string): Map<string, number> {
    const rows = this.#db
      .prepare<[string], { agency: string; missing: number }>(
        'SELECT agency, missing FROM alert_gap_day WHERE day = ?',
      )
      .all(day);
    return new Map(rows.map(({ agency, missing }) => [agency, missing]));
  }
}
