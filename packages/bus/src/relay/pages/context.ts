import { type Parameters, address } from './address.ts';
import type { AsOf } from '../figures/types.ts';
import type { Language, Viewer } from '../http/session.ts';
import type { ViewerSource } from '../http/source.ts';
import type { Format } from './format.ts';
import type { PageQuery } from './page-query.ts';
import type { Texts } from './texts.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What `as_of.day` says until a relay has run for the first time. */
export const NEVER_SETTLED = '1970-01-01';

/** How a page is shown, also to somebody who is not logged in. */
export interface Display {
  readonly language: Language;
  readonly theme: Theme;
  readonly t: Texts;
  readonly f: Format;
  /** The page's own path, escaped. */
  readonly path: string;
  /** Its parameters, for links back to it. */
  readonly parameters: Parameters;
  /** Addresses of the files that every page needs. */
  readonly assets: { readonly style: string; readonly icon: string };
}

/** All that a page is made from. */
export interface PageContext extends Display {
  readonly viewer: Viewer;
  readonly source: ViewerSource;
  readonly query: PageQuery;
  readonly asOf: AsOf;
  /** The day up to which figures count, `YYYY-MM-DD`. */
  readonly today: string;
}

/** This page with other parameters; a page of a list is left, since its cursor fits no other question. */
export function here(display: Display, changes: Parameters): string {
  return address(display.path, { ...display.parameters, after: undefined, ...changes });
}

/** Another page about the same period and structure. */
export function other(context: PageContext, path: string, parameters: Parameters = {}): string {
  const { period, structure } = context.query;
  return address(path, { period: period.text, structure, ...parameters });
}

/** Another page with every condition of this one. */
export function along(context: PageContext, path: string, parameters: Parameters = {}): string {
  const { under, tier, document_type, urgency } = context.query;
  return other(context, path, { under, tier, document_type, urgency, ...parameters });
}
