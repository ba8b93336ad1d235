import { setImmediate } from 'node:timers/promises';

import { type TrustStore, createSignatureVerifier } from '@congvan/signer';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { ALL_SITES, type RelayConnection } from '../broker/relay-connection.ts';
import type { SignBytes } from '../record/frame.ts';
import { endsByUse } from './alerts/certificates.ts';
import type { BrokerLine } from './connections.ts';
import { openAlertWatch } from './alerts/open.ts';
import type { AlertWatch } from './alerts/watch.ts';
import type { Webhook } from './alerts/webhook.ts';
import type { CopyMark } from './copy-mark.ts';
import { DirectoryCopy } from './directory-copy.ts';
import type { RelayConfig } from './home.ts';
import { buildFigures } from './figures/build.ts';
import type { FigureUpkeep } from './figures/upkeep.ts';
import { EvidenceKeeper } from './evidence/keeper.ts';
import { PublishingDay } from './audit/publishing-day.ts';
import { Ingest, type ReportOutcome } from './ingest.ts';
import { Intake } from './intake.ts';
import { DIRECTORY_FINDINGS, TRUST_FINDINGS } from './judge-report.ts';
import { type RelayLog, describeError } from './log.ts';
import { DatabaseQueries, type RelayQueries } from './queries.ts';
import { ReportReading } from './report-reading.ts';
import { RevocationLists } from './revocation-lists.ts';
import type { OnStep } from './step.ts';
import type { Db } from './storage/database.ts';
import { DirectoryStore } from './storage/directory-store.ts';
import { EvidenceStore } from './storage/evidence-store.ts';
import { RejectedStore } from './storage/rejected-store.ts';
import { ReportStore } from './storage/report-store.ts';
import { WatermarkPump } from './watermark-pump.ts';

export interface RelayStatus {
  readonly code: AgencyCode;
  readonly site: Site;
  /** `connected` when all of {@link RelayStatus.lines} are. */
  readonly broker: 'connected' | 'disconnected';
  /** To the server of its site, and to the centre where it reads there. */
  readonly lines: readonly BrokerLine[];
  /** When its own certificates end, in Unix milliseconds, by what they are for. */
  readonly certificateEnds: ReadonlyMap<string, number>;
  /** The sites whose reports are being read. */
  readonly sites: readonly Site[];
  readonly directoryEntries: number;
  /** While what comes in cannot be stored: it stays with the broker and is taken when it can be. */
  readonly storageFailing: { readonly since: Date; readonly error: string } | null;
  /** Reports that the broker has for us and has not handed out, as of the last batch or heartbeat. */
  readonly pendingReports: number;
  /** What became of the reports that were read since the start. */
  readonly reports: Readonly<Record<ReportOutcome, number>>;
  /** Alerts that stand: code → how many. */
  readonly alerts: ReadonlyMap<string, number>;
}

/** A running relay: it takes reports in and answers with watermarks until it is closed. */
export interface Relay extends RelayQueries, AsyncDisposable {
  readonly code: AgencyCode;
  readonly config: RelayConfig;
  status(): RelayStatus;
  /** Reads anchors, intermediates and revocation lists again, and judges anew what they held up. */
  reloadTrust(): Promise<void>;
  /** Fetches new directory entries now; the relay also does so by itself. */
  refreshDirectory(): Promise<void>;
  close(): Promise<void>;
}

/** An agency that is away must not find hundreds of the same question; what it lacks it repeats itself. */
const REMIND_AFTER_MS = 65 * 60_000;

export interface RunningRelayOptions {
  readonly config: RelayConfig;
  readonly db: Db;
  readonly mark: CopyMark;
  readonly sign: SignBytes;
  readonly connection: RelayConnection;
  /** The same connection, or the one to the centre. */
  readonly reports: RelayConnection;
  readonly lines: () => readonly BrokerLine[];
  readonly tlsEndsMs: () => number | undefined;
  readonly trust: TrustStore;
  readonly registrarCertificate: Uint8Array;
  readonly loadTrust: () => Promise<TrustStore>;
  readonly now: () => Date;
  readonly log: RelayLog;
  readonly onStep: OnStep;
  readonly keepUpMs: number;
  readonly hooks: readonly Webhook[];
  readonly home: string;
  readonly close: () => Promise<void>;
}

/** Made by `openRelay`. */
export class RunningRelay extends DatabaseQueries implements Relay {
  readonly config: RelayConfig;
  readonly #options: RunningRelayOptions;
  readonly #directory: DirectoryCopy;
  readonly #ingest: Ingest;
  readonly #upkeep: FigureUpkeep;
  readonly #pump: WatermarkPump;
  readonly #publishing: PublishingDay;
  readonly #alerts: AlertWatch;
  readonly #reading: ReportReading;
  readonly #lists: RevocationLists;
  #trust: TrustStore;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  readonly #isOver = (): boolean => this.#closing !== undefined;

  constructor(options: RunningRelayOptions) {
    super(options.db, options.config.targets);
    const { config, db, connection, now, log, onStep } = options;
    this.config = config;
    this.#options = options;
    this.#trust = options.trust;
    const verify = createSignatureVerifier(() => this.#trust);
    const { code: relay, publication: settings } = config;
    this.#publishing = new PublishingDay({ ...options, figures: this, relay, settings });
    const intake = new Intake(db, now, onStep);
    const { reports, upkeep } = intake;
    this.#upkeep = upkeep;
    this.#directory = new DirectoryCopy({
      db,
      store: new DirectoryStore(db),
      client: connection,
      verify,
      registrarCertificate: options.registrarCertificate,
      now,
      log,
      onChanged: (codes) => this.#takeDirectoryChange(codes),
    });
    this.#ingest = new Ingest({
      db,
      intake,
      rejected: new RejectedStore(db),
      evidence: new EvidenceKeeper({
        store: new EvidenceStore(db),
        reports,
        trust: () => this.#trust,
        directory: this.#directory,
      }),
      directory: this.#directory,
      verify,
      now,
      log,
      onStep,
      onRepeated: (agency, number) => this.#pump.repeated(agency, number),
    });
    this.#pump = new WatermarkPump({
      db,
      reports,
      directory: this.#directory,
      relay: config.code,
      relaySite: config.site,
      sign: options.sign,
      publish: (subject, data, publishOptions) =>
        connection.publishMessage(subject, data, publishOptions),
      now,
      log,
      onStep,
    });
    this.#reading = new ReportReading({
      reports: options.reports,
      take: async (site, messages) => {
        if ((await this.#ingest.takeBatch(site, messages)).size > 0) this.#pump.poke();
      },
      now,
      log,
    });
    this.#lists = new RevocationLists(options);
    this.#alerts = openAlertWatch({
      ...options,
      figures: this,
      status: () => this.#readingState(),
      lookup: (code) => this.#directory.findStored(code),
    });
  }

  get code(): AgencyCode {
    return this.config.code;
  }

  async start(): Promise<void> {
    // Before anything is taken in: it would be added up twice.
    await buildFigures(this.#upkeep, this.#options.log);
    this.#options.connection.onDirectoryChanged(() => void this.#tryRefresh());
    await this.#tryRefresh();
    this.#upkeep.run();
    this.#lists.start(() => this.reloadTrust());
    this.#readSites();
    this.#tellIfPutBack();
    this.#pump.poke();
    this.#timer = setInterval(() => void this.#keepUp(), this.#options.keepUpMs);
    this.#timer.unref();
  }

  status(): RelayStatus {
    return {
      code: this.config.code,
      site: this.config.site,
      broker: this.#broker(),
      lines: this.#options.lines(),
      certificateEnds: endsByUse(this.#directory.find(this.code), this.#options.tlsEndsMs()),
      sites: this.#reading.sites.includes(ALL_SITES)
        ? [...this.#directory.sites()].toSorted()
        : this.#reading.sites.toSorted(),
      directoryEntries: this.#directory.size,
      storageFailing: this.#reading.storageFailing,
      pendingReports: this.#reading.pendingCount,
      reports: this.#ingest.outcomes,
      alerts: this.#alerts.counts(),
    };
  }

  async refreshDirectory(): Promise<void> {
    await this.#directory.refresh();
  }

  async reloadTrust(): Promise<void> {
    this.#trust = await this.#options.loadTrust();
    const agencies = await this.#ingest.recheckAll(TRUST_FINDINGS, this.#isOver);
    if (this.#isOver()) return;
    if (agencies.size > 0) this.#pump.poke();
    await this.#tryRefresh();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One that was put back from a backup has less than it said before: the agencies hear of it. */
  #tellIfPutBack(): void {
    const { mark, db, log } = this.#options;
    if (mark.isOlderCopy()) {
      log('warn', 'the database is an older copy: every agency is told how far it is', {});
      new ReportStore(db).announceAll();
      this.#pump.announce();
    }
    mark.write();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    this.#options.mark.write();
    await this.#reading.close();
    await this.#pump.close();
    await this.#publishing.close();
    await this.#alerts.close();
    const listsEnded = this.#lists.close();
    await this.#options.close();
    await listsEnded;
  }

  async #keepUp(): Promise<void> {
    const { mark, now, log } = this.#options;
    mark.write();
    await this.#tryRefresh();
    if (this.#closing !== undefined) return;
    void this.#alerts.check();
    try {
      this.#pump.remind(new Date(now().getTime() - REMIND_AFTER_MS));
    } catch (error) {
      log('error', 'nobody was reminded of missing reports', describeError(error));
    }
    try {
      this.#upkeep.run();
    } catch (error) {
      log('error', 'figures not kept up', describeError(error));
    }
    await this.#publishing.tick();
  }

  async #tryRefresh(): Promise<void> {
    try {
      await this.refreshDirectory();
    } catch (error) {
      this.#options.log('warn', 'directory not refreshed', describeError(error));
    }
  }

  async #takeDirectoryChange(codes: ReadonlySet<AgencyCode>): Promise<void> {
    // A reform moves thousands of agencies: what comes in meanwhile is taken in between.
    while (!this.#isOver() && this.#upkeep.followStep()) await setImmediate();
    if (this.#isOver()) return;
    this.#readSites();
    const agencies = await this.#ingest.recheck(codes, DIRECTORY_FINDINGS, this.#isOver);
    if (agencies.size > 0 && !this.#isOver()) this.#pump.poke();
  }

  #readingState() {
    const { storageFailing, pendingCount: pendingReports } = this.#reading;
    return { broker: this.#broker(), storageFailing, pendingReports };
  }

  #broker(): RelayStatus['broker'] {
    const isThere = this.#options.lines().every(({ trouble }) => trouble === undefined);
    return isThere ? 'connected' : 'disconnected';
  }

  #readSites(): void {
    const { central, sites } = this.config;
    this.#reading.read(central === undefined ? (sites ?? this.#directory.sites()) : [ALL_SITES]);
  }
}
