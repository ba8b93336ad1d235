import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type AgencyCode,
  type DirectoryEntry,
  type DispatchEntry,
  type DispatchRecipient,
  type PaperEntry,
  type ReceiptEntry,
  type ReportEntry,
  type Tier,
  encodePayload,
  parseAgencyCode,
  payloadHash,
} from '../../src/index.ts';
import { FigureSweep } from '../../src/relay/figures/sweep.ts';
import { Intake } from '../../src/relay/intake.ts';
import { DatabaseQueries } from '../../src/relay/queries.ts';
import { openDatabase } from '../../src/relay/storage/database.ts';
import { DirectoryStore } from '../../src/relay/storage/directory-store.ts';
import type { VerifiedReport } from '../../src/relay/storage/report-store.ts';
import type { TrafficAgency } from '../../src/testing/index.ts';

export const NOW = new Date('2026-07-15T03:00:00.000Z');

/** A report with its chain numbers, not yet given to the relay. */
export interface Report {
  readonly verified: VerifiedReport;
  readonly entry: ReportEntry;
}

/** A relay's real SQLite file without a broker: reports go in as if they had been verified. */
export class RelayDatabase implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'congvan-relay-'));
  readonly db = openDatabase(join(this.folder, 'relay.sqlite'));
  readonly intake = new Intake(this.db, () => NOW);
  readonly reports = this.intake.reports;
  readonly queries = new DatabaseQueries(this.db);
  readonly #directory = new DirectoryStore(this.db);
  readonly #chains = new Map<string, { number: number; hash: string | null }>();
  #sequence = 0;

  addAgency(code: string, tier: Tier, change: Partial<DirectoryEntry> = {}): void {
    this.#enter(code, tier, change);
    this.intake.upkeep.run();
  }

  /** Many at once. */
  addCountry(country: readonly TrafficAgency[]): void {
    const enterAll = this.db.transaction(() => {
      for (const { code, name, tier, parent } of country) {
        this.#enter(code, tier, { name, parent: parent?.code ?? null });
      }
    });
    enterAll.immediate();
    this.intake.upkeep.run();
  }

  #enter(code: string, tier: Tier, change: Partial<DirectoryEntry>): void {
    this.#sequence += 1;
    const entry = listing(code, tier, { sequence: this.#sequence, ...change });
    const { registrar, sequence, site } = entry;
    const key = { registrar, sequence };
    const record = encodePayload('directory', entry);
    const standing = { ...key, code: entry.code, site, basedOn: null, counts: true };
    this.#directory.put({ ...standing, entry, record });
    this.#directory.setHolder(entry.code, key);
  }

  /** Writes the next report of an agency's chain without giving it to the relay. */
  compose(agency: string, entry: ReportEntry, at = '2026-07-10T02:00:00.000Z'): Report {
    const before = this.#chains.get(agency) ?? { number: 0, hash: null };
    const report = composeReport(agency, before.number + 1, before.hash, entry, at);
    const { number, payloadHash: hash } = report.verified;
    this.#chains.set(agency, { number, hash });
    return report;
  }

  take(report: Report): string {
    const { verified, entry } = report;
    return this.intake.inTransaction(() => this.intake.take({ report: verified, entry }));
  }

  report(agency: string, entry: ReportEntry, at?: string): void {
    this.take(this.compose(agency, entry, at));
  }

  /** A later day begins. */
  sweep(now: Date): void {
    new FigureSweep(this.db, this.intake.figures).sweep(now);
  }

  [Symbol.dispose](): void {
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the registrar says of an agency that has always been there. */
export function listing(
  code: string,
  tier: Tier,
  change: Partial<DirectoryEntry> = {},
): DirectoryEntry {
  return {
    sequence: 1,
    registrar: parseAgencyCode('A00'),
    code: parseAgencyCode(code),
    name: `Agency ${code}`,
    tier,
    parent: null,
    site: 'H09',
    role: 'agency',
    validFrom: '2020-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: [],
    predecessors: [],
    successors: [],
    certificates: [],
    natsUserKey: null,
    ...change,
  };
}

export function composeReport(
  agency: string,
  number: number,
  previous: string | null,
  entry: ReportEntry,
  at: string,
): Report {
  const from = parseAgencyCode(agency);
  const payload = encodePayload('report', { from, number, previous, at, entry });
  const verified = {
    agency: from,
    number,
    payloadHash: payloadHash(payload),
    previousHash: previous,
    atMs: Date.parse(at),
    storedMs: Date.parse(at),
    record: payload,
  };
  return { verified, entry };
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function electronic(code: string, mode: 'E' | 'E+P' = 'E'): DispatchRecipient {
  return { to: parseAgencyCode(code), mode };
}

export function onPaper(name: string): DispatchRecipient {
  return { name, mode: 'P', reason: 'not-connected' };
}

export function dispatch(
  number: number,
  recipients: DispatchRecipient[],
  change: Partial<DispatchEntry> & { issuedOn?: string } = {},
): DispatchEntry {
  const { issuedOn = '2026-07-10', ...rest } = change;
  const register = {
    year: Number(issuedOn.slice(0, 4)),
    number,
    notation: 'UBND-VP',
    issuedOn,
  };
  return {
    kind: 'dispatch',
    register,
    documentId: `doc-${number}`,
    businessType: 0,
    documentVersion: 1,
    documentType: 'Công văn',
    abstract: 'Về việc báo cáo tình hình',
    priority: 0,
    signed: true,
    packageDigest: digestOf(`package ${number}`),
    recipients,
    ...rest,
  };
}

export function paper(number: number, issuedOn = '2026-07-10'): PaperEntry {
  return {
    kind: 'paper',
    register: { year: Number(issuedOn.slice(0, 4)), number, notation: 'UBND-VP', issuedOn },
    documentType: 'Công văn',
    abstract: 'Gửi bằng giấy',
    recipients: ['Công ty Ánh Dương'],
    reason: 'not-connected',
  };
}

export function voided(number: number, year = 2026): ReportEntry {
  return { kind: 'void', year, number, reason: 'soạn nhầm' };
}

/** A receipt for `dispatch(number, …)` of `sender`. */
export function receipt(
  sender: string,
  number: number,
  status: string,
  change: Partial<ReceiptEntry> = {},
): ReceiptEntry {
  return {
    kind: 'receipt',
    sender: codeOf(sender),
    documentId: `doc-${number}`,
    businessType: 0,
    documentVersion: 1,
    packageDigest: digestOf(`package ${number}`),
    status,
    at: '2026-07-10T02:00:05.000Z',
    ...change,
  };
}

export function codeOf(text: string): AgencyCode {
  return parseAgencyCode(text);
}

/** The sender's word that `dispatch(number, …)` does not reach one recipient. */
export function withdrawn(number: number, to: string, reason?: string): ReportEntry {
  return {
    kind: 'withdrawn',
    documentId: `doc-${number}`,
    businessType: 0,
    documentVersion: 1,
    to: parseAgencyCode(to),
    at: NOW.toISOString(),
    cause: reason === undefined ? 'unanswered' : 'given-up',
    ...(reason === undefined ? {} : { reason }),
  };
}
