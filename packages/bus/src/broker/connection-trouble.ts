import { type Status, errors } from '@nats-io/transport-node';

import { isRefusal } from './sign-on.ts';

/** Why there is no connection now. */
export interface ConnectionTrouble {
  /** `expired` and `refused`: a server answers and does not take the credentials. */
  readonly kind: 'unreachable' | 'refused' | 'expired';
  readonly sinceMs: number;
  readonly attemptCount: number;
  readonly nextTryMs: number;
}

const FIRST_WAIT_MS = 250;
/** A restart of the server takes moments: so many tries come quickly, the later ones less often. */
const QUICK_ATTEMPTS = 6;
const MAX_WAIT_MS = 20_000;
/** Nothing but an operator ends a refusal; a renewed file is still found within half a minute. */
const MAX_WAIT_REFUSED_MS = 30_000;

/** Follows one connection: what is wrong, and how long to wait before the next try. */
export class TroubleTracker {
  readonly #random: () => number;
  #kind: ConnectionTrouble['kind'] = 'unreachable';
  #sinceMs: number | undefined;
  #attempts = 0;
  #nextTryMs = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Takes each status of the client. */
  follow(status: Status, nowMs: number): void {
    switch (status.type) {
      case 'disconnect':
        this.#sinceMs ??= nowMs;
        return;
      case 'reconnecting':
        this.#attempts += 1;
        return;
      case 'reconnect':
        this.#sinceMs = undefined;
        this.#attempts = 0;
        this.#kind = 'unreachable';
        return;
      case 'error':
        if (status.error instanceof errors.UserAuthenticationExpiredError) this.#kind = 'expired';
        else if (isRefusal(status.error)) {
          // After `expired` the server refuses the same credentials without saying why.
          if (this.#kind !== 'expired') this.#kind = 'refused';
        }
        return;
      default:
    }
  }

  /** For the client's reconnect loop: doubling after some quick tries, half of it by chance. */
  delayMs(nowMs: number): number {
    const slow = Math.max(0, this.#attempts - QUICK_ATTEMPTS);
    const most = this.#kind === 'unreachable' ? MAX_WAIT_MS : MAX_WAIT_REFUSED_MS;
    const ceiling = Math.min(4 * FIRST_WAIT_MS * 2 ** Math.min(slow, 10), most);
    const waitMs = Math.round(ceiling * (0.25 + 0.75 * this.#random()));
    this.#nextTryMs = nowMs + waitMs;
    return waitMs;
  }

  current(): ConnectionTrouble | undefined {
    if (this.#sinceMs === undefined) return undefined;
    return {
      kind: this.#kind,
      sinceMs: this.#sinceMs,
      attemptCount: this.#attempts,
      nextTryMs: this.#nextTryMs,
    };
  }
}
