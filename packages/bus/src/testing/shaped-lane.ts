import type { Socket } from 'node:net';

export interface LaneOptions {
  readonly bitsPerSecond?: number;
  readonly latencyMs?: number;
}

/** One direction of a line; all its connections share the rate, in turns. */
export interface Lane {
  /** Moves what `from` brings to `to`. @returns a function that ends it. */
  carry(from: Socket, to: Socket): () => void;
  setFlowing(flowing: boolean): void;
  bytes(): number;
}

/** About one packet: connections take turns after each. */
const SLICE_BYTES = 1_500;
/** What may wait in here per connection; more stays with the sender, who then has to wait. */
const MAX_WAITING_BYTES = 8 * 1024;
const TICK_MS = 1;
/** The rate holds over this time: timers are not exact. */
const BURST_MS = 8;

/** Bytes of one connection on their way. */
interface Flow {
  readonly from: Socket;
  readonly to: Socket;
  readonly waiting: Buffer[];
  waitingBytes: number;
  /** Past the rate, and under way for the latency. */
  readonly flying: { readonly dueMs: number; readonly data: Buffer }[];
  ended: boolean;
  blocked: boolean;
}

export function createLane(options: LaneOptions): Lane {
  return new ShapedLane(options);
}

class ShapedLane implements Lane {
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #latencyMs: number;
  readonly #flows = new Set<Flow>();
  #flowing = true;
  #passed = 0;
  #tokens: number;
  #filledMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor({ bitsPerSecond, latencyMs = 0 }: LaneOptions) {
    this.#bytesPerMs = bitsPerSecond === undefined ? Infinity : bitsPerSecond / 8_000;
    this.#burst = Math.max(this.#bytesPerMs * BURST_MS, SLICE_BYTES);
    this.#tokens = this.#burst;
    this.#latencyMs = latencyMs;
  }

  carry(from: Socket, to: Socket): () => void {
    const state = { waitingBytes: 0, ended: false, blocked: false };
    const flow: Flow = { from, to, waiting: [], flying: [], ...state };
    this.#flows.add(flow);
    from.on('data', (data: Buffer) => {
      flow.waiting.push(data);
      flow.waitingBytes += data.length;
      if (flow.waitingBytes >= MAX_WAITING_BYTES) from.pause();
      this.#wake();
    });
    from.on('end', () => {
      flow.ended = true;
      this.#wake();
    });
    to.on('drain', () => {
      flow.blocked = false;
      this.#wake();
    });
    return () => this.#flows.delete(flow);
  }

  setFlowing(flowing: boolean): void {
    this.#flowing = flowing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#filledMs = performance.now();
    if (flowing) this.#wake();
  }

  bytes(): number {
    return this.#passed;
  }

  #wake(): void {
    // At full rate nothing waits for a tick, or the timer would be the limit.
    if (this.#bytesPerMs === Infinity && this.#latencyMs === 0) this.#work();
    else this.#timer ??= setTimeout(() => this.#work(), TICK_MS);
  }

  #work(): void {
    this.#timer = undefined;
    if (!this.#flowing) return;
    const nowMs = performance.now();
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + (nowMs - this.#filledMs) * this.#bytesPerMs,
    );
    this.#filledMs = nowMs;
    let moved = true;
    while (moved) {
      moved = false;
      for (const flow of this.#flows) moved = this.#takeSlice(flow, nowMs) || moved;
    }
    for (const flow of this.#flows) land(flow, nowMs);
    const busy = [...this.#flows].some(
      (flow) => flow.flying.length > 0 || (flow.waiting.length > 0 && !flow.blocked),
    );
    if (busy) this.#timer ??= setTimeout(() => this.#work(), TICK_MS);
  }

  #takeSlice(flow: Flow, nowMs: number): boolean {
    const [head] = flow.waiting;
    if (head === undefined || flow.blocked) return false;
    const limit = Number.isFinite(this.#bytesPerMs) ? SLICE_BYTES : head.length;
    const slice = head.subarray(0, limit);
    if (slice.length > this.#tokens) return false;
    this.#tokens -= slice.length;
    this.#passed += slice.length;
    if (slice.length === head.length) flow.waiting.shift();
    else flow.waiting[0] = head.subarray(slice.length);
    flow.waitingBytes -= slice.length;
    flow.flying.push({ dueMs: nowMs + this.#latencyMs, data: slice });
    if (flow.waitingBytes < MAX_WAITING_BYTES && flow.from.isPaused()) flow.from.resume();
    return true;
  }
}

/** Hands over what has arrived at the far end. */
function land(flow: Flow, nowMs: number): void {
  for (;;) {
    const [next] = flow.flying;
    if (next === undefined || next.dueMs > nowMs) break;
    flow.flying.shift();
    if (!flow.to.destroyed && !flow.to.write(next.data)) flow.blocked = true;
  }
  const done = flow.ended && flow.waitingBytes === 0 && flow.flying.length === 0;
  if (done && !flow.to.writableEnded) flow.to.end();
}
