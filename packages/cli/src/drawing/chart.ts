import type { Bar } from './blocks.ts';
import { AREA, type DrawingContext, lineMetrics } from './layout.ts';
import type { TextStyle } from './page-writer.ts';
import type { FlowItem } from './pagination.ts';
import { measureText, type Typefaces } from './typefaces.ts';

const PLOT_HEIGHT = 110;
const GAP = 8;
const MAX_BAR_WIDTH = 30;
/** Part of a bar's place that the bar fills. */
const FILLED = 0.62;
const BAR_GREY = 0.62;

/** Bars from 0 to 1 over one line, each with its value above and its name below. */
export function layOutChart(
  bars: readonly Bar[],
  typefaces: Typefaces,
  style: TextStyle,
): FlowItem<DrawingContext> {
  const { height: lineHeight, baseline } = lineMetrics(style);
  const place = AREA.width / Math.max(1, bars.length);
  const width = Math.min(MAX_BAR_WIDTH, place * FILLED);
  const typeface = typefaces[style.face];
  const fits = (text: string): boolean => measureText(typeface, text, style.size) <= place;
  // Words that would run into each other are left out; the table below the chart has them all.
  const hasValues = bars.every(({ shown }) => fits(shown));
  const every = Math.max(
    1,
    ...bars.map(({ label }) => Math.ceil((measureText(typeface, label, style.size) + 4) / place)),
  );
  return {
    before: GAP,
    height: PLOT_HEIGHT + 2 * lineHeight + GAP,
    keepWithNext: false,
    draw({ writer }, top) {
      const ground = top - lineHeight - PLOT_HEIGHT;
      bars.forEach(({ value, shown, label, mark }, index) => {
        const centre = AREA.left + (index + 0.5) * place;
        const barHeight = (value ?? 0) * PLOT_HEIGHT;
        if (value !== null) writer.area(centre - width / 2, ground, width, barHeight, BAR_GREY);
        if (mark !== null) {
          const y = ground + mark * PLOT_HEIGHT;
          writer.rule(centre - place / 2, centre + place / 2, y);
        }
        if (hasValues) writer.centred(shown, centre, ground + barHeight + 3, style);
        if (index % every === 0) writer.centred(label, centre, ground - baseline - 3, style);
      });
      writer.rule(AREA.left, AREA.right, ground);
    },
  };
}
