import { statfs } from 'node:fs/promises';

import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { RelayFigures } from '../figures/types.ts';
import { type RelayLog, describeError } from '../log.ts';
import type { AlertStore } from '../storage/alert-store.ts';
import { type AlertChange, settleAlerts } from './ledger.ts';
import {
  type AlertFinding,
  type CertificateEnd,
  type ClockWindow,
  findContradicting,
  findExpiring,
  findGrowingGaps,
  findOwn,
  findSilent,
  findSkewed,
  findUnderTarget,
} from './rules.ts';
import type { AlertSettings } from './settings.ts';
import type { AlertCode } from './types.ts';
import type { Webhooks } from './webhook.ts';
import { monthShares } from './month-shares.ts';

export interface AlertWatchOptions {
  readonly store: AlertStore;
  readonly settings: AlertSettings;
  readonly figures: RelayFigures;
  readonly webhooks: Webhooks;
  /** The relay's folder: its disk is watched. */
  readonly home: string;
  readonly status: () => {
    readonly broker: 'connected' | 'disconnected';
    readonly storageFailing: { readonly error: string } | null;
  };
  /** Certificates that agencies and the relay show; asked for once a day. */
  readonly certificates: () => Promise<readonly CertificateEnd[]>;
  readonly now: () => Date;
  readonly log: RelayLog;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Silence and gaps are counted in days. */
const SLOW_EVERY_MS = 10 * MINUTE_MS;
const SHARE_EVERY_MS = HOUR_MS;
/** Reports looked at in one turn for clocks; what is more is left out. */
const MAX_REPORTS_PER_TURN = 2_000;
const CLOCK_WINDOW_MS = DAY_MS;
const MAX_CLOCKS = 50_000;
const MAX_CONTRADICTIONS = 5_000;
const GROWTH_DAYS = 7;
const KEEP_CLOSED_MS = 400 * DAY_MS;
const FAST: ReadonlySet<AlertCode> = new Set(['STORAGE_FAILING', 'BACKLOG', 'DISK_LOW']);
const SLOW: ReadonlySet<AlertCode> = new Set([
  'AGENCY_SILENT',
  'CERTIFICATE_EXPIRES',
  'CLOCK_SKEW',
  'CONTRADICTION',
  'GAPS_GROW',
]);
const SHARE: ReadonlySet<AlertCode> = new Set(['SHARE_UNDER_TARGET']);

interface Clock extends ClockWindow {
  readonly sinceMs: number;
}

/** Looks for what is wrong, once a minute; opens and closes alerts and tells of both. */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #clocks = new Map<string, Clock>();
  #turn: Promise<void> | undefined;
  #lastReport: number;
  #delayMs = 0;
  #brokerAwaySinceMs: number | undefined;
  #slowAtMs = 0;
  #shareAtMs = 0;
  #certificatesAtMs = 0;
  #certificates: readonly CertificateEnd[] = [];

  constructor(options: AlertWatchOptions) {
    this.#options = options;
    this.#lastReport = options.store.lastReportId();
  }

  /** Never throws: what cannot be looked at is logged, and looked at again. One turn at a time. */
  check(): Promise<void> {
    this.#turn ??= this.#check().finally(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  /** Until webhooks have been tried that are due. */
  async sendWaiting(): Promise<void> {
    await this.#options.webhooks.send();
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#options.webhooks.close();
  }

  async #check(): Promise<void> {
    const { now, webhooks, log } = this.#options;
    const nowMs = now().getTime();
    await this.#try('own state', async () => this.#settle(FAST, await this.#findOwn(nowMs), nowMs));
    if (nowMs - this.#slowAtMs >= SLOW_EVERY_MS) {
      this.#slowAtMs = nowMs;
      await this.#try('agencies', async () => {
        await this.#readCertificates(nowMs);
        this.#settle(SLOW, this.#findOfAgencies(nowMs), nowMs);
      });
    }
    if (nowMs - this.#shareAtMs >= SHARE_EVERY_MS) {
      this.#shareAtMs = nowMs;
      await this.#try('shares', async () => {
        const { figures, settings } = this.#options;
        const shares = monthShares(figures, dateInVietnam(new Date(nowMs)));
        this.#settle(SHARE, findUnderTarget(shares, settings), nowMs);
      });
    }
    webhooks.send().catch((error: unknown) => {
      log('error', 'webhooks not sent', describeError(error));
    });
  }

  /** How many of each code stand. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { code } of this.#options.store.open()) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    return counts;
  }

  async #findOwn(nowMs: number): Promise<AlertFinding[]> {
    const { store, status, home, settings } = this.#options;
    const { broker, storageFailing } = status();
    this.#brokerAwaySinceMs =
      broker === 'connected' ? undefined : (this.#brokerAwaySinceMs ?? nowMs);
    this.#readReports(nowMs);
    const { bavail, blocks } = await statfs(home);
    const state = {
      storageError: storageFailing?.error ?? null,
      brokerAwayMs: this.#brokerAwaySinceMs === undefined ? 0 : nowMs - this.#brokerAwaySinceMs,
      watermarksDue: store.watermarksDue(),
      delayMs: this.#delayMs,
      diskFree: blocks === 0 ? 1 : Math.round((bavail / blocks) * 1_000) / 1_000,
    };
    return findOwn(state, settings);
  }

  #findOfAgencies(nowMs: number): AlertFinding[] {
    const { store, settings } = this.#options;
    const today = dateInVietnam(new Date(nowMs));
    const missing = store.missingNumbers();
    const weekAgo = dateInVietnam(new Date(nowMs - GROWTH_DAYS * DAY_MS));
    store.inTransaction(() => {
      store.keepMissing(today, missing, weekAgo);
      store.removeClosedBefore(nowMs - KEEP_CLOSED_MS);
    });
    const before = store.missingOn(weekAgo);
    const sinceMs = nowMs - settings.contradictionDays * DAY_MS;
    for (const [agency, clock] of this.#clocks) {
      if (nowMs - clock.sinceMs > CLOCK_WINDOW_MS) this.#clocks.delete(agency);
    }
    return [
      ...findSilent(store.contacts(), settings, nowMs),
      ...findExpiring(this.#certificates, settings, nowMs),
      ...findSkewed([...this.#clocks.values()], settings),
      ...findContradicting(store.contradictions(sinceMs, MAX_CONTRADICTIONS)),
      ...findGrowingGaps(missing, before.size === 0 ? undefined : before, settings),
    ];
  }

  /** Times of the reports that came since the last turn: of clocks, and of how late we are. */
  #readReports(nowMs: number): void {
    const rows = this.#options.store.reportsAfter(this.#lastReport, MAX_REPORTS_PER_TURN);
    this.#delayMs = 0;
    for (const { agency, atMs, storedMs } of rows) {
      const before = this.#clocks.get(agency);
      if (before === undefined && this.#clocks.size >= MAX_CLOCKS) continue;
      const delayMs = storedMs - atMs;
      this.#clocks.set(agency, {
        agency,
        reports: (before?.reports ?? 0) + 1,
        leastDelayMs: Math.min(before?.leastDelayMs ?? delayMs, delayMs),
        sinceMs: before?.sinceMs ?? nowMs,
      });
    }
    const last = rows.at(-1);
    // What came last was taken in within the last minute: what it is older than that, we are late.
    if (last !== undefined) this.#delayMs = Math.max(0, nowMs - last.storedMs - MINUTE_MS);
    this.#lastReport =
      rows.length < MAX_REPORTS_PER_TURN
        ? (last?.id ?? this.#lastReport)
        : this.#options.store.lastReportId();
  }

  async #readCertificates(nowMs: number): Promise<void> {
    if (nowMs - this.#certificatesAtMs < DAY_MS) return;
    this.#certificates = await this.#options.certificates();
    this.#certificatesAtMs = nowMs;
  }

  #settle(codes: ReadonlySet<AlertCode>, findings: readonly AlertFinding[], nowMs: number): void {
    const { store, webhooks } = this.#options;
    const changes = store.inTransaction(() => {
      const made = settleAlerts(store, codes, findings, nowMs);
      webhooks.queue(made);
      return made;
    });
    for (const change of changes) this.#tell(change);
  }

  #tell({ event, alert }: AlertChange): void {
    const { code, key, severity, detail } = alert;
    const level = event === 'closed' ? 'info' : severity === 'critical' ? 'error' : 'warn';
    this.#options.log(level, `alert ${event}`, { code, key, detail: detail.en });
  }

  async #try(what: string, look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#options.log('error', 'alerts not looked for', { what, ...describeError(error) });
    }
  }
}
