import type { MissingReports } from '../storage/figure-queries.ts';
import type { Agency, Span } from './agency.ts';
import { type Scope, isInScopeOn, standingOf } from './scope.ts';

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

/** The same for all scopes that are whole groups of one structure and tier. */
export class MissingInGroups {
  /** Up to which day those may reach that stand there whatever the day, by the group. */
  readonly #always = new Map<string, string>();
  readonly #others: Missing[] = [];

  constructor(
    { isNow, tier }: Pick<Scope, 'isNow' | 'tier'>,
    reports: readonly MissingReports[],
    find: (code: string) => Agency | undefined,
  ) {
    for (const { agency: code, latest } of reports) {
      const agency = find(code);
      const place = agency?.places[0];
      if (agency === undefined || place === undefined) continue;
      if (agency.places.length > 1) {
        this.#others.push({ agency, latest });
        continue;
      }
      const standing = standingOf(code, place, isNow);
      if (tier !== null && standing.tier !== tier) continue;
      for (const top of [standing.code, ...standing.above.split(' ')]) {
        if ((latest ?? FAR) > (this.#always.get(top) ?? '')) this.#always.set(top, latest ?? FAR);
      }
    }
  }

  /** @param scope - with `under`, and without an agency. */
  mayConcern(scope: Scope, span: Span): boolean {
    if ((this.#always.get(scope.under ?? '') ?? '') >= span.from) return true;
    return this.#others.some((missing) => isConcerned(missing, scope, span));
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
