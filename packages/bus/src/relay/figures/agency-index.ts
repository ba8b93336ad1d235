import { addDays, dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { AgencyEntryRow, FigureQueries } from '../storage/figure-queries.ts';
import { type StoredPlace, lastDayOf } from '../storage/figure-store.ts';
import { type Agency, LAST_DAY, type Span, firstOf } from './agency.ts';
import { MemberCount } from './member-count.ts';
import type { Ordinals } from './ordinals.ts';
import type { Scope } from './scope.ts';

/** Member lists of scopes kept: a page asks of the same few again and again. */
const MAX_SCOPES = 64;
const byName = new Intl.Collator('vi');

/** All agencies of the directory, by code, as the rollups know them. */
export class AgencyIndex {
  readonly agencies: readonly Agency[];
  readonly #ordinals: Ordinals;
  readonly #byCode: ReadonlyMap<string, Agency>;
  readonly #children = new Map<string, Set<Agency>>();
  readonly #heirs = new Map<string, string[]>();
  readonly #members = new Map<string, MemberCount>();
  #alone: readonly (readonly Agency[])[] | undefined;
  #sideBySide: readonly (readonly Agency[])[] | undefined;
  #inOrderOfName: readonly Agency[] | undefined;
  #nameRanks: ReadonlyMap<string, number> | undefined;

  private constructor(agencies: readonly Agency[], ordinals: Ordinals) {
    this.agencies = agencies;
    this.#ordinals = ordinals;
    this.#byCode = new Map(this.agencies.map((agency) => [agency.code, agency]));
    for (const agency of this.agencies) {
      const { code, places } = agency;
      for (const { thenAbove, nowAbove } of places) {
        this.#addChild(firstOf(thenAbove), agency);
        if (nowAbove !== thenAbove) this.#addChild(firstOf(nowAbove), agency);
      }
      const heir = places[0]?.nowCode ?? code;
      const known = this.#heirs.get(heir);
      if (known === undefined) this.#heirs.set(heir, [code]);
      else known.push(code);
    }
  }

  static read(queries: FigureQueries, ordinals: Ordinals): AgencyIndex {
    const places = Map.groupBy(queries.places(), ({ agency }) => agency);
    const entries = Map.groupBy(queries.agencyEntries(), ({ code }) => code);
    const agencies = [...entries].flatMap(
      ([code, rows]) => agencyOf(code, rows, places.get(code) ?? [], ordinals) ?? [],
    );
    return new AgencyIndex(agencies, ordinals);
  }

  /** The same with some codes read again, which may be new, changed or gone. */
  readAgain(codes: ReadonlySet<string>, queries: FigureQueries): AgencyIndex {
    const read = [...codes].flatMap(
      (code) =>
        agencyOf(code, queries.agencyEntries(code), queries.places(code), this.#ordinals) ?? [],
    );
    const isOther = ({ code }: Agency): boolean => !codes.has(code);
    const agencies = [...this.agencies.filter(isOther), ...read].toSorted(compareCodes);
    const index = new AgencyIndex(agencies, this.#ordinals);
    if (this.#inOrderOfName !== undefined) {
      const others = this.#inOrderOfName.filter(isOther);
      index.#inOrderOfName = merge(others, read.toSorted(compareNames));
    }
    return index;
  }

  /** Puts all names in order, which takes longest. */
  readAhead(): void {
    this.nameRank('');
  }

  /** Where an agency's name stands in the order of Vietnamese; the same for the same name. */
  nameRank(code: string): number | undefined {
    this.#inOrderOfName ??= this.agencies.toSorted(compareNames);
    this.#nameRanks ??= rankNames(this.#inOrderOfName);
    return this.#nameRanks.get(code);
  }

  /** The agencies of a scope; type and urgency aside. */
  membersOf(scope: Scope): MemberCount {
    const key = JSON.stringify([scope.agency, scope.under, scope.tier, scope.isNow]);
    const members = this.#members.get(key) ?? new MemberCount(scope, this.#candidates(scope));
    this.#members.delete(key);
    this.#members.set(key, members);
    const [oldest] = this.#members.keys();
    if (this.#members.size > MAX_SCOPES && oldest !== undefined) this.#members.delete(oldest);
    return members;
  }

  /** Agencies whose figures go to the same one, side by side. */
  #candidates({ agency: only, isNow }: Scope): Iterable<readonly Agency[]> {
    if (only !== null) return [this.sourcesOf(only, isNow)];
    if (!isNow) return (this.#alone ??= this.agencies.map((agency) => [agency]));
    this.#sideBySide ??= this.agencies
      .filter(({ code, places }) => places[0]?.nowCode === code)
      .map(({ code }) => this.sourcesOf(code, true));
    return this.#sideBySide;
  }

  /** By the structure of now an agency's figures hold those of the agencies it took over. */
  sourcesOf(code: string, isNow: boolean): Agency[] {
    const codes = isNow ? this.takenOverBy(code) : [code];
    return codes.flatMap((one) => this.find(one) ?? []);
  }

  find(code: string): Agency | undefined {
    return this.#byCode.get(code);
  }

  hasChildren(code: string): boolean {
    return this.#children.has(code);
  }

  /** Agencies that stand or stood right below one at some time, by code; `''`: at the top. */
  childrenOf(parent: string): Iterable<Agency> {
    return this.#children.get(parent) ?? [];
  }

  #addChild(parent: string, agency: Agency): void {
    const known = this.#children.get(parent);
    if (known === undefined) this.#children.set(parent, new Set([agency]));
    else known.add(agency);
  }

  /** The agencies whose figures go to one today: itself unless it was taken over, and those it took over. */
  takenOverBy(code: string): readonly string[] {
    return this.#heirs.get(code) ?? [];
  }
}

function agencyOf(
  code: string,
  rows: readonly AgencyEntryRow[],
  places: readonly StoredPlace[],
  ordinals: Ordinals,
): Agency | undefined {
  const holder = rows[0];
  if (holder?.role !== 'agency') return undefined;
  const { name, tier, parent, site } = holder;
  return {
    code,
    name,
    tier,
    parent,
    site,
    ordinal: ordinals.of(code),
    open: openSpans(rows),
    places,
  };
}

function compareCodes(a: Agency, b: Agency): number {
  if (a.code === b.code) return 0;
  return a.code < b.code ? -1 : 1;
}

function compareNames(a: Agency, b: Agency): number {
  return byName.compare(a.name, b.name) || compareCodes(a, b);
}

/** Two lists in order of name as one. */
function merge(others: readonly Agency[], few: readonly Agency[]): Agency[] {
  const merged: Agency[] = [];
  let next = 0;
  for (const agency of others) {
    for (let one = few[next]; one !== undefined; one = few[next]) {
      if (compareNames(one, agency) > 0) break;
      merged.push(one);
      next += 1;
    }
    merged.push(agency);
  }
  return [...merged, ...few.slice(next)];
}

function rankNames(inOrder: readonly Agency[]): Map<string, number> {
  const ranks = new Map<string, number>();
  let rank = 0;
  let last: string | undefined;
  for (const { code, name } of inOrder) {
    if (last !== undefined && name !== last && byName.compare(last, name) !== 0) rank += 1;
    last = name;
    ranks.set(code, rank);
  }
  return ranks;
}

/** What earlier entries say counts for the days before the one that holds. */
function openSpans(rows: readonly AgencyEntryRow[]): Span[] {
  const spans: Span[] = [];
  for (const { validFromMs, validToMs } of rows) {
    const from = dateInVietnam(new Date(validFromMs));
    const end = lastDayOf(validToMs) ?? LAST_DAY;
    const later = spans.at(-1);
    const limit = later === undefined ? LAST_DAY : addDays(later.from, -1);
    const to = end < limit ? end : limit;
    if (from <= to) spans.push({ from, to });
  }
  return spans;
}
