/** A line that is only in the old text (`-`) or only in the new one (`+`). */
export interface LineDifference {
  readonly side: '-' | '+';
  readonly line: string;
}

/** The longer texts are, the more a comparison costs; configurations have some hundred lines. */
const MAX_COMPARED_LINES = 2_000;

/** The lines that differ, in order: the longest common subsequence is left out. */
export function compareLines(before: string, after: string): LineDifference[] {
  const old = before.split('\n').slice(0, MAX_COMPARED_LINES);
  const fresh = after.split('\n').slice(0, MAX_COMPARED_LINES);
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(fresh.length + 1));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    const line = lengths[row];
    for (let column = fresh.length - 1; column >= 0 && line !== undefined; column -= 1) {
      line[column] =
        old[row] === fresh[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const differences: LineDifference[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < fresh.length) {
    if (row < old.length && column < fresh.length && old[row] === fresh[column]) {
      row += 1;
      column += 1;
    } else if (
      row < old.length &&
      (column >= fresh.length || at(row + 1, column) >= at(row, column + 1))
    ) {
      differences.push({ side: '-', line: old[row] ?? '' });
      row += 1;
    } else {
      differences.push({ side: '+', line: fresh[column] ?? '' });
      column += 1;
    }
  }
  return differences;
}
