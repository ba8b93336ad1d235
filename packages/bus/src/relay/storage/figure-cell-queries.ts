import { TIERS, type Tier } from '../../agency/tier.ts';
import { COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES } from '../../edxml/document-type.ts';
import type { Db } from './database.ts';
import type { UrgencyCode } from './figure-store.ts';

export interface OwnCell {
  readonly documentType: string;
  readonly urgency: UrgencyCode;
  readonly data: Buffer;
}

/** A cell of a list of groups: where its bucket and its group stand in what was asked. */
export type GroupCell = readonly [bucket: number, top: number, documentType: string, data: Buffer];

/** A cell of a list of agencies, likewise. */
export type ListedOwnCell = readonly [bucket: number, agency: number, data: Buffer];

export interface GroupCells {
  readonly buckets: readonly string[];
  readonly tops: readonly string[];
  /** `null`: of all tiers together. */
  readonly tier: Tier | null;
  readonly urgency: UrgencyCode | null;
  /** Beside what is the same then and now. */
  readonly structure: 1 | 2;
  /** `''`: of all together; `null`: of each. */
  readonly documentType: string | null;
}

const URGENCIES: readonly UrgencyCode[] = [0, 1, 2];
const EACH_TYPE = [...COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES];

/** Reads cells of the rollups, many at once. */
export class FigureCellQueries {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = prepare(db);
  }

  own(bucket: string, agency: string): Buffer | undefined {
    return this.#statements.own.get(bucket, agency);
  }

  /** Of each of some agencies, in months and years. */
  ownOf(
    buckets: readonly string[],
    agencies: readonly string[],
    { documentType, urgency }: Pick<GroupCells, 'documentType' | 'urgency'>,
  ): ListedOwnCell[] {
    const { ownOf, ownPartOf } = this.#statements;
    const lists = { bucketList: JSON.stringify(buckets), agencyList: JSON.stringify(agencies) };
    if (documentType === null && urgency === null) return ownOf.all(lists);
    const urgencyList = JSON.stringify(urgency === null ? URGENCIES : [urgency]);
    return ownPartOf.all({ ...lists, documentType: documentType ?? '', urgencyList });
  }

  ownDay(day: string, agency: string): OwnCell[] {
    return this.#statements.ownDay.all(day, agency);
  }

  /** One agency's month or year of a type, `''`: of any, by urgency. */
  ownPart(bucket: string, documentType: string, agency: string): OwnCell[] {
    return this.#statements.ownPart.all(bucket, documentType, agency);
  }

  /** Cells of groups; what is filtered by neither tier nor urgency is one cell for each. */
  group(which: GroupCells): GroupCell[] {
    const { buckets, tops, tier, urgency, structure, documentType } = which;
    const { sum, group, groupTypes } = this.#statements;
    const bound = {
      bucketList: JSON.stringify(buckets),
      topList: JSON.stringify(tops),
      structure,
    };
    if (tier === null && urgency === null) {
      const typeList = JSON.stringify(documentType === null ? EACH_TYPE : [documentType]);
      return sum.all({ ...bound, typeList });
    }
    const part = { ...bound, tierList: JSON.stringify(tier === null ? TIERS : [tier]), urgency };
    return documentType === null ? groupTypes.all(part) : group.all({ ...part, documentType });
  }
}

interface Lists {
  /** JSON. */
  readonly bucketList: string;
}
type SumBound = Lists & Record<'topList' | 'typeList', string> & { readonly structure: 1 | 2 };
type GroupBound = Lists &
  Record<'topList' | 'tierList', string> &
  Pick<GroupCells, 'structure' | 'urgency'>;

function prepare(db: Db) {
  const lists = 'json_each(@bucketList) AS b CROSS JOIN json_each(@topList) AS a';
  const columns = 'b.key, a.key, g.document_type, g.data';
  const group = `SELECT ${columns} FROM ${lists} CROSS JOIN json_each(@tierList) AS t
      CROSS JOIN figure_group AS g
    WHERE g.bucket = b.value AND g.top = a.value AND g.tier = t.value
      AND (@urgency IS NULL OR g.urgency = @urgency) AND g.structure IN (0, @structure)`;
  const agencies = 'json_each(@bucketList) AS b CROSS JOIN json_each(@agencyList) AS a';
  return {
    own: db
      .prepare<[string, string], Buffer>(
        'SELECT data FROM figure_own WHERE bucket = ? AND agency = ?',
      )
      .pluck(),
    ownOf: db
      .prepare<[Lists & { agencyList: string }], ListedOwnCell>(
        `SELECT b.key, a.key, o.data FROM ${agencies} CROSS JOIN figure_own AS o
         WHERE o.bucket = b.value AND o.agency = a.value`,
      )
      .raw(),
    ownDay: db.prepare<[string, string], OwnCell>(
      `SELECT document_type AS documentType, urgency, data FROM figure_own_day
       WHERE day = ? AND agency = ?`,
    ),
    ownPartOf: db
      .prepare<
        [Lists & { agencyList: string; documentType: string; urgencyList: string }],
        ListedOwnCell
      >(
        `SELECT b.key, a.key, o.data FROM ${agencies} CROSS JOIN json_each(@urgencyList) AS u
           CROSS JOIN figure_own_part AS o
         WHERE o.bucket = b.value AND o.document_type = @documentType AND o.urgency = u.value
           AND o.agency = a.value`,
      )
      .raw(),
    ownPart: db.prepare<[string, string, string], OwnCell>(
      `SELECT document_type AS documentType, urgency, data FROM figure_own_part
       WHERE bucket = ? AND document_type = ? AND urgency IN (0, 1, 2) AND agency = ?`,
    ),
    sum: db
      .prepare<[SumBound], GroupCell>(
        `SELECT ${columns} FROM json_each(@typeList) AS t CROSS JOIN ${lists}
           CROSS JOIN figure_sum AS g
         WHERE g.document_type = t.value AND g.bucket = b.value AND g.top = a.value
           AND g.structure IN (0, @structure)`,
      )
      .raw(),
    group: db
      .prepare<[GroupBound & { documentType: string }], GroupCell>(
        `${group} AND g.document_type = @documentType`,
      )
      .raw(),
    groupTypes: db.prepare<[GroupBound], GroupCell>(`${group} AND g.document_type > ''`).raw(),
  };
}
