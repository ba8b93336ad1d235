/** What can be wrong with an audit file or with what it says; codes are stable. */
const AUDIT_FINDINGS = [
  /** A part that the manifest names is not there, or cannot be read. */
  'PART_MISSING',
  'PART_DAMAGED',
  /** A part is not what the manifest names, or the manifest does not name it. */
  'PART_ALTERED',
  'PART_UNLISTED',
  /** The relay did not sign this manifest or this publication. */
  'MANIFEST_UNSIGNED',
  'PUBLICATION_UNSIGNED',
  /** A publication is missing from the series, or does not follow the one before it. */
  'PUBLICATION_CHAIN_BROKEN',
  /** The day up to which it counts is within its month, or long before it was published. */
  'PUBLICATION_MISDATED',
  /** The lines of a publication are not those that its head names. */
  'PUBLICATION_ALTERED',
  /** The registrar is not the one whose fingerprint the auditor gave. */
  'REGISTRAR_UNKNOWN',
  /** A directory entry cannot be believed, or one of a registrar's series is not there. */
  'DIRECTORY_ENTRY_REFUSED',
  'DIRECTORY_ENTRY_MISSING',
  /** The bytes of a record are not what its agency signed or what arrived. */
  'RECORD_ALTERED',
  /** Well formed, and yet not what the relay may count: the finding of the check stands in the detail. */
  'RECORD_REFUSED',
  'RECORD_MISSING',
  'RECORD_DOUBLED',
  /** Dated before the record or the register number that it follows, and not published as such. */
  'RECORD_BACKDATED',
  /** There, but no line of the order of arrival names it. */
  'RECORD_UNEXPLAINED',
  /** Place, stored time or hash of an arrival is not what was hashed. */
  'ARRIVAL_ALTERED',
  'ORDER_CHANGED',
  /** A chain of reports ends or links otherwise than was published. */
  'CHAIN_DIFFERS',
  /** A published contradiction does not come out of the records, or one that does was not published. */
  'CONTRADICTION_DIFFERS',
  'FIGURE_DIFFERS',
  'CHANGE_DIFFERS',
  /** Another version of the program made the figures, which counts otherwise. */
  'DEFINITIONS_DIFFER',
] as const;

export type AuditFindingKind = (typeof AUDIT_FINDINGS)[number];

export interface AuditFinding {
  readonly kind: AuditFindingKind;
  readonly agency: string | null;
  /** The number in the agency's chain of reports. */
  readonly report: number | null;
  /** The place in the order of arrival. */
  readonly record: number | null;
  /** Part of the file, and the line in it, counted from 1 with the heading. */
  readonly part: string | null;
  readonly line: number | null;
  /** A figure that differs. */
  readonly figure: {
    readonly row: string;
    readonly field: string;
    readonly published: unknown;
    readonly recomputed: unknown;
  } | null;
  readonly detail: string;
}

/** Findings that are listed; the rest is counted. */
const MAX_FINDINGS_LISTED = 10_000;

/** Gathers what is wrong; the same thing is told once. */
export class Findings {
  readonly list: AuditFinding[] = [];
  readonly #seen = new Set<string>();
  more = 0;

  add(
    kind: AuditFindingKind,
    detail: string,
    where: Partial<Omit<AuditFinding, 'kind' | 'detail'>> = {},
  ): void {
    const finding: AuditFinding = {
      kind,
      agency: null,
      report: null,
      record: null,
      part: null,
      line: null,
      figure: null,
      ...where,
      detail: detail.slice(0, 1_000),
    };
    const { agency, report, record, part, line, figure } = finding;
    const same = JSON.stringify([kind, agency, report, record, part, line, figure, detail]);
    if (this.#seen.has(same)) return;
    if (this.list.length >= MAX_FINDINGS_LISTED) {
      this.more += 1;
      return;
    }
    this.#seen.add(same);
    this.list.push(finding);
  }

  /** Whether something of this kind was told of a record of an agency. */
  names(agency: string, report: number): boolean {
    return this.list.some((one) => one.agency === agency && one.report === report);
  }
}
