import type { AnsweredScope, Figures, FiguresAnswer, TimeFigures } from '../../figures/types.ts';
import type { StateFilter } from '../../storage/delivery-queries.ts';
import { type Display, type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { shareBar, shareLegend } from './bar.ts';
import { targetMark } from './target.ts';
import { type Asked, apiOf, sources } from './table.ts';
import { absent, change, count, documentsOf, duration, rate } from './value.ts';

/** The share in large digits, with what it is made of, its target and the period before. */
export function headline(display: Display, answer: FiguresAnswer, asked: Asked): Markup {
  const { t, f } = display;
  const { figures, before, target } = answer;
  const share = figures.rate_electronic;
  const isMixed = answer.scope.agency === undefined && answer.scope.tier === undefined;
  return html`<section class="card headline" data-api=${apiOf(asked)} aria-labelledby="headline">
    <h2 id="headline">${t.overview.headline}</h2>
    <p class="big">
      ${rate(display, share, 'figures.rate_electronic')}
      ${figures.lower_bound && html` <span class="mark bound">${t.figures.lowerBoundShort}</span>`}
    </p>
    <p class="quiet">
      ${
        share === null
          ? t.figures.noDocuments
          : t.overview.headlineNote(f.count(figures.E), f.count(documentsOf(figures)))
      }
    </p>
    ${shareBar(figures, target)} ${shareLegend(display, target !== null)}
    <dl class="facts">
      <dt>${t.figures.target}</dt>
      <dd>
        ${
          target === null
            ? html`<span class="quiet"
                >${isMixed ? t.figures.targetsOfTiers : t.figures.noTarget}</span
              >`
            : html`${rate(display, target, 'target')} ${targetMark(display, share, target)}`
        }
      </dd>
      <dt>${t.figures.before}</dt>
      <dd>
        ${
          before === null
            ? html`<span class="quiet">${t.figures.noBefore}</span>`
            : html`${change(display, share, before.rate_electronic)}${' '}
                <span class="quiet"
                  >(${rate(display, before.rate_electronic, 'before.rate_electronic')})</span
                >`
        }
      </dd>
      <dt>${t.figures.rateSigned}</dt>
      <dd>${rate(display, figures.rate_signed, 'figures.rate_signed')}</dd>
      <dt>${t.figures.receipted}</dt>
      <dd>
        ${count(display, figures.receipted, 'figures.receipted')}${' '}
        <span class="quiet"
          >/ ${count(display, figures.deliveries, 'figures.deliveries')}${' '}
          ${t.figures.deliveries.toLowerCase()}</span
        >
      </dd>
    </dl>
    ${sources(display, { ...asked, csv: false }, t.overview.headline)}
  </section>`;
}

/**
 * All counts of an answer, grouped: what was issued, what was delivered, how long it took. The name of
 * a count of deliveries leads to the list of them.
 */
export function figuresPanel(context: PageContext, answer: FiguresAnswer, asked: Asked): Markup {
  const { t } = context;
  const { figures } = answer;
  const n = (value: number, name: keyof Figures) => count(context, value, `figures.${name}`);
  const listed = (value: number, text: string, state?: StateFilter): Markup =>
    value === 0 ? text : html`<a href=${listAddress(context, answer.scope, state)}>${text}</a>`;
  const names = t.figures;
  return html`<div class="groups" data-api=${apiOf(asked)}>
    ${group(names.documents, [
      [names.E, n(figures.E, 'E')],
      [names.EP, n(figures.EP, 'EP')],
      [names.P, n(figures.P, 'P')],
      [names.rateAny, rate(context, figures.rate_any, 'figures.rate_any')],
      [names.rateSigned, rate(context, figures.rate_signed, 'figures.rate_signed')],
      [names.undelivered, n(figures.undelivered, 'undelivered')],
      [names.voidNumbers, n(figures.void_numbers, 'void_numbers')],
      [names.missingNumbers, n(figures.missing_numbers, 'missing_numbers')],
      [names.contradictions, n(figures.contradictions, 'contradictions')],
      [names.duplicates, n(figures.duplicates, 'duplicates')],
    ])}
    ${group(names.deliveries, [
      [listed(figures.deliveries, names.deliveries), n(figures.deliveries, 'deliveries')],
      [names.receipted, n(figures.receipted, 'receipted')],
      [listed(figures.open, names.open, 'open'), n(figures.open, 'open')],
      [listed(figures.overdue, names.overdue, 'overdue'), n(figures.overdue, 'overdue')],
      [listed(figures.late, names.late, 'late'), n(figures.late, 'late')],
      [listed(figures.refused, names.refused, '02'), n(figures.refused, 'refused')],
      [listed(figures.recalled, names.recalled, 'recalled'), n(figures.recalled, 'recalled')],
      [listed(figures.withdrawn, names.withdrawn, 'withdrawn'), n(figures.withdrawn, 'withdrawn')],
      [names.paperRecipients, n(figures.paper_recipients, 'paper_recipients')],
    ])}
    ${times(context, figures)}
  </div>`;
}

function listAddress(context: PageContext, scope: AnsweredScope, state?: StateFilter): string {
  const { agency, under, tier, document_type, urgency } = scope;
  const conditions = { agency, under, tier, document_type, urgency };
  return other(context, '/deliveries', { ...conditions, state });
}

function times(display: Display, figures: Figures): Markup {
  const { figures: names } = display.t;
  const row = (
    label: string,
    given: number,
    name: 'receipted_01' | 'receipted_03' | 'receipted_06',
    time: TimeFigures | null,
    timeName: string,
  ) =>
    html`<tr>
      <th scope="row">${label}</th>
      <td class="number">${count(display, given, `figures.${name}`)}</td>
      <td class="number">
        ${
          time === null
            ? absent(display)
            : duration(display, time.median, `figures.${timeName}.median`)
        }
      </td>
      <td class="number">
        ${time === null ? absent(display) : duration(display, time.p95, `figures.${timeName}.p95`)}
      </td>
    </tr>`;
  const { receipted_01, receipted_03, receipted_06 } = figures;
  return html`<section class="group">
    <h3>${names.receipted}</h3>
    <table class="times">
      <caption class="spoken">
        ${names.receipted}
      </caption>
      <thead>
        <tr>
          <td></td>
          <th scope="col" class="number">${names.deliveries}</th>
          <th scope="col" class="number">${names.median}</th>
          <th scope="col" class="number">${names.p95}</th>
        </tr>
      </thead>
      <tbody>
        ${row(names.receipted01, receipted_01, 'receipted_01', figures.time_to_01_ms, 'time_to_01_ms')}
        ${row(names.receipted03, receipted_03, 'receipted_03', figures.time_to_03_ms, 'time_to_03_ms')}
        ${row(names.receipted06, receipted_06, 'receipted_06', figures.time_to_06_ms, 'time_to_06_ms')}
      </tbody>
    </table>
  </section>`;
}

function group(title: string, entries: readonly (readonly [Markup, Markup])[]): Markup {
  return html`<section class="group">
    <h3>${title}</h3>
    <dl>
      ${entries.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}
