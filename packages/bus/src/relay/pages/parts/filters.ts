import { COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES } from '../../../edxml/document-type.ts';
import { TIERS } from '../../../agency/tier.ts';
import type { BreakdownRow } from '../../figures/types.ts';
import { type PageContext, here } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { visible } from '../said.ts';
import { periodOptions } from './period-picker.ts';

export type FilterName = 'under' | 'tier' | 'document_type' | 'urgency' | 'structure';

export interface FilterForm {
  readonly fields: readonly FilterName[];
  /** Agencies to choose from for `under`. */
  readonly parents?: readonly BreakdownRow[];
  /** More fields of this page. */
  readonly extra?: Markup;
  /** Parameters that the form neither shows nor may lose. */
  readonly kept?: Readonly<Record<string, string | undefined>>;
  /** Names of the fields in `extra`. */
  readonly extraNames?: readonly string[];
  /** Shown at once: the page is there to be filtered. */
  readonly open?: boolean;
}

/** One form for period and conditions; it works by asking for the page again. */
export function filters(context: PageContext, form: FilterForm): Markup {
  const { t, f, query, parameters } = context;
  const names = [...form.fields, ...(form.extraNames ?? [])];
  const activeCount = names.filter((name) => parameters[name] !== undefined).length;
  const cleared = Object.fromEntries(names.map((name) => [name, undefined]));
  const body = html`<form method="get" action=${context.path} class="filters" role="search">
    ${Object.entries(form.kept ?? {}).map(
      ([name, value]) =>
        value !== undefined && html`<input type="hidden" name=${name} value=${value} />`,
    )}
    ${field(
      'period',
      t.period.label,
      html`<select id="filter-period" name="period">
        ${periodOptions(context, query.period, context.today)}
      </select>`,
    )}
    ${form.fields.map((name) => fieldOf(context, name, form))} ${form.extra}
    <div class="buttons">
      <button type="submit">${t.filters.apply}</button>
      ${activeCount > 0 && html`<a href=${here(context, cleared)}>${t.filters.clear}</a>`}
    </div>
  </form>`;
  return html`<details class="filter-box" open=${form.open === true || activeCount > 0}>
    <summary>
      ${t.filters.label}${
        activeCount > 0 &&
        html` <span class="quiet">(${t.filters.active(f.count(activeCount))})</span>`
      }
    </summary>
    ${body}
  </details>`;
}

export function field(name: string, label: string, control: Markup): Markup {
  return html`<p class="field"><label for=${`filter-${name}`}>${label}</label> ${control}</p>`;
}

/** A select with an empty first choice. */
export function choice<Value extends string>(
  name: string,
  options: readonly (readonly [Value, string])[],
  chosen: string | undefined,
  all: string,
): Markup {
  return html`<select id=${`filter-${name}`} name=${name}>
    <option value="">${all}</option>
    ${options.map(
      ([value, label]) =>
        html`<option value=${value} selected=${value === chosen}>${label}</option>`,
    )}
  </select>`;
}

function fieldOf(context: PageContext, name: FilterName, form: FilterForm): Markup {
  const { t, query } = context;
  const { all } = t.filters;
  switch (name) {
    case 'under':
      return field(name, t.filters.under, underSelect(context, form.parents ?? []));
    case 'tier': {
      const options = TIERS.map((tier) => [tier, t.tiers[tier]] as const);
      return field(name, t.filters.tier, choice(name, options, query.tier, all));
    }
    case 'document_type':
      return field(name, t.filters.documentType, typeInput(query.document_type));
    case 'urgency': {
      const options = (['normal', 'urgent'] as const).map(
        (one) => [one, t.urgencies[one]] as const,
      );
      return field(name, t.filters.urgency, choice(name, options, query.urgency, all));
    }
    case 'structure': {
      const { structures } = t.filters;
      const now = [['now', structures.today]] as const;
      return field(
        name,
        t.filters.structure,
        choice(name, now, query.structure, structures.atIssue),
      );
    }
  }
}

/** Any name can be typed: agencies have types that no list knows. */
function typeInput(chosen: string | undefined): Markup {
  const names = [...COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES];
  return html`<input
      id="filter-document_type"
      name="document_type"
      list="document-types"
      value=${chosen}
      maxlength="200"
      autocomplete="off"
    /><datalist id="document-types">
      ${names.map((name) => html`<option value=${name}></option>`)}
    </datalist>`;
}

function underSelect(context: PageContext, parents: readonly BreakdownRow[]): Markup {
  const { t, query } = context;
  const isListed = parents.some(({ key }) => key === query.under);
  const tiers = TIERS.filter((tier) => parents.some((row) => row.tier === tier));
  const option = (code: string, name: string) =>
    html`<option value=${code} selected=${code === query.under}>${name}</option>`;
  return html`<select id="filter-under" name="under">
    <option value="">${t.filters.all}</option>
    ${query.under !== undefined && !isListed && option(query.under, query.under)}
    ${tiers.map(
      (tier) =>
        html`<optgroup label=${t.tiers[tier]}>
          ${parents
            .filter((row) => row.tier === tier)
            .map((row) => option(row.key, `${visible(row.name ?? row.key, 60)} (${row.key})`))}
        </optgroup>`,
    )}
  </select>`;
}
