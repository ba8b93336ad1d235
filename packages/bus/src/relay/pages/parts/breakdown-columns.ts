import type { BreakdownRow } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { html, type Markup } from '../html.ts';
import { shareBar } from './bar.ts';
import type { Column } from './table.ts';
import { targetMark } from './target.ts';
import { change, count, rate } from './value.ts';

export type BreakdownColumn =
  | 'rate'
  | 'bar'
  | 'target'
  | 'change'
  | 'E'
  | 'EP'
  | 'P'
  | 'deliveries'
  | 'overdue'
  | 'missing_numbers'
  | 'silent';

/** The columns that every table by tier, agency, type or month is put together from. */
export function breakdownColumns(
  display: Display,
  names: readonly BreakdownColumn[],
  sortable = false,
): Column<BreakdownRow>[] {
  return names.map((name) => {
    const column = columnOf(display, name);
    if (sortable || column.sort === undefined) return column;
    const { sort, ...rest } = column;
    void sort;
    return rest;
  });
}

function columnOf(display: Display, name: BreakdownColumn): Column<BreakdownRow> {
  const { figures: t } = display.t;
  const plain = (
    head: string,
    figure: 'E' | 'EP' | 'P' | 'deliveries' | 'overdue' | 'missing_numbers',
  ): Column<BreakdownRow> => ({
    head,
    number: true,
    cell: ({ figures }) => count(display, figures[figure], `figures.${figure}`),
  });
  switch (name) {
    case 'rate':
      return {
        head: t.rateShort,
        number: true,
        sort: 'rate_electronic',
        cell: ({ figures }) => rateCell(display, figures.rate_electronic, figures.lower_bound),
      };
    case 'bar':
      return { head: t.share, className: 'bars', wide: true, cell: barCell(display) };
    case 'target':
      return {
        head: t.target,
        cell: ({ figures, target }) =>
          target === null
            ? html`<span class="quiet">${t.noTarget}</span>`
            : html`<span class="goal"
                >${rate(display, target, 'target')}${' '}
                ${targetMark(display, figures.rate_electronic, target)}</span
              >`,
      };
    case 'change':
      return {
        head: t.before,
        number: true,
        wide: true,
        cell: ({ figures, before }) =>
          change(display, figures.rate_electronic, before?.rate_electronic),
      };
    case 'E':
      return plain(t.E, 'E');
    case 'EP':
      return { ...plain(t.EP, 'EP'), wide: true };
    case 'P':
      return plain(t.P, 'P');
    case 'deliveries':
      return { ...plain(t.deliveries, 'deliveries'), sort: 'deliveries' };
    case 'overdue':
      return { ...plain(t.overdue, 'overdue'), sort: 'overdue' };
    case 'missing_numbers':
      return { ...plain(t.missingNumbers, 'missing_numbers'), sort: 'missing_numbers' };
    case 'silent':
      return { head: t.silent, number: true, cell: silentCell(display) };
  }
}

function rateCell(display: Display, value: number | null, isLowerBound: boolean): Markup {
  const { lowerBound } = display.t.figures;
  return html`${rate(display, value, 'figures.rate_electronic')}${
    isLowerBound &&
    html`<span class="bound-sign" title=${lowerBound}
      ><span aria-hidden="true">*</span><span class="spoken"> (${lowerBound})</span></span
    >`
  }`;
}

function barCell(display: Display) {
  return ({ figures, target }: BreakdownRow): Markup =>
    html`${shareBar(figures, target)}<span class="spoken"
        >${display.t.figures.shareText(
          display.f.count(figures.E),
          display.f.count(figures.EP),
          display.f.count(figures.P),
        )}</span
      >`;
}

function silentCell(display: Display) {
  return ({ agencies, agencies_silent }: BreakdownRow): Markup =>
    html`${count(display, agencies_silent, 'agencies_silent')}${' '}<span class="quiet"
        >/ ${count(display, agencies, 'agencies')}</span
      >`;
}
