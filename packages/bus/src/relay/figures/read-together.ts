import type { FigureCellQueries, GroupCells } from '../storage/figure-cell-queries.ts';

/** Cells of a list's rows, read at once. */
export type Together = Pick<GroupCells, 'tier' | 'urgency' | 'structure' | 'documentType'> & {
  readonly buckets: readonly string[];
  readonly codes: readonly string[];
};

const NONE: readonly Uint8Array[] = [];

/** Cells of groups, or of agencies, by bucket and code, for the rows of a list one after the other. */
export class CellsReadTogether {
  readonly #filter: Together;
  readonly #buckets: ReadonlyMap<string, number>;
  readonly #codes: ReadonlyMap<string, number>;
  readonly #cells: (Uint8Array[] | undefined)[];

  private constructor(filter: Together) {
    this.#filter = filter;
    this.#buckets = new Map(filter.buckets.map((bucket, at) => [bucket, at]));
    this.#codes = new Map(filter.codes.map((code, at) => [code, at]));
    this.#cells = Array.from({ length: filter.buckets.length * filter.codes.length });
  }

  static ofGroups(queries: FigureCellQueries, filter: Together): CellsReadTogether {
    const read = new CellsReadTogether(filter);
    const rows = queries.group({ ...filter, tops: filter.codes });
    for (const [bucket, code, , data] of rows) read.#add(bucket, code, data);
    return read;
  }

  /** Of agencies alone, in months and years. */
  static ofAgencies(queries: FigureCellQueries, filter: Together): CellsReadTogether {
    const read = new CellsReadTogether(filter);
    const rows = queries.ownOf(filter.buckets, filter.codes, filter);
    for (const [bucket, code, data] of rows) read.#add(bucket, code, data);
    return read;
  }

  fits({ tier, urgency, structure, documentType }: Omit<Together, 'buckets' | 'codes'>): boolean {
    const filter = this.#filter;
    return (
      filter.tier === tier &&
      filter.urgency === urgency &&
      filter.structure === structure &&
      filter.documentType === documentType
    );
  }

  /** `undefined`: not read. */
  find(bucket: string, code: string): readonly Uint8Array[] | undefined {
    const [row, column] = [this.#buckets.get(bucket), this.#codes.get(code)];
    if (row === undefined || column === undefined) return undefined;
    return this.#cells[row * this.#codes.size + column] ?? NONE;
  }

  #add(bucket: number, code: number, data: Uint8Array): void {
    const at = bucket * this.#filter.codes.length + code;
    const known = this.#cells[at];
    if (known === undefined) this.#cells[at] = [data];
    else known.push(data);
  }
}
