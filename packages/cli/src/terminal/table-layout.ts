/** The text of a table, as it goes into the cells. */
export interface TableText {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns whose cells stay in one line, such as figures; their titles may be broken all the same. */
  readonly unbroken: readonly boolean[];
}

/** What a table needs besides its text: at the left and right edge together, and between two columns. */
export interface Frame {
  readonly edges: number;
  readonly between: number;
}

/** Letters as they stand on a terminal: an accent takes no column of its own. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const _ of new Intl.Segmenter('vi').segment(text)) width += 1;
  return width;
}

/** Longer words, such as a digest in hexadecimal, are broken anywhere; ids are shorter and stay whole. */
const LONGEST_WHOLE_WORD = 60;
const BROKEN_WORD_WIDTH = 32;

function longestWord(text: string): number {
  const widths = text.split(' ').map((word) => {
    const width = displayWidth(word);
    return width > LONGEST_WHOLE_WORD ? BROKEN_WORD_WIDTH : width;
  });
  return Math.max(0, ...widths);
}

/**
 * Chooses the width of each column so that the table fits. Lines are broken between words, since half an
 * id could not be copied.
 *
 * @returns `undefined` when it cannot fit.
 */
export function fitColumns(
  table: TableText,
  frame: Frame,
  available: number,
): number[] | undefined {
  const columns = table.titles.map((title, index) => {
    const cells = table.rows.map((row) => row[index] ?? '');
    const breakable = table.unbroken[index] === true ? [] : cells;
    const whole = table.unbroken[index] === true ? cells : [];
    return {
      width: Math.max(...[title, ...cells].map(displayWidth)),
      least: Math.max(...[title, ...breakable].map(longestWord), ...whole.map(displayWidth)),
    };
  });
  const frameWidth = frame.edges + frame.between * Math.max(0, columns.length - 1);
  let excess = columns.reduce((sum, { width }) => sum + width, frameWidth) - available;
  while (excess > 0) {
    // The widest gives way first: it has the most text in a line.
    const widest = columns
      .filter(({ width, least }) => width > least)
      .toSorted((a, b) => b.width - a.width)[0];
    if (widest === undefined) return undefined;
    widest.width -= 1;
    excess -= 1;
  }
  return columns.map(({ width }) => width);
}

/** Breaks a text between words into lines of at most so many letters. */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => breakWord(whole, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}

function breakWord(word: string, width: number): string[] {
  if (displayWidth(word) <= LONGEST_WHOLE_WORD || displayWidth(word) <= width) return [word];
  const letters = Array.from(new Intl.Segmenter('vi').segment(word), ({ segment }) => segment);
  const pieces: string[] = [];
  for (let at = 0; at < letters.length; at += width)
    pieces.push(letters.slice(at, at + width).join(''));
  return pieces;
}
