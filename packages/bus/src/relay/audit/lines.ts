import type { Figures, RelayFigures } from '../figures/types.ts';
import { isDefined } from './definitions.ts';

/** The rows of a month's figures: everybody, then by these. */
const GROUPS = ['tier', 'parent', 'type', 'urgency', 'agency'] as const;
const PAGE_ROWS = 1_000;

/** One row of published figures. */
export interface FigureLine {
  readonly by: 'all' | (typeof GROUPS)[number];
  /** Tier, agency code, document type or urgency; empty for everybody. */
  readonly key: string;
  readonly figures: Figures;
  readonly agencies: number;
  readonly agencies_silent: number;
}

/** One agency's chain of reports as far as it had come. */
export interface ChainLine {
  readonly agency: string;
  /** 1 to this one are there and linked by hash. */
  readonly up_to: number;
  readonly up_to_hash: string | null;
  readonly highest: number;
  /** SHA-256 of the payload of the highest. */
  readonly highest_hash: string;
  /** The first record that does not follow the one before it. */
  readonly broken_at: number | null;
  /** Ranges that had not come; at most {@link MAX_MISSING_LISTED}. */
  readonly missing: readonly (readonly [number, number])[];
  readonly missing_reports: number;
}

/** A statement that contradicts another one of its agency. */
export interface ContradictionLine {
  readonly agency: string;
  readonly report: number;
  readonly kind: string;
  readonly payload_sha256: string;
  readonly detail: string;
}

/** What a correction changes in one row: field → [before, after]. */
export interface ChangeLine {
  readonly by: FigureLine['by'];
  readonly key: string;
  readonly changed: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** Reports taken in since that concern this agency's documents of the month: `report.id`. */
  readonly causes: readonly number[];
  /** More of them than are listed. */
  readonly more_causes: number;
}

export const MAX_MISSING_LISTED = 200;
export const MAX_CAUSES_LISTED = 100;

/** A row with the fields alone that a version of the definitions has. */
export function asDefinedBy(version: number, line: FigureLine): FigureLine {
  const figures = { ...line.figures };
  for (const field of Object.keys(figures)) {
    if (!isDefined(field, version)) Reflect.deleteProperty(figures, field);
  }
  return { ...line, figures };
}

/** The figures of a month, row by row, in a fixed order; a page at a time in memory. */
export function* figureLines(figures: RelayFigures, month: string): Generator<FigureLine> {
  const all = figures.figures({ period: month });
  const { agencies, agencies_silent } = all;
  yield { by: 'all', key: '', figures: all.figures, agencies, agencies_silent };
  for (const by of GROUPS) {
    let after: string | undefined;
    do {
      const page = figures.breakdown({
        period: month,
        by,
        sort: 'key',
        limit: PAGE_ROWS,
        ...(after === undefined ? {} : { after }),
      });
      for (const row of page.rows) {
        const { key, figures: own } = row;
        const counts = { agencies: row.agencies, agencies_silent: row.agencies_silent };
        yield { by, key, figures: own, ...counts };
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}

/** What stands differently in two rows of the same key; a missing row counts as empty. */
export function differences(
  before: FigureLine | undefined,
  after: FigureLine | undefined,
): Record<string, [unknown, unknown]> {
  const changed: Record<string, [unknown, unknown]> = {};
  const [old, now] = [flat(before), flat(after)];
  for (const field of new Set([...old.keys(), ...now.keys()])) {
    const pair: [unknown, unknown] = [old.get(field) ?? null, now.get(field) ?? null];
    if (pair[0] !== pair[1]) changed[field] = pair;
  }
  return changed;
}

/** `time_to_01_ms.median` and so on: one name for each number. */
function flat(line: FigureLine | undefined): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  if (line === undefined) return fields;
  const { agencies, agencies_silent, figures } = line;
  for (const [name, value] of Object.entries({ ...figures, agencies, agencies_silent })) {
    if (typeof value !== 'object' || value === null) fields.set(name, value);
    else for (const [inner, one] of Object.entries(value)) fields.set(`${name}.${inner}`, one);
  }
  return fields;
}

/** Names a row: `agency H09.12`. */
export function rowName({ by, key }: Pick<FigureLine, 'by' | 'key'>): string {
  return key === '' ? by : `${by} ${key}`;
}

export function isFigureLine(value: unknown): value is FigureLine {
  if (typeof value !== 'object' || value === null) return false;
  const { by, key, figures }: Partial<Record<keyof FigureLine, unknown>> = value;
  return (
    typeof by === 'string' &&
    typeof key === 'string' &&
    typeof figures === 'object' &&
    figures !== null
  );
}
