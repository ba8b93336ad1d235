import { TIERS, type Tier } from '@congvan/bus';

/** The statuses that the demo's agencies answer with. */
export const COUNTED_STATUSES = ['01', '02', '03', '06'] as const;
export type CountedStatus = (typeof COUNTED_STATUSES)[number];

/** The share of one tier, or of all: documents by medium, and the three rates of the share. */
export interface ShareFigures {
  readonly E: number;
  readonly EP: number;
  readonly P: number;
  /** `null` where there is nothing to divide by: silence is not zero. */
  readonly rate_electronic: number | null;
  readonly rate_any: number | null;
  readonly rate_signed: number | null;
}

/** What `congvan demo --json` prints. */
export interface DemoFigures {
  readonly agencies: number;
  readonly dispatches: number;
  readonly deliveries: number;
  readonly receipts: Readonly<Record<CountedStatus, number>>;
  readonly quarantined: number;
  readonly duplicates_suppressed: number;
  readonly share: Readonly<Record<Tier | 'all', ShareFigures>>;
  readonly files: readonly string[];
  readonly elapsed_ms: number;
}

/** The figures that the scenario determines; files and time are not among them. */
export type CheckedFigures = Omit<DemoFigures, 'files' | 'elapsed_ms'>;

/** One figure that is not as the scenario wants it. */
export interface Deviation {
  /** `share.commune.E` */
  readonly figure: string;
  readonly expected: number | null;
  readonly actual: number | null;
}

/** Compares what happened with what the scenario should give. @returns what differs. */
export function findDeviations(actual: CheckedFigures, expected: CheckedFigures): Deviation[] {
  const wanted = flatten(expected);
  const found = flatten(actual);
  return [...wanted].flatMap(([figure, value]) => {
    const got = found.get(figure) ?? null;
    return sameFigure(got, value) ? [] : [{ figure, expected: value, actual: got }];
  });
}

/** How many single figures there are. */
export function countFigures(figures: CheckedFigures): number {
  return flatten(figures).size;
}

function sameFigure(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) < 1e-9;
}

function flatten(figures: CheckedFigures): Map<string, number | null> {
  const flat = new Map<string, number | null>([
    ['agencies', figures.agencies],
    ['dispatches', figures.dispatches],
    ['deliveries', figures.deliveries],
    ['quarantined', figures.quarantined],
    ['duplicates_suppressed', figures.duplicates_suppressed],
  ]);
  for (const status of COUNTED_STATUSES) flat.set(`receipts.${status}`, figures.receipts[status]);
  for (const tier of [...TIERS, 'all'] as const) {
    const { E, EP, P, rate_electronic, rate_any, rate_signed } = figures.share[tier];
    const values = { E, EP, P, rate_electronic, rate_any, rate_signed };
    for (const [name, value] of Object.entries(values)) flat.set(`share.${tier}.${name}`, value);
  }
  return flat;
}
