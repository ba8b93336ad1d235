import type { Tier } from '../../agency/tier.ts';
import { addDays } from '../../calendar/vietnam-time.ts';

/** One signed entry of the directory, as far as it says where an agency stands. */
export interface PlaceEntry {
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly site: string;
  readonly isAgency: boolean;
  /** First and last day of validity at +07:00; `null`: open. */
  readonly fromDay: string;
  readonly lastDay: string | null;
  readonly successors: readonly string[];
}

/** Entries of a code that count: the one that holds first, then those of later validity first. */
export type EntriesOf = (code: string) => readonly PlaceEntry[];

/** Where an agency stands from a day on. */
export interface Place {
  /** The first day; `''` for all days before the next place. */
  readonly fromDay: string;
  readonly tier: Tier;
  /** The agencies above it, its parent first. */
  readonly above: readonly string[];
}

/** Where an agency's figures go by the directory of today. */
export interface PlaceNow {
  /** Itself, or the one agency that took over from it. */
  readonly code: string;
  readonly tier: Tier;
  readonly above: readonly string[];
}

/** Parents and successors are directory data and might form a ring by mistake: walks are bounded. */
const MAX_DEPTH = 16;
/** Days on which something changes in the places above one agency; earlier ones are not told apart. */
const MAX_CHANGES = 200;

/**
 * The entry that was valid on a day. One that was signed later with the same validity corrects the
 * past; a day before or after all validity goes by the entry that holds.
 */
function entryOn(entries: readonly PlaceEntry[], day: string): PlaceEntry | undefined {
  return entries.find((entry) => isValidOn(entry, day)) ?? entries[0];
}

function isValidOn({ fromDay, lastDay }: PlaceEntry, day: string): boolean {
  return fromDay <= day && (lastDay === null || day <= lastDay);
}

/**
 * Where an agency stood on each day, by the entries valid on that day, its own and those above it.
 *
 * @returns in order of days, the first from `''` on; `undefined` for what is no agency of the directory.
 */
export function placesOf(code: string, entriesOf: EntriesOf): readonly Place[] | undefined {
  if (entriesOf(code)[0]?.isAgency !== true) return undefined;
  const days = ['', ...daysOfChange(code, entriesOf)];
  const places: Place[] = [];
  for (const fromDay of days) {
    const entry = entryOn(entriesOf(code), fromDay);
    if (entry === undefined) return undefined;
    const { tier } = entry;
    const above = agenciesAbove(code, (one) => entryOn(entriesOf(one), fromDay));
    const last = places.at(-1);
    if (last === undefined || last.tier !== tier || last.above.join(' ') !== above.join(' ')) {
      places.push({ fromDay, tier, above });
    }
  }
  return places;
}

/**
 * Where an agency stands today: by the entries that hold. A closed agency with one successor is where
 * that one is; one that was divided among several stays itself.
 */
export function placeNow(code: string, entriesOf: EntriesOf): PlaceNow | undefined {
  const now = successorOf(code, entriesOf);
  const entry = entriesOf(now)[0];
  if (entry === undefined) return undefined;
  return { code: now, tier: entry.tier, above: agenciesAbove(now, (one) => entriesOf(one)[0]) };
}

function successorOf(code: string, entriesOf: EntriesOf): string {
  const seen = new Set([code]);
  let current = code;
  while (seen.size < MAX_DEPTH) {
    const entry = entriesOf(current)[0];
    const [next, ...others] = entry?.successors ?? [];
    const isTakenOver = entry?.lastDay !== null && next !== undefined && others.length === 0;
    if (!isTakenOver || seen.has(next) || entriesOf(next)[0]?.isAgency !== true) return current;
    seen.add(next);
    current = next;
  }
  return current;
}

function agenciesAbove(code: string, entryOf: (code: string) => PlaceEntry | undefined): string[] {
  const above: string[] = [];
  let parent = entryOf(code)?.parent ?? null;
  while (parent !== null && parent !== code && !above.includes(parent)) {
    above.push(parent);
    if (above.length === MAX_DEPTH) break;
    parent = entryOf(parent)?.parent ?? null;
  }
  return above;
}

/** The days on which an entry of the agency, or of any that ever stood above it, begins or has ended. */
function daysOfChange(code: string, entriesOf: EntriesOf): string[] {
  const days = new Set<string>();
  const seen = new Set([code]);
  const queue = [code];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const { fromDay, lastDay, parent } of entriesOf(next)) {
      days.add(fromDay);
      if (lastDay !== null) days.add(addDays(lastDay, 1));
      if (parent !== null && !seen.has(parent) && seen.size < MAX_CHANGES) {
        seen.add(parent);
        queue.push(parent);
      }
    }
  }
  return [...days].toSorted().slice(-MAX_CHANGES);
}
