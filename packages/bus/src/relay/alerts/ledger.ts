import type { AsOf, Page } from '../figures/types.ts';
import type { AlertRecord, AlertStore } from '../storage/alert-store.ts';
import type { AlertFinding } from './rules.ts';
import { ALERT_TEXTS, type AlertValues } from './texts.ts';
import { ALERT_CODES, type AlertCode, type AlertRow, type AlertsRequest } from './types.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Rows looked at for one page, when most belong to others. */
const MAX_SCANNED = 20_000;
const SCAN_STEP = 1_000;

/** What changed: each alert opens once and closes once. */
export interface AlertChange {
  readonly event: 'opened' | 'closed';
  readonly alert: AlertRow;
}

/**
 * Compares what is wrong now with what stood, inside one transaction.
 *
 * @param codes - the codes that were looked at; alerts of others stay as they are.
 */
export function settleAlerts(
  store: AlertStore,
  codes: ReadonlySet<AlertCode>,
  findings: readonly AlertFinding[],
  nowMs: number,
): AlertChange[] {
  const standing = new Map(store.open(codes).map((row) => [nameOf(row), row]));
  const changes: AlertChange[] = [];
  for (const finding of findings) {
    const { code, key, agency, severity, values, firm } = finding;
    const valuesJson = JSON.stringify(values);
    const before = standing.get(nameOf(finding));
    standing.delete(nameOf(finding));
    if (before !== undefined) {
      if (before.valuesJson !== valuesJson || before.severity !== severity) {
        store.update(before.id, severity, valuesJson);
      }
      continue;
    }
    if (!firm) continue;
    const row = { code, key, agency, severity, valuesJson, openedMs: nowMs };
    const id = store.add(row);
    const alert = describeAlert({ ...row, id, closedMs: null });
    if (alert !== undefined) changes.push({ event: 'opened', alert });
  }
  for (const row of standing.values()) {
    store.close(row.id, nowMs);
    const alert = describeAlert({ ...row, closedMs: nowMs });
    if (alert !== undefined) changes.push({ event: 'closed', alert });
  }
  return changes;
}

/** A page of alerts, newest first, of which each is let through. */
export function listAlerts(
  store: AlertStore,
  asOf: AsOf,
  request: AlertsRequest,
  maySee: (agency: string | null) => boolean = () => true,
): Page<AlertRow> {
  const limit = Math.min(request.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  let before = /^\d{1,15}$/.test(request.after ?? '') ? Number(request.after) : 2 ** 52;
  const rows: AlertRow[] = [];
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_STEP) {
    const some = store.list(request.state ?? 'open', before, SCAN_STEP);
    for (const record of some) {
      if (!fits(record, request) || !maySee(record.agency)) continue;
      const alert = describeAlert(record);
      if (alert === undefined) continue;
      // One more than the page holds: there is a next one.
      if (rows.length === limit) {
        const total = request.after === undefined ? countOpen(store, request, maySee) : null;
        return { as_of: asOf, rows, total, next: String(rows.at(-1)?.id ?? 0) };
      }
      rows.push(alert);
    }
    const last = some.at(-1);
    if (last === undefined || some.length < SCAN_STEP) {
      const total = request.after === undefined ? rows.length : null;
      return { as_of: asOf, rows, total, next: null };
    }
    before = last.id;
  }
  // There are more to look at, if not to show.
  return { as_of: asOf, rows, total: null, next: String(before) };
}

/** Alerts that stand; `null` when closed ones are asked for too, of which there may be very many. */
function countOpen(
  store: AlertStore,
  request: AlertsRequest,
  maySee: (agency: string | null) => boolean,
): number | null {
  if (request.state === 'all') return null;
  return store
    .openByAgency()
    .filter((group) => fits(group, request) && asCode(group.code) !== undefined)
    .filter(({ agency }) => maySee(agency))
    .reduce((sum, { count }) => sum + count, 0);
}

function fits(
  record: Pick<AlertRecord, 'code' | 'agency'>,
  { code, agency }: AlertsRequest,
): boolean {
  return (
    (code === undefined || record.code === code) &&
    (agency === undefined || record.agency === agency)
  );
}

function describeAlert(record: AlertRecord): AlertRow | undefined {
  const code = asCode(record.code);
  if (code === undefined) return undefined;
  const { id, key, agency, severity, openedMs, closedMs } = record;
  const { detail, action } = ALERT_TEXTS[code];
  return {
    id,
    code,
    key,
    agency,
    severity,
    since: new Date(openedMs).toISOString(),
    until: closedMs === null ? null : new Date(closedMs).toISOString(),
    detail: detail(readValues(record.valuesJson)),
    action,
  };
}

function readValues(json: string): AlertValues {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string | number] =>
      typeof entry[1] === 'string' || typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}

function asCode(text: string): AlertCode | undefined {
  return ALERT_CODES.find((code) => code === text);
}

function nameOf({ code, key }: { readonly code: string; readonly key: string }): string {
  return `${code} ${key}`;
}
