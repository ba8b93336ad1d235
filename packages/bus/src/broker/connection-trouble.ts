import { type Status, errors } from '@nats-io/transport-node';

import { isRefusal } from './sign-on.ts';
import type { TlsFault } from './tls-fault.ts';

/** Why there is no connection now. */
export interface ConnectionTrouble {
  /**
   * `expired` and `refused`: a server answers and does not take the credentials. `certificate`: one
   * answers, and `fault` says which certificate does not hold.
   */
  readonly kind: 'unreachable' | 'refused' | 'expired' | 'certificate';
  readonly fault?: TlsFault;
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
/** A restart is over by then: no handshakes are added to those of all who come back. */
const FIRST_FAULT_LOOK_MS = 3_000;
const FAULT_LOOK_EVERY_MS = 15_000;

/** Follows one connection: what is wrong, and how long to wait before the next try. */
export class TroubleTracker {
  readonly #random: () => number;
  #kind: 'unreachable' | 'refused' | 'expired' = 'unreachable';
  #fault: TlsFault | undefined;
  #lookedMs: number | undefined;
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
        this.#fault = undefined;
        this.#lookedMs = undefined;
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

  /** Asks now and then, while there is no connection, whether a certificate is why. */
  async lookIfDue(look: () => Promise<TlsFault | undefined>, nowMs: number): Promise<void> {
    const sinceMs = this.#sinceMs;
    if (sinceMs === undefined || this.#kind !== 'unreachable') return;
    const dueMs =
      this.#lookedMs === undefined
        ? sinceMs + FIRST_FAULT_LOOK_MS
        : this.#lookedMs + FAULT_LOOK_EVERY_MS;
    if (nowMs < dueMs) return;
    this.#lookedMs = nowMs;
    const fault = await look().catch(() => undefined);
    // Connected meanwhile, or cut off again: what was seen is of another time.
    if (this.#sinceMs === sinceMs) this.#fault = fault;
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
    const fault = this.#kind === 'unreachable' ? this.#fault : undefined;
    return {
      kind: fault === undefined ? this.#kind : 'certificate',
      ...(fault === undefined ? {} : { fault }),
      sinceMs: this.#sinceMs,
      attemptCount: this.#attempts,
      nextTryMs: this.#nextTryMs,
    };
  }
}
