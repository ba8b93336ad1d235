import type { MissingReports } from '../storage/figure-queries.ts';
import type { Agency, Span } from './agency.ts';
import { type Scope, isInScopeOn } from './scope.ts';

interface Missing {
  readonly agency: Agency;
  /** Of the report after: the missing ones were made before; `null`: nobody knows. */
  readonly latest: string | null;
}

/** Whether reports are missing that may concern a span, for any number of spans of one scope. */
export class MissingInScope {
  readonly #scope: Scope;
  /** Up to which day those may reach that stand in scope whatever the day; `''`: there are none. */
  #always = '';
  readonly #others: Missing[] = [];

  constructor(
    scope: Scope,
    reports: readonly MissingReports[],
    find: (code: string) => Agency | undefined,
  ) {
    this.#scope = scope;
    for (const { agency: code, latest } of reports) {
      const agency = find(code);
      if (agency === undefined) continue;
      if (agency.places.length > 1) this.#others.push({ agency, latest });
      else if (isInScopeOn(agency, scope, latest ?? FAR)) {
        if ((latest ?? FAR) > this.#always) this.#always = latest ?? FAR;
      }
    }
  }

  /** A report names documents issued before it was made: one made before a span cannot concern it. */
  mayConcern(span: Span): boolean {
    if (this.#always >= span.from) return true;
    return this.#others.some((missing) => isConcerned(missing, this.#scope, span));
  }
}

export function mayConcern(
  { latest }: MissingReports,
  agency: Agency,
  scope: Scope,
  span: Span,
): boolean {
  return isConcerned({ agency, latest }, scope, span);
}

function isConcerned({ agency, latest }: Missing, scope: Scope, span: Span): boolean {
  const last = latest ?? span.to;
  if (last < span.from) return false;
  return isInScopeOn(agency, scope, last < span.to ? last : span.to);
}

const FAR = '9999-12-31';
