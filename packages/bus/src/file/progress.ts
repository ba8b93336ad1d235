/** How far a transfer is. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; 0 before there is anything to tell. */
  readonly bytesPerSecond: number;
  /** `null` while the rate is unknown. */
  readonly secondsLeft: number | null;
}

export type ProgressListener = (progress: TransferProgress) => void;

const WINDOW_MS = 10_000;
const REPORT_EVERY_MS = 250;
const MAX_SAMPLES = 64;

export interface ProgressMeter {
  add(bytes: number): void;
  /** Tells the last state, whenever the one before was told. */
  finish(): void;
}

/** Tells the listener at most four times a second. */
export function createProgressMeter(
  totalBytes: number,
  alreadyBytes: number,
  listener: ProgressListener | undefined,
  nowMs: () => number = () => performance.now(),
): ProgressMeter {
  let doneBytes = alreadyBytes;
  let toldMs = -Infinity;
  const samples = [{ atMs: nowMs(), doneBytes }];
  const report = (atMs: number): void => {
    toldMs = atMs;
    samples.push({ atMs, doneBytes });
    // The oldest one kept is just outside of the window, so that the rate covers all of it.
    while (samples.length > 2 && (samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) samples.shift();
    if (samples.length > MAX_SAMPLES) samples.splice(1, 1);
    const [first] = samples;
    const tookMs = first === undefined ? 0 : atMs - first.atMs;
    const rate = first === undefined || tookMs <= 0 ? 0 : (doneBytes - first.doneBytes) / tookMs;
    listener?.({
      doneBytes,
      totalBytes,
      bytesPerSecond: Math.round(rate * 1000),
      secondsLeft: rate > 0 ? Math.ceil((totalBytes - doneBytes) / rate / 1000) : null,
    });
  };
  return {
    add: (bytes) => {
      doneBytes += bytes;
      const atMs = nowMs();
      if (listener !== undefined && atMs - toldMs >= REPORT_EVERY_MS) report(atMs);
    },
    finish: () => {
      if (listener !== undefined) report(nowMs());
    },
  };
}
