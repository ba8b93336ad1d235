const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Fractions from 0 to 1 as one character each, always on the scale from 0 to 1; `·` for what is unknown. */
export function sparkline(values: readonly (number | null)[]): string {
  return values
    .map((value) => {
      if (value === null) return '·';
      const level = Math.floor(value * BLOCKS.length);
      return BLOCKS[Math.max(0, Math.min(BLOCKS.length - 1, level))];
    })
    .join('');
}
