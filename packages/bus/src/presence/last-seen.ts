import type { AgencyCode } from '../agency/code.ts';
import { parseAliveSubject } from '../subject/subject.ts';
import { type Presence, parsePresence } from './presence.ts';

/** An agency tells its presence every minute: after this it is silent. */
export const SILENT_AFTER_MS = 3 * 60_000;
/** More than there are agencies in the country. */
const MAX_AGENCIES = 200_000;

export interface Seen {
  readonly code: AgencyCode;
  readonly site: string;
  readonly seenMs: number;
  readonly presence: Presence | undefined;
}

/** Who was heard of when, in memory: after a restart one minute fills it again. */
export class LastSeen {
  readonly #seen = new Map<AgencyCode, Seen>();
  readonly #startedMs: number;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** Takes one `vb.alive.<tier>.<site>.<code>`. @returns who it was, `undefined` for another subject. */
  note(natsSubject: string, data: Uint8Array, nowMs: number): Seen | undefined {
    const subject = parseAliveSubject(natsSubject);
    if (subject === undefined) return undefined;
    const { code, site } = subject;
    if (!this.#seen.has(code) && this.#seen.size >= MAX_AGENCIES) return undefined;
    const seen = { code, site, seenMs: nowMs, presence: parsePresence(data) };
    this.#seen.set(code, seen);
    return seen;
  }

  get(code: AgencyCode): Seen | undefined {
    return this.#seen.get(code);
  }

  list(): Seen[] {
    return [...this.#seen.values()];
  }

  presentCount(nowMs: number): number {
    return this.list().filter(({ seenMs }) => nowMs - seenMs <= SILENT_AFTER_MS).length;
  }

  /**
   * Those of `expected` that have not been heard of for three minutes. Nobody counts as silent
   * before this process itself has listened that long.
   */
  silent(expected: Iterable<AgencyCode>, nowMs: number): AgencyCode[] {
    if (nowMs - this.#startedMs <= SILENT_AFTER_MS) return [];
    return [...expected].filter((code) => {
      const seenMs = this.#seen.get(code)?.seenMs;
      return seenMs === undefined || nowMs - seenMs > SILENT_AFTER_MS;
    });
  }
}
