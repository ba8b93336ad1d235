/** How many chunks are under way at once, chosen from how long they take. */
export interface TransferWindow {
  size(): number;
  /** Tells how long one chunk took, from its start to its answer. */
  took(ms: number): void;
  /** A chunk failed: the line is worse than thought. */
  failed(): void;
}

/** What a transfer may add to the wait of everything else on the line. */
const MAX_QUEUE_MS = 60;
/** Where one chunk alone takes longer, a second one would keep everything else waiting too long. */
const MAX_SINGLE_MS = 150;
/** A line that was full once is tried again only after some chunks, each time more. */
const MAX_CAUTION = 64;
/** The shortest time is forgotten slowly, since a line can change under a long transfer. */
const FORGET = 1.005;

/**
 * Grows while answers come about as fast as they ever did, and shrinks as soon as chunks queue:
 * a line that is full answers later, not more often. So whatever is urgent finds a short queue.
 *
 * @param maxSize - 1 for a thin line: then there is nothing to adapt.
 */
export function createWindow(maxSize: number): TransferWindow {
  let size = 1;
  let fastestMs = Infinity;
  let calmCount = 0;
  let caution = 1;
  return {
    size: () => size,
    took: (ms) => {
      fastestMs = Math.min(ms, fastestMs * FORGET);
      if (ms - fastestMs > MAX_QUEUE_MS) {
        if (size > 1) caution = Math.min(MAX_CAUTION, caution * 4);
        size = Math.max(1, size - 1);
        calmCount = 0;
        return;
      }
      calmCount += 1;
      if (calmCount < size * caution || size >= maxSize || fastestMs > MAX_SINGLE_MS) return;
      size += 1;
      calmCount = 0;
    },
    failed: () => {
      size = 1;
      calmCount = 0;
    },
  };
}
