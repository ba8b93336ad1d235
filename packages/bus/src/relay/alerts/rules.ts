import { dateInVietnam, startOfDayMs } from '../../calendar/vietnam-time.ts';
import type { AlertSettings } from './settings.ts';
import type { AlertValues } from './texts.ts';
import type { AlertCode, AlertSeverity } from './types.ts';

/** Something that is wrong, or was and is not yet quite right. */
export interface AlertFinding {
  readonly code: AlertCode;
  readonly key: string;
  readonly agency: string | null;
  readonly severity: AlertSeverity;
  readonly values: AlertValues;
  /** False: not bad enough to open an alert, but too bad to close one (hysteresis). */
  readonly firm: boolean;
}

const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
const MOST_DAYS_COUNTED = 400;

/** Days from Monday to Friday, no holidays, that lie wholly between two times at +07:00. */
export function workingDaysBetween(
  fromMs: number,
  toMs: number,
  holidays: ReadonlySet<string>,
): number {
  let count = 0;
  let dayMs = startOfDayMs(dateInVietnam(new Date(fromMs))) + DAY_MS;
  for (let step = 0; step < MOST_DAYS_COUNTED && dayMs + DAY_MS <= toMs; step += 1) {
    const day = dateInVietnam(new Date(dayMs));
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6 && !holidays.has(day)) count += 1;
    dayMs += DAY_MS;
  }
  return count;
}

export interface Contact {
  readonly code: string;
  readonly tier: string;
  readonly validFromMs: number;
  readonly validToMs: number | null;
  readonly lastStoredMs: number | null;
}

/** Agencies that are open and have reported nothing for too many working days. */
export function findSilent(
  contacts: readonly Contact[],
  settings: AlertSettings,
  nowMs: number,
): AlertFinding[] {
  const holidays = new Set(settings.holidays);
  const limits: Readonly<Record<string, number>> = settings.silentWorkingDays;
  return contacts.flatMap((contact) => {
    const { code, tier, validFromMs, validToMs, lastStoredMs } = contact;
    const open = validFromMs <= nowMs && (validToMs === null || nowMs < validToMs);
    const limit = limits[tier];
    if (!open || limit === undefined) return [];
    const sinceMs = Math.max(lastStoredMs ?? 0, validFromMs);
    const days = workingDaysBetween(sinceMs, nowMs, holidays);
    if (days < limit) return [];
    const last = lastStoredMs === null ? '-' : dateInVietnam(new Date(lastStoredMs));
    const severity = days >= 2 * limit ? 'critical' : 'warning';
    const values = { agency: code, days, last };
    return [{ code: 'AGENCY_SILENT', key: code, agency: code, severity, values, firm: true }];
  });
}

export interface CertificateEnd {
  readonly owner: string;
  readonly agency: string | null;
  readonly use: string;
  readonly sha256: string;
  readonly notAfterMs: number;
}

/** Certificates that end soon, and those that ended lately and are still listed. */
export function findExpiring(
  certificates: readonly CertificateEnd[],
  { certificateDays }: AlertSettings,
  nowMs: number,
): AlertFinding[] {
  return certificates.flatMap(({ owner, agency, use, sha256, notAfterMs }) => {
    const leftMs = notAfterMs - nowMs;
    if (leftMs > certificateDays * DAY_MS) return [];
    const severity = leftMs < (certificateDays * DAY_MS) / 4 ? 'critical' : 'warning';
    const values = { owner, use, day: dateInVietnam(new Date(notAfterMs)) };
    const key = `${owner} ${use} ${sha256.slice(0, 16)}`;
    return [{ code: 'CERTIFICATE_EXPIRES', key, agency, severity, values, firm: true }];
  });
}

/** How far the times of an agency's latest reports lie from those of the broker. */
export interface ClockWindow {
  readonly agency: string;
  readonly reports: number;
  /** Broker's time less the agency's: the smallest of them is free of delays on the way. */
  readonly leastDelayMs: number;
}

/** One report is enough for a clock that is ahead; a late report alone is no clock that is behind. */
const REPORTS_TO_BE_SURE = 5;

export function findSkewed(
  windows: readonly ClockWindow[],
  { clockMinutes }: AlertSettings,
): AlertFinding[] {
  return windows.flatMap(({ agency, reports, leastDelayMs }) => {
    const ahead = leastDelayMs < 0;
    const minutes = Math.floor(Math.abs(leastDelayMs) / MINUTE_MS);
    if (minutes < clockMinutes / 2 || (!ahead && reports < REPORTS_TO_BE_SURE)) return [];
    const values = { agency, minutes, direction: ahead ? 'ahead' : 'behind' };
    const severity: AlertSeverity = minutes >= 60 ? 'critical' : 'warning';
    const firm = minutes >= clockMinutes;
    return [{ code: 'CLOCK_SKEW', key: agency, agency, severity, values, firm }];
  });
}

export interface OwnState {
  readonly storageError: string | null;
  readonly brokerAwayMs: number;
  readonly watermarksDue: number;
  /** Reports that the broker has not handed out yet. */
  readonly pendingReports: number;
  /** Between the broker's storing and our taking in, of what came last. */
  readonly delayMs: number;
  /** Part of the disk, 0 to 1. */
  readonly diskFree: number;
  /** Of the log of the database: what nobody reads any more goes to the file. */
  readonly logBytes: number;
}

/** What is wrong with the relay itself. */
export function findOwn(state: OwnState, settings: AlertSettings): AlertFinding[] {
  const findings: AlertFinding[] = [];
  const own = { agency: null };
  if (state.storageError !== null) {
    const values = { error: state.storageError };
    findings.push({
      ...own,
      code: 'STORAGE_FAILING',
      key: 'relay',
      severity: 'critical',
      values,
      firm: true,
    });
  }
  const delayMinutes = Math.floor(state.delayMs / MINUTE_MS);
  const backlogs = [
    ['watermarks', state.watermarksDue, settings.backlogWatermarks],
    ['pending', state.pendingReports, settings.backlogReports],
    ['reports', delayMinutes, settings.backlogMinutes],
    ['broker', Math.floor(state.brokerAwayMs / MINUTE_MS), settings.backlogMinutes],
  ] as const;
  for (const [what, count, limit] of backlogs) {
    if (count < limit / 2 || count === 0) continue;
    const firm = count >= limit;
    const severity = count >= 4 * limit ? 'critical' : 'warning';
    findings.push({ ...own, code: 'BACKLOG', key: what, severity, values: { what, count }, firm });
  }
  const { diskFree, logMib } = settings;
  const mib = Math.floor(state.logBytes / MIB);
  if (mib >= logMib / 2) {
    const severity = mib >= 4 * logMib ? 'critical' : 'warning';
    const firm = mib >= logMib;
    findings.push({ ...own, code: 'LOG_LARGE', key: 'relay', severity, values: { mib }, firm });
  }
  if (state.diskFree < diskFree * 1.25) {
    const severity = state.diskFree < diskFree / 2 ? 'critical' : 'warning';
    const firm = state.diskFree < diskFree;
    const values = { free: state.diskFree };
    findings.push({ ...own, code: 'DISK_LOW', key: 'relay', severity, values, firm });
  }
  return findings;
}

export interface MonthShare {
  readonly agency: string;
  readonly month: string;
  readonly documents: number;
  readonly rate: number | null;
  readonly target: number | null;
}

export function findUnderTarget(
  shares: readonly MonthShare[],
  { shareDocuments }: AlertSettings,
): AlertFinding[] {
  return shares.flatMap(({ agency, month, documents, rate, target }) => {
    if (rate === null || target === null || documents < shareDocuments) return [];
    // Half a percent above the target before it is over, or each document would ring the bell.
    if (rate >= Math.min(1, target + 0.005)) return [];
    const values = { agency, month, rate, target };
    const key = `${agency} ${month}`;
    const firm = rate < target;
    return [{ code: 'SHARE_UNDER_TARGET', key, agency, severity: 'warning', values, firm }];
  });
}

export function findContradicting(
  rows: readonly { readonly agency: string; readonly count: number; readonly kinds: string }[],
): AlertFinding[] {
  return rows.map(({ agency, count, kinds }) => ({
    code: 'CONTRADICTION',
    key: agency,
    agency,
    severity: kinds.split(',').includes('CHAIN_FORK') ? 'critical' : 'warning',
    values: { agency, count, kinds },
    firm: true,
  }));
}

export function findGrowingGaps(
  today: readonly { readonly agency: string; readonly missing: number }[],
  before: ReadonlyMap<string, number> | undefined,
  { gapGrowth }: AlertSettings,
): AlertFinding[] {
  if (before === undefined) return [];
  return today.flatMap(({ agency, missing }) => {
    const then = before.get(agency) ?? 0;
    const growth = missing - then;
    if (growth < gapGrowth / 2) return [];
    const values = { agency, missing, before: then };
    const firm = growth >= gapGrowth;
    return [{ code: 'GAPS_GROW', key: agency, agency, severity: 'warning', values, firm }];
  });
}
