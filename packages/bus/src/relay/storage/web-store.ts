import { closeSync, openSync } from 'node:fs';

import { type Db, type Schema, openMigrated } from '../../sqlite/index.ts';

const SCHEMA: Schema = { migrations: new URL('../../../migrations/web/', import.meta.url) };

type RoleText = 'auditor' | 'operator' | 'agency';

export interface AccountRow {
  readonly name: string;
  readonly role: RoleText;
  readonly scope: string | null;
  readonly language: 'vi' | 'en';
  readonly password: string;
  readonly createdMs: number;
  readonly tokenHash: string | null;
  readonly tokenExpiresMs: number | null;
}

export interface SessionRow {
  readonly idHash: string;
  readonly account: string | null;
  readonly name: string;
  readonly role: RoleText;
  readonly scope: string | null;
  readonly language: 'vi' | 'en';
  readonly createdMs: number;
  readonly seenMs: number;
}

export interface FailedLogIn {
  readonly failureCount: number;
  readonly lastMs: number;
  readonly lockedUntilMs: number;
}

export interface ProviderLogIn {
  readonly verifier: string;
  readonly nonce: string;
  readonly next: string;
  readonly createdMs: number;
}

const ACCOUNT = `SELECT name, role, scope, language, password, created_ms AS createdMs,
  token_hash AS tokenHash, token_expires_ms AS tokenExpiresMs FROM account`;
const SESSION = `SELECT id_hash AS idHash, account, name, role, scope, language,
  created_ms AS createdMs, seen_ms AS seenMs FROM session`;

/**
 * Opens the file of accounts and sessions, for its user alone; several processes may have it open.
 *
 * @throws {@link BusError} `BUS_DATABASE_NEWER`.
 */
export function openWebDatabase(file: string): Db {
  closeSync(openSync(file, 'a', 0o600));
  return openMigrated(file, SCHEMA);
}

/** A copy put back must let nobody in who has not logged in since; accounts and tokens stay. */
export function forgetLogIns(db: Db): void {
  db.exec('DELETE FROM session; DELETE FROM provider_log_in; DELETE FROM failed_log_in;');
}

/** Accounts, sessions and failed log-ins of a relay's HTTP side. */
export class WebStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  account(name: string): AccountRow | undefined {
    return this.#db.prepare<[string], AccountRow>(`${ACCOUNT} WHERE name = ?`).get(name);
  }

  accountOfToken(tokenHash: string): AccountRow | undefined {
    return this.#db.prepare<[string], AccountRow>(`${ACCOUNT} WHERE token_hash = ?`).get(tokenHash);
  }

  accounts(): AccountRow[] {
    return this.#db.prepare<[], AccountRow>(`${ACCOUNT} ORDER BY name`).all();
  }

  /** @returns false when the name is taken. */
  addAccount(row: AccountRow): boolean {
    const { name, role, scope, language, password, createdMs } = row;
    const done = this.#db
      .prepare(
        `INSERT INTO account (name, role, scope, language, password, created_ms)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`,
      )
      .run(name, role, scope, language, password, createdMs);
    return done.changes === 1;
  }

  /** Its sessions and its token go with it. @returns false when there is no such account. */
  removeAccount(name: string): boolean {
    return this.#db.prepare('DELETE FROM account WHERE name = ?').run(name).changes === 1;
  }

  /** Ends the account's sessions too: whoever knew the old one is out. */
  setPassword(name: string, password: string): boolean {
    const change = this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM session WHERE account = ?').run(name);
      return this.#db.prepare('UPDATE account SET password = ? WHERE name = ?').run(password, name)
        .changes;
    });
    return change.immediate() === 1;
  }

  setToken(name: string, tokenHash: string | null, expiresMs: number | null): boolean {
    return (
      this.#db
        .prepare('UPDATE account SET token_hash = ?, token_expires_ms = ? WHERE name = ?')
        .run(tokenHash, expiresMs, name).changes === 1
    );
  }

  session(idHash: string): SessionRow | undefined {
    return this.#db.prepare<[string], SessionRow>(`${SESSION} WHERE id_hash = ?`).get(idHash);
  }

  /** Adds a session; of one name the newest `mostOfOne` stay, of all the `mostOfAll` seen last. */
  addSession(row: SessionRow, mostOfOne: number, mostOfAll: number): void {
    const { idHash, account, name, role, scope, language, createdMs, seenMs } = row;
    const add = this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO session (id_hash, account, name, role, scope, language, created_ms, seen_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(idHash, account, name, role, scope, language, createdMs, seenMs);
      this.#db
        .prepare(
          `DELETE FROM session WHERE id_hash IN (SELECT id_hash FROM session
             WHERE name = ? AND account IS ? ORDER BY created_ms DESC, id_hash LIMIT -1 OFFSET ?)`,
        )
        .run(name, account, mostOfOne);
      this.#db
        .prepare(
          `DELETE FROM session WHERE id_hash IN
             (SELECT id_hash FROM session ORDER BY seen_ms DESC LIMIT -1 OFFSET ?)`,
        )
        .run(mostOfAll);
    });
    add.immediate();
  }

  touchSession(idHash: string, seenMs: number): void {
    this.#db.prepare('UPDATE session SET seen_ms = ? WHERE id_hash = ?').run(seenMs, idHash);
  }

  removeSession(idHash: string): void {
    this.#db.prepare('DELETE FROM session WHERE id_hash = ?').run(idHash);
  }

  removeOldSessions(createdBeforeMs: number, seenBeforeMs: number): void {
    this.#db
      .prepare('DELETE FROM session WHERE created_ms < ? OR seen_ms < ?')
      .run(createdBeforeMs, seenBeforeMs);
  }

  failedLogIn(nameHash: string): FailedLogIn | undefined {
    return this.#db
      .prepare<[string], FailedLogIn>(
        `SELECT failure_count AS failureCount, last_ms AS lastMs, locked_until_ms AS lockedUntilMs
         FROM failed_log_in WHERE name_hash = ?`,
      )
      .get(nameHash);
  }

  /** Keeps at most `most` names, those that failed last. */
  setFailedLogIn(nameHash: string, row: FailedLogIn, most: number): void {
    const { failureCount, lastMs, lockedUntilMs } = row;
    const set = this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT OR REPLACE INTO failed_log_in (name_hash, failure_count, last_ms, locked_until_ms)
           VALUES (?, ?, ?, ?)`,
        )
        .run(nameHash, failureCount, lastMs, lockedUntilMs);
      this.#db
        .prepare(
          `DELETE FROM failed_log_in WHERE name_hash IN
             (SELECT name_hash FROM failed_log_in ORDER BY last_ms DESC LIMIT -1 OFFSET ?)`,
        )
        .run(most);
    });
    set.immediate();
  }

  forgetFailedLogIn(nameHash: string): void {
    this.#db.prepare('DELETE FROM failed_log_in WHERE name_hash = ?').run(nameHash);
  }

  /** Keeps at most `most`, the newest. */
  addProviderLogIn(stateHash: string, row: ProviderLogIn, most: number): void {
    const { verifier, nonce, next, createdMs } = row;
    const add = this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO provider_log_in (state_hash, verifier, nonce, next, created_ms)
           VALUES (?, ?, ?, ?, ?)`,
        )
        .run(stateHash, verifier, nonce, next, createdMs);
      this.#db
        .prepare(
          `DELETE FROM provider_log_in WHERE state_hash IN
             (SELECT state_hash FROM provider_log_in ORDER BY created_ms DESC LIMIT -1 OFFSET ?)`,
        )
        .run(most);
    });
    add.immediate();
  }

  /** Gives a log-in out once. */
  takeProviderLogIn(stateHash: string): ProviderLogIn | undefined {
    return this.#db
      .prepare<[string], ProviderLogIn>(
        `DELETE FROM provider_log_in WHERE state_hash = ?
         RETURNING verifier, nonce, next, created_ms AS createdMs`,
      )
      .get(stateHash);
  }
}
