import { type Display, type PageContext, here } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { type Period, type PeriodKind, periodOf, shiftPeriod } from '../periods.ts';

const KINDS: readonly PeriodKind[] = ['month', 'quarter', 'year'];
/** How many of each a person can choose from without typing. */
const CHOICES: Readonly<Record<'month' | 'quarter' | 'year', number>> = {
  month: 24,
  quarter: 12,
  year: 6,
};

/** Which period the page is about, the ones beside it, and the same day in months, quarters, years. */
export function periodPicker(context: PageContext): Markup {
  const { t, f, today } = context;
  const { period } = context.query;
  const previous = shiftPeriod(period, -1);
  const next = shiftPeriod(period, 1);
  const isOpen = period.to >= today;
  return html`<nav class="period" aria-label=${t.period.label}>
    <div class="period-steps">
      <a class="step" href=${here(context, { period: previous.text })} rel="prev"
        ><span aria-hidden="true">‹</span
        ><span class="spoken">${t.period.previous}: ${f.period(previous.text)}</span></a
      >
      <p class="period-now">
        <strong>${f.period(period.text)}</strong>${' '}
        <span class="quiet">
          ${t.period.range(f.day(period.from), f.day(period.to))}${isOpen && ` · ${period.from > today ? t.period.toCome : t.period.open}`}
        </span>
      </p>
      ${
        isOpen
          ? html`<span class="step off" aria-hidden="true">›</span>`
          : html`<a class="step" href=${here(context, { period: next.text })} rel="next"
              ><span aria-hidden="true">›</span
              ><span class="spoken">${t.period.next}: ${f.period(next.text)}</span></a
            >`
      }
    </div>
    <ul class="kinds">
      ${KINDS.map((kind) => {
        const now = periodOf(kind, today);
        const target = period.to < today ? periodOf(kind, period.to) : now;
        const current = period.kind === kind ? 'true' : undefined;
        return html`<li>
          <a href=${here(context, { period: target.text })} aria-current=${current}
            >${t.period.kinds[kind]}</a
          >
        </li>`;
      })}
      ${
        !isOpen &&
        html`<li>
          <a href=${here(context, { period: periodOf(period.kind, today).text })}
            >${t.period.current[period.kind]}</a
          >
        </li>`
      }
    </ul>
  </nav>`;
}

/** The options of a select: the last months, quarters and years, and the one chosen whatever it is. */
export function periodOptions(display: Display, chosen: Period, today: string): Markup {
  const groups = (['month', 'quarter', 'year'] as const).map((kind) => ({
    kind,
    periods: Array.from({ length: CHOICES[kind] }, (_, index) =>
      shiftPeriod(periodOf(kind, today), -index),
    ),
  }));
  const isListed = groups.some(({ periods }) => periods.some(({ text }) => text === chosen.text));
  return html`${
    !isListed &&
    html`<option value=${chosen.text} selected=${true}>${display.f.period(chosen.text)}</option>`
  }
  ${groups.map(
    ({ kind, periods }) =>
      html`<optgroup label=${display.t.period.kinds[kind]}>
        ${periods.map(
          ({ text }) =>
            html`<option value=${text} selected=${text === chosen.text}>
              ${display.f.period(text)}
            </option>`,
        )}
      </optgroup>`,
  )}`;
}
