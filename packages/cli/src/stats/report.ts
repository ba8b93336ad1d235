import type {
  AsOf,
  BreakdownKey,
  FiguresAnswer,
  FiguresRequest,
  FlatRow,
  FlatTable,
  Page,
  PageRequest,
  RelayFigures,
} from '@congvan/bus/figures';

import type { StatsColumn } from '../messages/stats/en.ts';

export type StatsName = 'share' | 'trend' | 'deliveries' | 'overdue' | 'agencies' | 'gaps';

/** Columns that stand side by side, with the part of the width that each takes on paper. */
export type View = readonly (readonly [name: StatsColumn, width: number])[];

/** What one command asks. */
export interface StatsQuery {
  readonly name: StatsName;
  readonly table: FlatTable;
  /** What the rows of a breakdown are. */
  readonly by: BreakdownKey | null;
  /** Tables for people; they have the same rows. */
  readonly views: readonly View[];
  /** Instead of them on paper, which is narrower than a file or a terminal. */
  readonly paperViews?: readonly View[];
  /** Whether the figures of the scope stand above the rows and as their sum; else the rows are all. */
  readonly hasSum: boolean;
  /** Whether the scope speaks of senders, as that of all figures does. */
  readonly isOfSenders: boolean;
  ask(relay: RelayFigures, request: FiguresRequest, paging: PageRequest): Page<object>;
}

/** What every renderer gets. */
export interface StatsReport {
  readonly query: StatsQuery;
  readonly request: FiguresRequest;
  /** The figures of the whole scope. */
  readonly answer: FiguresAnswer;
  readonly asOf: AsOf;
  /** As the API has them. */
  readonly page: Page<object>;
  /** The same rows without nesting. */
  readonly rows: readonly FlatRow[];
  /** The figures of the scope as a row of a breakdown. */
  readonly sum: FlatRow | null;
  /** Sentences on what is missing; none: it was looked for, and nothing is. */
  readonly lacking: readonly string[];
}
