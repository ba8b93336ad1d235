import { AGENT_LIMITS } from '../limits.ts';

interface Destination {
  failures: number;
  /** How often it paused in a row. */
  pauses: number;
  pausedUntilMs: number;
  probing: boolean;
}

/** Destinations remembered; a healthy one is forgotten at its first success. */
const MAX_DESTINATIONS = 1_000;

/**
 * Pauses publishing to a destination that fails time and again, and tries it with one message.
 *
 * A destination is a stream as far as a sender can tell: the reports, or the inboxes of one site. A
 * full one would else take every free place of the window from those that work.
 */
export class Breaker {
  readonly #destinations = new Map<string, Destination>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Whether a message may go there now: all of them, one probe after a pause, or none.
   *
   * @returns 0 to go ahead, else the time at which to ask again.
   */
  ask(destination: string, nowMs: number): number {
    const known = this.#destinations.get(destination);
    if (known === undefined || known.failures < AGENT_LIMITS.breakerFailures) return 0;
    const pauseMs = known.pausedUntilMs - nowMs;
    // A pause beyond the longest there is: the clock was ahead when it was set.
    if (pauseMs > 0 && pauseMs <= AGENT_LIMITS.breakerMaxPauseMs) return known.pausedUntilMs;
    known.probing = true;
    // The others wait for the probe's answer, and no longer than one can take.
    known.pausedUntilMs = nowMs + AGENT_LIMITS.publishTimeoutMs;
    return 0;
  }

  succeeded(destination: string): void {
    this.#destinations.delete(destination);
  }

  failed(destination: string, nowMs: number): void {
    const known = this.#destinations.get(destination) ?? this.#remember(destination);
    known.failures += 1;
    if (known.failures < AGENT_LIMITS.breakerFailures) return;
    // Those that were under way together count as one pause.
    if (!known.probing && known.pausedUntilMs > nowMs) return;
    const ceiling = Math.min(
      AGENT_LIMITS.breakerFirstPauseMs * 2 ** Math.min(known.pauses, 20),
      AGENT_LIMITS.breakerMaxPauseMs,
    );
    known.pausedUntilMs = nowMs + Math.round(ceiling * (0.5 + this.#random() / 2));
    known.pauses += 1;
    known.probing = false;
  }

  /** The probe was not sent after all: the next message may be one. */
  release(destination: string): void {
    const known = this.#destinations.get(destination);
    if (known?.probing !== true) return;
    known.probing = false;
    known.pausedUntilMs = 0;
  }

  /** A new connection may lead to a healthy server: everything is tried at once. */
  reset(): void {
    this.#destinations.clear();
  }

  /** Destinations that pause now. */
  paused(nowMs: number): string[] {
    return [...this.#destinations].flatMap(([name, { failures, pausedUntilMs }]) =>
      failures >= AGENT_LIMITS.breakerFailures && pausedUntilMs > nowMs ? [name] : [],
    );
  }

  #remember(destination: string): Destination {
    if (this.#destinations.size >= MAX_DESTINATIONS) this.#destinations.clear();
    const fresh: Destination = { failures: 0, pauses: 0, pausedUntilMs: 0, probing: false };
    this.#destinations.set(destination, fresh);
    return fresh;
  }
}
