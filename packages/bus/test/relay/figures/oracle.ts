import type { DirectoryEntry, DispatchEntry, ReceiptEntry, Tier } from '../../../src/index.ts';
import type { Figures } from '../../../src/relay/figures/types.ts';
import type { Report } from '../relay-database.ts';

/** What is asked of the oracle; all conditions hold together. */
export interface OracleScope {
  readonly from: string;
  readonly to: string;
  readonly agency?: string;
  readonly under?: string;
  readonly tier?: Tier;
  readonly documentType?: string;
  readonly urgency?: 'urgent' | 'normal';
  readonly structure?: 'then' | 'now';
}

export type OracleFigures = Omit<Figures, 'time_to_01_ms' | 'time_to_03_ms' | 'time_to_06_ms'> & {
  /** Each measured time, in order. */
  readonly times: Readonly<Record<'01' | '03' | '06', readonly number[]>>;
};

interface Claim {
  readonly report: Report;
  readonly agency: string;
  readonly year: number;
  readonly number: number;
  readonly isChange: boolean;
}

/** The published figures (docs/reference/figures.md) worked out with plain loops over all records, knowing nothing of rollups. */
export class Oracle {
  readonly #reports: readonly Report[];
  readonly #directory: readonly DirectoryEntry[];
  readonly #today: string;

  constructor(reports: readonly Report[], directory: readonly DirectoryEntry[], today: string) {
    this.#reports = reports;
    this.#directory = directory;
    this.#today = today;
  }

  figures(scope: OracleScope): OracleFigures {
    const n = {
      E: 0,
      EP: 0,
      P: 0,
      signed: 0,
      undelivered: 0,
      void_numbers: 0,
      missing_numbers: 0,
      deliveries: 0,
      paper_recipients: 0,
      receipted: 0,
      overdue: 0,
      late: 0,
      receipted_01: 0,
      receipted_03: 0,
      receipted_06: 0,
      refused: 0,
      recalled: 0,
      withdrawn: 0,
      contradictions: 0,
      duplicates: 0,
    };
    const times = { '01': [] as number[], '03': [] as number[], '06': [] as number[] };
    const isFiltered = scope.documentType !== undefined || scope.urgency !== undefined;
    for (const { report, agency } of this.#holders()) {
      const { entry, verified } = report;
      const atMs = verified.atMs;
      if (entry.kind === 'void') {
        if (!isFiltered && this.#isIn(scope, agency, dayOf(atMs))) n.void_numbers += 1;
        continue;
      }
      if (entry.kind !== 'paper' && entry.kind !== 'dispatch') continue;
      if (!this.#isIn(scope, agency, entry.register.issuedOn)) continue;
      if (scope.documentType !== undefined && scope.documentType !== countedAs(entry.documentType))
        continue;
      const isUrgent = entry.kind === 'dispatch' && entry.priority > 0;
      if (scope.urgency !== undefined && (scope.urgency === 'urgent') !== isUrgent) continue;
      if (entry.kind === 'paper') {
        n.P += 1;
        n.paper_recipients += entry.recipients.length;
        continue;
      }
      let answered = 0;
      let given = 0;
      let count = 0;
      for (const recipient of entry.recipients) {
        if (recipient.mode === 'P') {
          n.paper_recipients += 1;
          continue;
        }
        count += 1;
        const receipts = this.#counted(agency, entry, recipient.to);
        const first = Math.min(...receipts.map(({ at }) => Date.parse(at)));
        n.deliveries += 1;
        if (receipts.length === 0) {
          if (dayOf(atMs) < this.#today) n.overdue += 1;
          if (this.#isWithdrawn(agency, entry, recipient.to)) {
            given += 1;
            n.withdrawn += 1;
          }
          continue;
        }
        answered += 1;
        n.receipted += 1;
        if (dayOf(first) > dayOf(atMs)) n.late += 1;
        for (const status of ['01', '03', '06'] as const) {
          const all = receipts.filter((one) => one.status === status);
          if (all.length === 0) continue;
          n[`receipted_${status}`] += 1;
          const earliest = Math.min(...all.map(({ at }) => Date.parse(at)));
          times[status].push(Math.max(0, earliest - atMs));
        }
        if (stateIsRefused(receipts)) n.refused += 1;
        if (receipts.some(({ status }) => status === '15')) n.recalled += 1;
      }
      const modes = entry.recipients.map(({ mode }) => mode);
      if (!modes.some((mode) => mode !== 'P')) n.P += 1;
      else if (answered === 0 && (given === count || this.#isExpired(atMs))) n.undelivered += 1;
      else {
        if (modes.every((mode) => mode === 'E')) n.E += 1;
        else n.EP += 1;
        if (entry.signed) n.signed += 1;
      }
    }
    n.missing_numbers = this.#missingNumbers(scope);
    if (!isFiltered) {
      n.duplicates = this.#duplicates(scope);
      n.contradictions = n.duplicates + this.#contradictoryReceipts(scope);
    }
    for (const list of Object.values(times)) list.sort((a, b) => a - b);
    const all = n.E + n.EP + n.P;
    return {
      ...n,
      rate_electronic: all === 0 ? null : n.E / all,
      rate_any: all === 0 ? null : (n.E + n.EP) / all,
      rate_signed: n.E + n.EP === 0 ? null : n.signed / (n.E + n.EP),
      lower_bound: n.missing_numbers > 0 || this.#lacksReports(scope),
      open: n.deliveries - n.receipted,
      times,
    };
  }

  #claims(): Claim[] {
    const claims: Claim[] = [];
    for (const report of this.#reports) {
      const { entry, verified } = report;
      const { agency } = verified;
      if (entry.kind === 'void') {
        claims.push({ report, agency, year: entry.year, number: entry.number, isChange: false });
      }
      if (entry.kind === 'paper' || entry.kind === 'dispatch') {
        const { year, number } = entry.register;
        const isChange = entry.kind === 'dispatch' && [1, 2].includes(entry.businessType);
        claims.push({ report, agency, year, number, isChange });
      }
    }
    return claims;
  }

  #holders(): Claim[] {
    const claims = this.#claims();
    return claims.filter((one) =>
      claims.every((other) => other === one || !isSameNumber(one, other) || isBefore(one, other)),
    );
  }

  #counted(sender: string, document: DispatchEntry, recipient: string): ReceiptEntry[] {
    return this.#reports.flatMap(({ verified, entry }) => {
      if (entry.kind !== 'receipt' || verified.agency !== recipient) return [];
      if (entry.sender !== sender || entry.documentId !== document.documentId) return [];
      if (entry.businessType !== document.businessType || entry.status === '13') return [];
      return entry.packageDigest === document.packageDigest ? [entry] : [];
    });
  }

  #isWithdrawn(sender: string, document: DispatchEntry, recipient: string): boolean {
    return this.#reports.some(
      ({ verified, entry }) =>
        entry.kind === 'withdrawn' &&
        verified.agency === sender &&
        entry.documentId === document.documentId &&
        entry.businessType === document.businessType &&
        entry.to === recipient,
    );
  }

  #isExpired(atMs: number): boolean {
    return atMs < Date.parse(`${this.#today}T00:00:00.000+07:00`) - 30 * 86_400_000;
  }

  #missingNumbers(scope: OracleScope): number {
    const holders = this.#holders();
    let missing = 0;
    for (const register of new Set(holders.map((one) => `${one.agency} ${one.year}`))) {
      const [agency = '', year = ''] = register.split(' ');
      const own = holders.filter((one) => one.agency === agency && one.year === Number(year));
      const highest = Math.max(...own.map(({ number }) => number));
      for (let number = 1; number < highest; number += 1) {
        if (own.some((one) => one.number === number)) continue;
        const dated = own.flatMap(({ report: { entry }, number: at }) =>
          entry.kind === 'paper' || entry.kind === 'dispatch'
            ? [{ at, day: entry.register.issuedOn }]
            : [],
        );
        const before = dated.filter(({ at }) => at < number).toSorted((a, b) => b.at - a.at)[0];
        const after = dated.filter(({ at }) => at > number).toSorted((a, b) => a.at - b.at)[0];
        // A number that is dated back stands between its neighbours all the same.
        const ends = [before?.day ?? `${year}-01-01`, after?.day ?? `${year}-12-31`];
        const [first = '', last = ''] = ends.toSorted();
        if (last < scope.from || first > scope.to) continue;
        if (this.#isPlaced(scope, agency, first)) missing += 1;
      }
    }
    return missing;
  }

  /** Of several records of one number or document all but the holder. */
  #duplicates(scope: OracleScope): number {
    const holders = new Set(this.#holders().map(({ report }) => report));
    let count = 0;
    for (const { report, agency, isChange } of this.#claims()) {
      if (isChange || holders.has(report)) continue;
      if (this.#isIn(scope, agency, dayOf(report.verified.atMs))) count += 1;
    }
    return count;
  }

  #contradictoryReceipts(scope: OracleScope): number {
    let count = 0;
    for (const { verified, entry } of this.#reports) {
      if (entry.kind !== 'receipt' || entry.status === '13') continue;
      const document = this.#reports.find(
        (one) =>
          one.entry.kind === 'dispatch' &&
          one.verified.agency === entry.sender &&
          one.entry.documentId === entry.documentId &&
          one.entry.businessType === entry.businessType,
      )?.entry;
      if (document?.kind !== 'dispatch') continue;
      const isNamed = document.recipients.some(
        (one) => one.mode !== 'P' && one.to === verified.agency,
      );
      if (isNamed && entry.packageDigest === document.packageDigest) continue;
      if (this.#isIn(scope, verified.agency, dayOf(verified.atMs))) count += 1;
    }
    return count;
  }

  #lacksReports(scope: OracleScope): boolean {
    for (const agency of new Set(this.#reports.map(({ verified }) => verified.agency))) {
      const own = this.#reports.filter(({ verified }) => verified.agency === agency);
      for (const { verified } of own) {
        const { number, atMs } = verified;
        if (number === 1 || own.some((one) => one.verified.number === number - 1)) continue;
        const before = own.filter((one) => one.verified.number < number);
        const last = before.toSorted((a, b) => b.verified.number - a.verified.number)[0];
        const latest = dayOf(Math.max(atMs, last?.verified.atMs ?? atMs));
        const day = latest < scope.to ? latest : scope.to;
        if (latest >= scope.from && this.#isPlaced(scope, agency, day)) return true;
      }
    }
    return false;
  }

  #isIn(scope: OracleScope, agency: string, day: string): boolean {
    return scope.from <= day && day <= scope.to && this.#isPlaced(scope, agency, day);
  }

  #isPlaced(scope: OracleScope, agency: string, day: string): boolean {
    const isNow = scope.structure === 'now';
    const code = isNow ? this.#heirOf(agency) : agency;
    const at = isNow ? null : day;
    if (scope.agency !== undefined && code !== scope.agency) return false;
    if (scope.tier !== undefined && this.#entry(code, at).tier !== scope.tier) return false;
    if (scope.under === undefined) return true;
    for (let one: string | null = code; one !== null; one = this.#entry(one, at).parent) {
      if (one === scope.under) return true;
    }
    return false;
  }

  /** The last entry whose validity holds the day, else the last. */
  #entry(code: string, day: string | null): DirectoryEntry {
    const entries = this.#directory
      .filter((entry) => entry.code === code)
      .toSorted((a, b) => b.sequence - a.sequence);
    const valid = entries.find(
      ({ validFrom, validTo }) =>
        day === null ||
        (dayOf(Date.parse(validFrom)) <= day &&
          (validTo === null || day <= dayOf(Date.parse(validTo) - 1))),
    );
    const found = valid ?? entries[0];
    if (found === undefined) throw new Error(`nobody is ${code}`);
    return found;
  }

  #heirOf(code: string): string {
    const { successors, validTo } = this.#entry(code, null);
    const [heir] = successors;
    return validTo !== null && heir !== undefined && successors.length === 1
      ? this.#heirOf(heir)
      : code;
  }
}

function stateIsRefused(receipts: readonly ReceiptEntry[]): boolean {
  if (receipts.some(({ status }) => ['03', '04', '05', '06'].includes(status))) return false;
  const timesOf = (status: string): number[] =>
    receipts.filter((one) => one.status === status).map(({ at }) => Date.parse(at));
  const refused = timesOf('02');
  if (refused.length === 0) return false;
  const arrived = timesOf('01');
  return arrived.length === 0 || Math.min(...arrived) <= Math.max(...refused);
}

function isSameNumber(a: Claim, b: Claim): boolean {
  return a.agency === b.agency && a.year === b.year && a.number === b.number;
}

function isBefore(a: Claim, b: Claim): boolean {
  if (a.isChange !== b.isChange) return b.isChange;
  return a.report.verified.number < b.report.verified.number;
}

function dayOf(ms: number): string {
  const day = new Date(ms + 7 * 3_600_000).toISOString();
  return day.startsWith('+') ? '9999-12-31' : day.slice(0, 10);
}

/** The types of the random records that figures name, whatever their capitals and spaces. */
const NAMED = ['Công văn', 'Báo cáo', 'Quyết định'];

function countedAs(documentType: string): string {
  const plain = documentType.split(/\s+/).join(' ').toLowerCase();
  return NAMED.find((name) => name.toLowerCase() === plain) ?? 'other';
}
