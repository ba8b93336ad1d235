/** `[first, last]`, both included. */
export type NumberRange = readonly [first: number, last: number];

export interface SeriesChange {
  readonly highest: number;
  /** The range of missing numbers that held the new one, to be taken away. */
  readonly closed: NumberRange | undefined;
  readonly opened: readonly NumberRange[];
}

/**
 * What a number means for a series that starts at 1: it may open a range of missing numbers before
 * it, or close one that was open.
 *
 * @param highest - the highest number so far, 0 for none.
 * @param open - the range of missing numbers that holds `number`, if there is one.
 */
export function admitNumber(
  highest: number,
  open: NumberRange | undefined,
  number: number,
): SeriesChange {
  if (number > highest) {
    const opened: NumberRange[] = number > highest + 1 ? [[highest + 1, number - 1]] : [];
    return { highest: number, closed: undefined, opened };
  }
  if (open === undefined) return { highest, closed: undefined, opened: [] };
  const [first, last] = open;
  const opened: NumberRange[] = [];
  if (first < number) opened.push([first, number - 1]);
  if (number < last) opened.push([number + 1, last]);
  return { highest, closed: open, opened };
}
