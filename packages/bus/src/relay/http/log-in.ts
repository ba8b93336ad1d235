import { randomBytes } from 'node:crypto';

import type { WebStore } from '../storage/web-store.ts';
import { canonicalName, hashSecret, viewerOf } from './accounts.ts';
import {
  MAX_PASSWORD_BYTES,
  PASSWORD_COST,
  type PasswordCost,
  checkPassword,
  hashPassword,
} from './password.ts';
import { Problem } from './problem.ts';
import type { Viewer } from './session.ts';

export const SESSION_IDLE_MS = 60 * 60_000;
export const SESSION_LONGEST_MS = 12 * 60 * 60_000;
export const MAX_SESSIONS_PER_NAME = 10;
const MAX_SESSIONS = 10_000;
/** A session is written to at most so often. */
const SEEN_STEP_MS = 60_000;
const ID_BYTES = 32;
/** Anything longer than our own secrets is none of them. */
const MAX_SECRET_LENGTH = 128;

/** So many wrong passwords of a name are free; each further one doubles the wait. */
export const FREE_FAILURES = 5;
const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 15 * 60_000;
const FORGET_FAILURES_MS = 24 * 60 * 60_000;
const MAX_FAILED_NAMES = 10_000;
/** Each takes 32 MiB and a core: more at once would be an attack by themselves. */
const MAX_CHECKS_AT_ONCE = 2;
const MAX_CHECKS_WAITING = 32;

/** Who is logged in, and who may log in. Times come from `now`. */
export class LogIn {
  readonly #store: WebStore;
  readonly #now: () => Date;
  readonly #cost: PasswordCost;
  readonly #waiting: (() => void)[] = [];
  #checking = 0;
  #nobody: Promise<string> | undefined;

  constructor(store: WebStore, now: () => Date, cost: PasswordCost = PASSWORD_COST) {
    this.#cost = cost;
    this.#store = store;
    this.#now = now;
  }

  /**
   * Opens a session for somebody who knows an account's password.
   *
   * @returns the cookie's value.
   * @throws {@link Problem} `log-in-failed`, whether the name or the password is wrong;
   *   `too-many-requests` while the name is locked, known or not.
   */
  async withPassword(name: string, password: string): Promise<{ id: string; viewer: Viewer }> {
    const canonical = canonicalName(name.slice(0, MAX_SECRET_LENGTH));
    const nameHash = hashSecret(canonical);
    this.#refuseLocked(nameHash);
    // Counted before it is checked: guesses made at the same moment count as well.
    this.#countFailure(nameHash);
    const account = this.#store.account(canonical);
    const right = await this.#check(password, account?.password);
    // While it was checked the account may have got another password, or be gone.
    const still = right ? this.#store.account(canonical) : undefined;
    const isSame = still !== undefined && still.password === account?.password;
    const viewer = isSame ? viewerOf(still) : null;
    if (viewer === null) {
      throw new Problem('log-in-failed', 'the name or the password is wrong');
    }
    this.#store.forgetFailedLogIn(nameHash);
    return { id: this.open(viewer, viewer.name), viewer };
  }

  /** Opens a session. @param account - `null` for somebody whom the identity provider vouches for. */
  open(viewer: Viewer, account: string | null): string {
    const nowMs = this.#now().getTime();
    this.#store.removeOldSessions(nowMs - SESSION_LONGEST_MS, nowMs - SESSION_IDLE_MS);
    const id = randomBytes(ID_BYTES).toString('base64url');
    const row = { ...viewer, idHash: hashSecret(id), account, createdMs: nowMs, seenMs: nowMs };
    this.#store.addSession(row, MAX_SESSIONS_PER_NAME, MAX_SESSIONS);
    return id;
  }

  close(id: string): void {
    if (id.length <= MAX_SECRET_LENGTH) this.#store.removeSession(hashSecret(id));
  }

  /** Whose cookie it is; `null` when it was never given out or is too old. */
  ofSession(id: string): Viewer | null {
    if (id.length > MAX_SECRET_LENGTH) return null;
    // Found by the hash of what was sent: how far a guess matches cannot be timed.
    const row = this.#store.session(hashSecret(id));
    if (row === undefined) return null;
    const nowMs = this.#now().getTime();
    const idle = nowMs - row.seenMs >= SESSION_IDLE_MS;
    if (idle || nowMs - row.createdMs >= SESSION_LONGEST_MS) {
      this.#store.removeSession(row.idHash);
      return null;
    }
    if (nowMs - row.seenMs >= SEEN_STEP_MS) this.#store.touchSession(row.idHash, nowMs);
    return viewerOf(row);
  }

  /** Whose bearer token it is. */
  ofToken(token: string): Viewer | null {
    if (token.length > MAX_SECRET_LENGTH) return null;
    const row = this.#store.accountOfToken(hashSecret(token));
    if (row === undefined || (row.tokenExpiresMs ?? 0) <= this.#now().getTime()) return null;
    return viewerOf(row);
  }

  #refuseLocked(nameHash: string): void {
    const lockedUntilMs = this.#store.failedLogIn(nameHash)?.lockedUntilMs ?? 0;
    const waitMs = lockedUntilMs - this.#now().getTime();
    if (waitMs <= 0) return;
    const retryAfterS = Math.ceil(waitMs / 1_000);
    throw new Problem(
      'too-many-requests',
      `too many wrong passwords: wait ${retryAfterS} seconds`,
      { retryAfterS },
    );
  }

  #countFailure(nameHash: string): void {
    const nowMs = this.#now().getTime();
    const before = this.#store.failedLogIn(nameHash);
    const stale = before === undefined || nowMs - before.lastMs > FORGET_FAILURES_MS;
    const failureCount = stale ? 1 : before.failureCount + 1;
    const over = failureCount - FREE_FAILURES;
    const lockMs = over < 0 ? 0 : Math.min(FIRST_LOCK_MS * 2 ** over, LONGEST_LOCK_MS);
    const row = { failureCount, lastMs: nowMs, lockedUntilMs: nowMs + lockMs };
    this.#store.setFailedLogIn(nameHash, row, MAX_FAILED_NAMES);
  }

  /** A name that nobody has takes as long as one that somebody has. */
  async #check(password: string, hash: string | undefined): Promise<boolean> {
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
    await this.#takeTurn();
    try {
      this.#nobody ??= hashPassword(randomBytes(ID_BYTES).toString('base64url'), this.#cost);
      const wanted = hash ?? (await this.#nobody);
      return (await checkPassword(password, wanted)) && hash !== undefined;
    } finally {
      this.#checking -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#checking >= MAX_CHECKS_AT_ONCE) {
      if (this.#waiting.length >= MAX_CHECKS_WAITING) {
        throw new Problem('too-many-requests', 'too many people log in at this moment');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#checking += 1;
  }
}
