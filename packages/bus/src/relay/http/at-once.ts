import type { FastifyReply } from 'fastify';

import { Problem } from './problem.ts';
import type { Viewer } from './session.ts';

/** Files that are made while they are sent: of one account, and of all. */
export const FILES_AT_ONCE = { ofOne: 4, ofAll: 24 } as const;
/** Evidence is made whole, in memory, by the process that takes reports in. */
export const EVIDENCE_AT_ONCE = { ofOne: 1, ofAll: 3 } as const;

export interface AtOnceLimits {
  readonly ofOne: number;
  readonly ofAll: number;
}

/** Counts long answers from their beginning until the last byte has left, or the reader has gone. */
export class AtOnce {
  readonly #limits: AtOnceLimits;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor(limits: AtOnceLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a place until the answer has ended.
   *
   * @throws {@link Problem} `too-many-requests`.
   */
  enter({ name }: Viewer, { raw }: Pick<FastifyReply, 'raw'>): void {
    const { ofOne, ofAll } = this.#limits;
    const own = this.#open.get(name) ?? 0;
    if (own >= ofOne) throw new Problem('too-many-requests', `at most ${ofOne} files at once`);
    if (this.#count >= ofAll) throw new Problem('too-many-requests', 'too many files at once');
    this.#open.set(name, own + 1);
    this.#count += 1;
    raw.once('close', () => this.#leave(name));
  }

  #leave(name: string): void {
    this.#count -= 1;
    const left = (this.#open.get(name) ?? 1) - 1;
    if (left === 0) this.#open.delete(name);
    else this.#open.set(name, left);
  }
}
