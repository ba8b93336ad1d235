const WINDOW_MS = 60_000;
const SLOTS = 12;
const SLOT_MS = WINDOW_MS / SLOTS;

/** How many messages leave in a second, over the last minute as measured. Monotonic time in. */
export class Rate {
  readonly #slots: { slot: number; count: number }[] = [];
  #startedMs: number | undefined;

  add(count: number, nowMs: number): void {
    if (count <= 0) return;
    this.#startedMs ??= nowMs;
    const slot = Math.floor(nowMs / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.slot === slot) last.count += count;
    else this.#slots.push({ slot, count });
    if (this.#slots.length > SLOTS) this.#slots.shift();
  }

  /** 0 when nothing left within the last minute. */
  perSecond(nowMs: number): number {
    const oldest = Math.floor(nowMs / SLOT_MS) - SLOTS;
    const recent = this.#slots.filter(({ slot }) => slot > oldest);
    const first = recent[0];
    if (first === undefined || this.#startedMs === undefined) return 0;
    const sinceMs = nowMs - Math.max(first.slot * SLOT_MS, this.#startedMs);
    const total = recent.reduce((sum, { count }) => sum + count, 0);
    return total / (Math.max(sinceMs, 1_000) / 1_000);
  }
}
