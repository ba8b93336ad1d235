import { type AgencyCode, isAgencyCode } from '../../agency/code.ts';
import { startOfDayMs } from '../../calendar/vietnam-time.ts';
import { DirectoryCopy } from '../../directory/copy.ts';
import { certificatesOf } from '../../directory/entry.ts';
import {
  type Authentication,
  type VerifySignature,
  authenticateRecord,
} from '../../record/authenticate.ts';
import { type RawRecord, payloadHash } from '../../record/frame.ts';
import { parsePayload } from '../../record/codec.ts';
import { FigureAnswers } from '../figures/answers.ts';
import type { RelayFigures } from '../figures/types.ts';
import { FigureUpkeep } from '../figures/upkeep.ts';
import { Intake, type VerifiedEntry } from '../intake.ts';
import { NO_STEPS } from '../step.ts';
import type { Db } from '../storage/database.ts';
import { DirectoryStore } from '../storage/directory-store.ts';
import { NO_ARRIVALS, nextArrivalHash } from './arrival-hash.ts';
import type { ArrivedRow, ForkRow, SpareRecord } from './blocks.ts';
import type { Findings } from './finding.ts';

export interface ReplayOptions {
  /** An empty relay database. */
  readonly db: Db;
  readonly verify: VerifySignature;
  /** DER of the registrar's certificate, whose fingerprint the auditor knows. */
  readonly registrarCertificate: Uint8Array;
  /** When the file was written: directory entries are judged at that time. */
  readonly exportedAt: Date;
  readonly findings: Findings;
}

/**
 * Takes the records of an audit file in as the relay did, into a database of its own: the same
 * checks, the same chains, the same tracking, the same figures.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #directory: DirectoryCopy;
  readonly #intake: Intake;
  #lastId = 0;
  #lastHash = NO_ARRIVALS;
  entries = 0;
  records = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    const { db, verify, registrarCertificate } = options;
    const ledger = new DirectoryStore(db);
    this.#directory = new DirectoryCopy({ ledger, rootCertificate: registrarCertificate, verify });
    this.#intake = new Intake(db, () => options.exportedAt, NO_STEPS, false);
  }

  takeDirectoryEntry(record: RawRecord | string, part: string): void {
    const { db, exportedAt, findings } = this.#options;
    this.entries += 1;
    const name = `entry ${this.entries}`;
    if (typeof record === 'string') {
      findings.add('DIRECTORY_ENTRY_REFUSED', `${name}: ${record}`, { part });
      return;
    }
    const take = db.transaction(() => this.#directory.takeIn([record.bytes], exportedAt));
    const { refused, waiting } = take.immediate();
    for (const { key, finding, detail } of refused) {
      const which = key === null ? name : `${key.registrar} ${key.sequence}`;
      findings.add('DIRECTORY_ENTRY_REFUSED', `${which}: ${finding}: ${detail}`, { part });
    }
    if (waiting.length > 0) {
      findings.add('DIRECTORY_ENTRY_REFUSED', `${name} stands before what it rests on`, { part });
    }
  }

  /** Registrars whose series ends earlier than a publication says. */
  checkDirectory(registrars: readonly (readonly [AgencyCode, number])[], part: string): void {
    for (const [registrar, upTo] of registrars) {
      const here = this.#directory.readUpTo(registrar);
      if (here >= upTo) continue;
      const detail = `entry ${here + 1} of registrar ${registrar} is missing; ${upTo} were there`;
      this.#options.findings.add('DIRECTORY_ENTRY_MISSING', detail, { agency: registrar, part });
    }
  }

  /** Takes rows of one block in, in one transaction. */
  takeRows(rows: readonly ArrivedRow[]): void {
    const verified = rows.map((row) => ({ row, entry: this.#judgeRow(row) }));
    this.#intake.inTransaction(() => {
      for (const { row, entry } of verified) if (entry !== undefined) this.#take(row, entry);
    });
  }

  /** A second record of a number, which the relay kept apart. */
  takeFork(row: ForkRow): void {
    const { record, part, line, storedMs } = row;
    const { findings } = this.#options;
    if (typeof record === 'string') {
      findings.add('RECORD_ALTERED', record, { part, line });
      return;
    }
    const from = claimOf(record)?.from;
    const judged = from && this.#judge(record, from, storedMs);
    if (judged === undefined || typeof judged === 'string') {
      const detail = judged ?? 'it names no agency';
      findings.add('RECORD_ALTERED', detail, { part, line, agency: from ?? null });
      return;
    }
    const { agency, number } = judged.report;
    this.#intake.inTransaction(() => {
      if (this.#intake.take(judged) === 'fork') return;
      const detail = 'it is listed as the second record of its number, but is not';
      findings.add('RECORD_UNEXPLAINED', detail, { part, line, agency, report: number });
    });
  }

  /** Records of a block that no line of it names. */
  tellSpare(spare: readonly SpareRecord[], rows: readonly ArrivedRow[]): void {
    const { findings } = this.#options;
    const lacking = rows.filter((row) => row.record === undefined);
    for (const { record, part } of spare) {
      const claim = typeof record === 'string' ? undefined : claimOf(record);
      if (typeof record === 'string' || claim === undefined) {
        const detail = typeof record === 'string' ? record : 'its payload is no report';
        findings.add('RECORD_ALTERED', detail, { part });
        continue;
      }
      const { from: agency, number: report } = claim;
      const isSame = (row: ArrivedRow): boolean => row.agency === agency && row.number === report;
      if (lacking.some(isSame)) continue; // told as altered with its line
      const hash = payloadHash(record.payload);
      const known = this.#intake.reports.payloadHash(agency, report);
      const kind = known === undefined ? 'RECORD_UNEXPLAINED' : 'RECORD_DOUBLED';
      const how = known === hash ? 'is there twice' : 'has a second record that no line names';
      const said = known === undefined ? 'no line names it' : how;
      findings.add(kind, `report ${report} ${said}`, { part, agency, report });
    }
    for (const { agency, number: report, id, part, line } of lacking) {
      const altered = spare.some(
        ({ record }) => typeof record !== 'string' && isClaim(record, agency, report),
      );
      const where = { part, line, agency, report, record: id };
      if (altered) {
        findings.add('RECORD_ALTERED', `report ${report} is not the one that arrived`, where);
      } else findings.add('RECORD_MISSING', `report ${report} is not in its block`, where);
    }
  }

  /** Whether a node certificate that the directory lists for a relay made a signature. */
  isSignedBy(code: AgencyCode, content: Uint8Array, signature: Uint8Array, at: Date): boolean {
    const entries = [this.#directory.find(code) ?? [], this.#directory.earlier(code, at)].flat();
    return entries.some((entry) => {
      if (entry.role !== 'relay') return false;
      const listed = certificatesOf(entry, 'node');
      const certificates = listed.map(({ der }) => der);
      const verdict = this.#options.verify({ content, signature, certificates, at });
      const isListed = listed.some(({ sha256 }) => sha256 === verdict.certificateSha256);
      return verdict.indication === 'TOTAL-PASSED' && isListed;
    });
  }

  /** The figures as the relay had them after the start of a day. */
  figuresOn(day: string): RelayFigures {
    const now = (): Date => new Date(startOfDayMs(day));
    new FigureUpkeep(this.#options.db, this.#intake.figures, now).run();
    return new FigureAnswers(this.#options.db);
  }

  #judgeRow(row: ArrivedRow): VerifiedEntry | undefined {
    this.#checkPlace(row);
    const { record, agency, number, id, part, line, storedMs } = row;
    if (record === undefined) return undefined;
    const { findings } = this.#options;
    const where = { agency, report: number, record: id, part, line };
    if (!isAgencyCode(agency)) {
      findings.add('ARRIVAL_ALTERED', `${agency} is no agency code`, where);
      return undefined;
    }
    const judged = this.#judge(record, agency, storedMs);
    if (typeof judged === 'string') {
      const isBroken = /^(?:SIGNATURE_BROKEN|RECORD_MALFORMED)/u.test(judged);
      findings.add(isBroken ? 'RECORD_ALTERED' : 'RECORD_REFUSED', judged, where);
      return undefined;
    }
    if (judged.report.number !== number) {
      const detail = `the line says report ${number}, the record ${judged.report.number}`;
      findings.add('ARRIVAL_ALTERED', detail, where);
    }
    return judged;
  }

  /** Place and hash of an arrival: a line that was altered is the first that does not add up. */
  #checkPlace(row: ArrivedRow): void {
    const { findings } = this.#options;
    const { agency, number, id, part, line } = row;
    const where = { agency, report: number, record: id, part, line };
    const expected = nextArrivalHash(this.#lastHash, row);
    if (id <= this.#lastId) {
      findings.add('ORDER_CHANGED', `record ${id} stands behind record ${this.#lastId}`, where);
    } else if (id > this.#lastId + 1) {
      const [first, last] = [this.#lastId + 1, id - 1];
      const which = first === last ? `record ${first} is` : `records ${first} to ${last} are`;
      findings.add('RECORD_MISSING', `${which} not in the file`, { part, line, record: first });
    } else if (expected !== row.arrivalHash) {
      const detail = 'place, stored time, agency, number or digest is not what arrived';
      findings.add('ARRIVAL_ALTERED', detail, where);
    }
    this.#lastId = Math.max(this.#lastId, id);
    this.#lastHash = row.arrivalHash;
  }

  #take(row: ArrivedRow, entry: VerifiedEntry): void {
    const admission = this.#intake.take(entry);
    this.records += 1;
    if (admission === 'new') return;
    const { number: report, agency, id: record, part, line } = row;
    const detail =
      admission === 'duplicate'
        ? `report ${report} is there twice`
        : `report ${report} has two records`;
    this.#options.findings.add('RECORD_DOUBLED', detail, { agency, report, record, part, line });
  }

  /** @returns what the relay would have taken in, or why it would not. */
  #judge(raw: RawRecord, from: AgencyCode, storedMs: number): VerifiedEntry | string {
    const judged = this.#authenticate(raw, from, new Date(storedMs));
    if (!judged.authentic) return `${judged.finding}: ${judged.detail}`;
    if (judged.content.type !== 'report') return 'RECORD_MALFORMED: it is no report';
    const { payload } = judged.content;
    const report = {
      agency: payload.from,
      number: payload.number,
      payloadHash: payloadHash(raw.payload),
      previousHash: payload.previous,
      atMs: Date.parse(payload.at),
      storedMs,
      record: raw.bytes,
    };
    return { report, entry: payload.entry };
  }

  #authenticate(raw: RawRecord, from: AgencyCode, at: Date): Authentication {
    const { verify } = this.#options;
    const { find: lookup, earlier } = this.#directory;
    const judged = authenticateRecord(raw, { from, at, lookup, earlier, verify });
    if (judged.authentic || judged.finding !== 'SENDER_CLOSED') return judged;
    // The registrar may have closed the agency as of a day that was over when it signed.
    for (const entry of earlier(from, at)) {
      const then = authenticateRecord(raw, { from, at, lookup: () => entry, verify });
      if (then.authentic) return then;
    }
    return judged;
  }
}

function isClaim(record: RawRecord, agency: string, report: number): boolean {
  const claim = claimOf(record);
  return claim?.from === agency && claim.number === report;
}

/** Who a record says it is from; nothing is verified. */
function claimOf(record: RawRecord): { from: AgencyCode; number: number } | undefined {
  try {
    const content = parsePayload(record);
    if (content.type !== 'report') return undefined;
    const { from, number } = content.payload;
    return { from, number };
  } catch {
    return undefined; // altered: it cannot say who it is from
  }
}
