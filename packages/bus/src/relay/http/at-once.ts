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

/** Counts long answers from their making until the last byte has left, or the reader has gone. */
export class AtOnce {
  readonly #limits: AtOnceLimits;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor(limits: AtOnceLimits) {
    this.#limits = limits;
  }

  /**
   * Makes an answer with a place held: as long as it is made, also for a reader who has gone, and
   * then until it has been sent.
   *
   * @throws {@link Problem} `too-many-requests`, before anything is made.
   */
  async hold<T>({ name }: Viewer, reply: FastifyReply, make: () => T | Promise<T>): Promise<T> {
    this.#enter(name);
    try {
      return await make();
    } finally {
      whenEnded(reply, () => this.#leave(name));
    }
  }

  #enter(name: string): void {
    const { ofOne, ofAll } = this.#limits;
    const own = this.#open.get(name) ?? 0;
    if (own >= ofOne) throw new Problem('too-many-requests', `at most ${ofOne} files at once`);
    if (this.#count >= ofAll) throw new Problem('too-many-requests', 'too many files at once');
    this.#open.set(name, own + 1);
    this.#count += 1;
  }

  #leave(name: string): void {
    this.#count -= 1;
    const left = (this.#open.get(name) ?? 1) - 1;
    if (left === 0) this.#open.delete(name);
    else this.#open.set(name, left);
  }
}

/**
 * Calls `leave` once. An answer that is already over tells nothing more, and one that waits behind
 * another on its connection is never told that the connection broke.
 */
function whenEnded({ raw, request }: FastifyReply, leave: () => void): void {
  const { socket } = request.raw;
  if (raw.closed || socket.destroyed) {
    leave();
    return;
  }
  const ended = (): void => {
    raw.off('close', ended);
    socket.off('close', ended);
    leave();
  };
  raw.once('close', ended);
  socket.once('close', ended);
}
