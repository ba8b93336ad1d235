import { MAX_AGENCY_CODE_LENGTH } from '../../../agency/code.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { field } from './filters.ts';

/** A code to type; viewers who see one agency only have nothing to choose. */
export function agencyField(context: PageContext): Markup {
  const { t, viewer, query } = context;
  if (viewer.role === 'agency') return null;
  return field(
    'agency',
    `${t.filters.agency} (${t.agencies.code})`,
    html`<input
      id="filter-agency"
      name="agency"
      value=${query.agency}
      maxlength=${MAX_AGENCY_CODE_LENGTH}
      autocomplete="off"
      spellcheck="false"
    />`,
  );
}
