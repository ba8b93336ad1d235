import type { Lane } from '@congvan/bus';

interface Waiting {
  readonly sender: string;
  readonly lane: Lane;
}

/** More senders than an agency hears of in a day; then turns begin anew. */
const MAX_SENDERS = 10_000;

/**
 * Whose content is fetched next: of the sender whose last turn is longest ago, so that one who names
 * much that never comes holds up himself alone. An urgent one comes as if it had waited longer.
 */
export class SenderTurns {
  readonly #lastMs = new Map<string, number>();
  readonly #urgentAheadMs: number;
  readonly #nowMs: () => number;

  constructor(urgentAheadMs: number, nowMs = () => performance.now()) {
    this.#urgentAheadMs = urgentAheadMs;
    this.#nowMs = nowMs;
  }

  begin(sender: string): void {
    if (this.#lastMs.size >= MAX_SENDERS) this.#lastMs.clear();
    this.#lastMs.set(sender, this.#nowMs());
  }

  end(sender: string): void {
    this.begin(sender);
  }

  /** Of equals the first. */
  next<T extends Waiting>(waiting: readonly T[]): T | undefined {
    let found: T | undefined;
    let best = Infinity;
    for (const one of waiting) {
      const rank = this.#rank(one);
      if (rank >= best) continue;
      [found, best] = [one, rank];
    }
    return found;
  }

  #rank({ sender, lane }: Waiting): number {
    const last = this.#lastMs.get(sender) ?? -this.#urgentAheadMs;
    return lane === 'urgent' ? last - this.#urgentAheadMs : last;
  }
}
