/**
 * Puts those first, in order, that come first: of 15,000 rows a page shows a hundred.
 *
 * @param compare - never 0 for two different rows.
 */
export function putFirst<T>(rows: T[], count: number, compare: (a: T, b: T) => number): void {
  let [low, high] = [0, rows.length];
  // As quicksort, but only the side goes on in which the last of the wanted rows is.
  while (high - low > 1 && count < high) {
    const middle = low + divide(rows, low, high, compare);
    if (count <= middle) high = middle;
    else low = middle + 1;
  }
  const first = rows.slice(0, count).toSorted(compare);
  for (const [at, row] of first.entries()) rows[at] = row;
}

/** Smaller rows before one from the middle, larger ones behind it. @returns how many are before it. */
function divide<T>(rows: T[], low: number, high: number, compare: (a: T, b: T) => number): number {
  const part = rows.slice(low, high);
  const [pivot] = part.splice((high - low) >> 1, 1);
  if (pivot === undefined) return 0;
  const before = part.filter((row) => compare(row, pivot) < 0);
  const behind = part.filter((row) => compare(row, pivot) >= 0);
  let at = low;
  for (const row of before) rows[at++] = row;
  rows[at++] = pivot;
  for (const row of behind) rows[at++] = row;
  return before.length;
}
