import type { Lane } from '@congvan/bus';

import { AGENT_LIMITS } from '../limits.ts';

interface Waiter {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * Shares one line between the lanes: ordinary messages and chunks have so many bytes under way
 * together, and none starts while an urgent message is on its way.
 *
 * What is written to a socket cannot be overtaken: on a line of 4 Mb/s each megabyte ahead of an
 * urgent message costs it two seconds.
 */
export class LineGate {
  readonly #maxBytes: number;
  #bytes = 0;
  #urgent = 0;
  readonly #waiting: Waiter[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytesInFlight(): number {
    return this.#bytes;
  }

  /** Runs `send` when there is room; one message larger than all the room goes alone. */
  async pass<T>(lane: Lane, bytes: number, send: () => Promise<T>): Promise<T> {
    if (lane === 'urgent') return await this.#passUrgent(send);
    await this.#enter(bytes);
    try {
      return await send();
    } finally {
      this.#bytes -= bytes;
      this.#admit();
    }
  }

  async #passUrgent<T>(send: () => Promise<T>): Promise<T> {
    this.#urgent += 1;
    try {
      return await send();
    } finally {
      this.#urgent -= 1;
      this.#admit();
    }
  }

  async #enter(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#bytes += bytes;
      return;
    }
    await new Promise<void>((enter) => {
      this.#waiting.push({ bytes, enter });
    });
  }

  #hasRoom(bytes: number): boolean {
    return this.#urgent === 0 && (this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes);
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.enter();
    }
  }
}

/** On a thin line (a window of one chunk) little may stand before an urgent message. */
export function inFlightBytes(line: { readonly window: number }): number {
  const { outboxInFlightBytes, outboxInFlightBytesThin } = AGENT_LIMITS;
  return line.window <= 1 ? outboxInFlightBytesThin : outboxInFlightBytes;
}
