import { stat, statfs } from 'node:fs/promises';

import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { Targets } from '../figures/targets.ts';
import { homePaths } from '../home.ts';
import { type RelayLog, describeError } from '../log.ts';
import type { AlertStore } from '../storage/alert-store.ts';
import { type Told, digest } from './digest.ts';
import { settleAlerts } from './ledger.ts';
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
import { type AllShares, monthShares } from './month-shares.ts';

export interface AlertWatchOptions {
  readonly store: AlertStore;
  readonly settings: AlertSettings;
  readonly figures: AllShares;
  readonly targets: Targets;
  readonly webhooks: Webhooks;
  /** The relay's folder: its disk is watched. */
  readonly home: string;
  readonly status: () => {
    readonly broker: 'connected' | 'disconnected';
    readonly storageFailing: { readonly error: string } | null;
    /** What the broker has for us beside the batch that it handed out last. */
    readonly pendingReports: number;
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
/** A line that goes and comes opens and closes those of every agency behind it. */
const MAX_CLOSED_KEPT = 200_000;
const FAST: ReadonlySet<AlertCode> = new Set([
  'STORAGE_FAILING',
  'BACKLOG',
  'DISK_LOW',
  'LOG_LARGE',
]);
const SLOW_HEARD_OR_NOT: ReadonlySet<AlertCode> = new Set([
  'CERTIFICATE_EXPIRES',
  'CLOCK_SKEW',
  'CONTRADICTION',
  'GAPS_GROW',
]);
const SLOW: ReadonlySet<AlertCode> = new Set([...SLOW_HEARD_OR_NOT, 'AGENCY_SILENT']);
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
  #lastStoredMs: number | undefined;
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
        const behind = this.#isBehind();
        const findings = this.#findOfAgencies(nowMs).filter(
          ({ code }) => !behind || code !== 'AGENCY_SILENT',
        );
        this.#settle(behind ? SLOW_HEARD_OR_NOT : SLOW, findings, nowMs);
      });
    }
    if (nowMs - this.#shareAtMs >= SHARE_EVERY_MS) {
      this.#shareAtMs = nowMs;
      await this.#try('shares', async () => {
        const { figures, targets, settings } = this.#options;
        const shares = await monthShares(figures, targets, dateInVietnam(new Date(nowMs)));
        this.#settle(SHARE, findUnderTarget(shares, settings), nowMs);
      });
    }
    webhooks.send().catch((error: unknown) => {
      log('error', 'webhooks not sent', describeError(error));
    });
  }

  /** How many of each code stand. */
  counts(): ReadonlyMap<string, number> {
    return this.#options.store.openCounts();
  }

  async #findOwn(nowMs: number): Promise<AlertFinding[]> {
    const { store, status, home, settings } = this.#options;
    const { broker, storageFailing, pendingReports } = status();
    this.#brokerAwaySinceMs =
      broker === 'connected' ? undefined : (this.#brokerAwaySinceMs ?? nowMs);
    this.#readReports(nowMs, pendingReports);
    const { bavail, blocks } = await statfs(home);
    const log = await stat(`${homePaths(home).database}-wal`).catch(() => undefined);
    const state = {
      storageError: storageFailing?.error ?? null,
      brokerAwayMs: this.#brokerAwaySinceMs === undefined ? 0 : nowMs - this.#brokerAwaySinceMs,
      watermarksDue: store.watermarksDue(),
      pendingReports,
      delayMs: this.#delayMs,
      logBytes: log?.size ?? 0,
      diskFree: blocks === 0 ? 1 : Math.round((bavail / blocks) * 1_000) / 1_000,
    };
    return findOwn(state, settings);
  }

  /** Who cannot hear does not say that others are silent; what stands about silence stays as it is. */
  #isBehind(): boolean {
    const { broker, pendingReports, storageFailing } = this.#options.status();
    return broker !== 'connected' || pendingReports > 0 || storageFailing !== null;
  }

  #findOfAgencies(nowMs: number): AlertFinding[] {
    const { store, settings } = this.#options;
    const today = dateInVietnam(new Date(nowMs));
    const missing = store.missingNumbers();
    const weekAgo = dateInVietnam(new Date(nowMs - GROWTH_DAYS * DAY_MS));
    store.inTransaction(() => {
      store.keepMissing(today, missing, weekAgo);
      store.removeClosed(nowMs - KEEP_CLOSED_MS, MAX_CLOSED_KEPT);
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
  #readReports(nowMs: number, pendingReports: number): void {
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
    this.#lastStoredMs = last?.storedMs ?? this.#lastStoredMs;
    // What came last was taken in within the last minute, and what still waits was stored by then: what
    // it is older than that, we are late.
    if ((last !== undefined || pendingReports > 0) && this.#lastStoredMs !== undefined) {
      this.#delayMs = Math.max(0, nowMs - this.#lastStoredMs - MINUTE_MS);
    }
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
    for (const told of digest(changes)) this.#tell(told);
  }

  #tell(told: Told): void {
    const { log } = this.#options;
    if ('alerts' in told) {
      const { event, code, count, alerts } = told;
      const critical = alerts.some(({ severity }) => severity === 'critical');
      const level = event === 'closed' ? 'info' : critical ? 'error' : 'warn';
      const first = alerts.map(({ key }) => key).join(', ');
      return log(level, `${count} alerts ${event}`, { code, first });
    }
    const { event, alert } = told;
    const { code, key, severity, detail } = alert;
    const level = event === 'closed' ? 'info' : severity === 'critical' ? 'error' : 'warn';
    log(level, `alert ${event}`, { code, key, detail: detail.en });
  }

  async #try(what: string, look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#options.log('error', 'alerts not looked for', { what, ...describeError(error) });
    }
  }
}
