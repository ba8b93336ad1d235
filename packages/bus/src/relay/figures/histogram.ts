/** Below this each millisecond has a bucket of its own; above, 64 buckets for each doubling. */
const EXACT = 128;
const PER_DOUBLING = 64;
/** 2⁴⁰ ms are 34 years; what takes longer counts as that. */
const MAX_MS = 2 ** 40 - 1;

/** Buckets are numbered from 0; the bounds are fixed, so that histograms of anything can be added. */
export const BUCKET_COUNT = 2_240;

/**
 * The bucket of a duration: whole numbers only, so the same duration has the same bucket wherever it is
 * worked out. Agencies' clocks differ, so a time may come out below zero: it then counts as zero.
 *
 * @param ms - a whole number of milliseconds.
 */
export function bucketOf(ms: number): number {
  let value = Math.min(Math.max(0, Math.trunc(ms)), MAX_MS);
  let doublings = 0;
  while (value >= EXACT) {
    value = Math.floor(value / 2);
    doublings += 1;
  }
  return doublings * PER_DOUBLING + value;
}

/** The largest duration of a bucket: at most 1/64 above any other of it. */
function bucketTop(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const doublings = Math.floor(bucket / PER_DOUBLING) - 1;
  const value = bucket - doublings * PER_DOUBLING;
  return (value + 1) * 2 ** doublings - 1;
}

/** The place in order, from 1, at or below which `numerator / denominator` of `total` lie. */
export function rank(total: number, numerator: number, denominator: number): number {
  return Math.max(1, Math.ceil((total * numerator) / denominator));
}

/**
 * The durations at two places in order: never below the true ones, and at most 1/64 above them.
 *
 * @param counts - how many lie in each bucket.
 * @param ranks - places from 1, the smaller one first, none beyond the sum of `counts`.
 */
export function ranksOf(
  counts: ArrayLike<number>,
  [low, high]: readonly [number, number],
): readonly [number, number] {
  let before = 0;
  let lowTop: number | undefined;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    before += counts[bucket] ?? 0;
    if (lowTop === undefined && before >= low) lowTop = bucketTop(bucket);
    if (before >= high) return [lowTop ?? bucketTop(bucket), bucketTop(bucket)];
  }
  return [lowTop ?? 0, lowTop ?? 0];
}
