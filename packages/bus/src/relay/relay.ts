import { setImmediate } from 'node:timers/promises';

import {
  type TrustStore,
  createSignatureVerifier,
  loadTrustStore,
  parseCertificate,
} from '@congvan/signer';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { ALL_SITES, type RelayConnection } from '../broker/relay-connection.ts';
import { BusError } from '../errors.ts';
import type { SignBytes } from '../record/frame.ts';
import { closeAll } from './close-all.ts';
import { endsByUse } from './alerts/certificates.ts';
import { type BrokerLine, openConnections } from './connections.ts';
import { RelayTls } from './tls.ts';
import { openAlertWatch, readWebhooks } from './alerts/open.ts';
import type { AlertWatch } from './alerts/watch.ts';
import type { Webhook } from './alerts/webhook.ts';
import { isOlderCopy, writeMark } from './copy-mark.ts';
import { DirectoryCopy } from './directory-copy.ts';
import { type RelayConfig, homePaths, readHomeFile, readRelayConfig } from './home.ts';
import { buildFigures } from './figures/build.ts';
import type { FigureUpkeep } from './figures/upkeep.ts';
import { EvidenceKeeper } from './evidence/keeper.ts';
import { PublishingDay } from './audit/publishing-day.ts';
import { Ingest, type ReportOutcome } from './ingest.ts';
import { Intake } from './intake.ts';
import { DIRECTORY_FINDINGS, TRUST_FINDINGS } from './judge-report.ts';
import { type RelayLog, describeError } from './log.ts';
import { openNodeKey } from './node-key.ts';
import { DatabaseQueries, type RelayQueries } from './queries.ts';
import { ReportReading } from './report-reading.ts';
import { NO_STEPS, type OnStep } from './step.ts';
import { type Db, openDatabase } from './storage/database.ts';
import { DirectoryStore } from './storage/directory-store.ts';
import { EvidenceStore } from './storage/evidence-store.ts';
import { RejectedStore } from './storage/rejected-store.ts';
import { ReportStore } from './storage/report-store.ts';
import { takeRunLock } from '../sqlite/index.ts';
import { WatermarkPump } from './watermark-pump.ts';

export interface OpenRelayOptions {
  /** The folder that `initRelay` made. */
  readonly home: string;
  /** Opens `keys/node.p12`; asked only when `sign` is not given. */
  readonly passphrase?: () => Promise<string>;
  /** Signs watermarks with another key store than the folder's. */
  readonly sign?: SignBytes;
  /** Instead of the servers of `relay.json`. */
  readonly servers?: readonly string[];
  /** A broker that does not answer is waited for until this says stop; without it, it is an error. */
  readonly waitForBroker?: AbortSignal;
  readonly now?: () => Date;
  readonly log?: RelayLog;
  /** For tests that end the process at a step. */
  readonly onStep?: OnStep;
  /** How often it looks for a new day, and what that brings; a minute unless told. */
  readonly keepUpMs?: number;
}

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
  /** Reads anchors, intermediates and revocation lists again. */
  reloadTrust(): Promise<void>;
  /** Fetches new directory entries now; the relay also does so by itself. */
  refreshDirectory(): Promise<void>;
  close(): Promise<void>;
}

const KEEP_UP_MS = 60_000;
/** An agency that is away must not find hundreds of the same question; what it lacks it repeats itself. */
const REMIND_AFTER_MS = 65 * 60_000;

/**
 * Opens a relay's folder, connects and starts to read the reports of its sites.
 *
 * It goes on where it stopped, however it stopped: what was committed is not counted twice, what
 * was not is delivered again by the broker.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID`, `BUS_RELAY_ALREADY_RUNNING`,
 *   `BUS_DATABASE_NEWER`, `BUS_CONNECT_FAILED`.
 */
export async function openRelay(options: OpenRelayOptions): Promise<Relay> {
  const config = await readRelayConfig(options.home);
  const paths = homePaths(options.home);
  const lock = takeRunLock(paths.lock);
  if (lock === undefined) {
    throw new BusError('BUS_RELAY_ALREADY_RUNNING', `another process runs ${options.home}`, {
      details: { home: options.home },
    });
  }
  const closers: (() => void | Promise<void>)[] = [() => lock.release()];
  try {
    const db = openDatabase(paths.database);
    closers.push(() => void db.close());
    const sign = options.sign ?? (await openNodeKey(paths.nodeKey, options.passphrase));
    const log = options.log ?? (() => undefined);
    const tls = await RelayTls.open(config, paths, options.passphrase, log);
    closers.push(() => tls?.[Symbol.dispose]());
    const connections = await openConnections({
      config,
      paths,
      ...(tls === undefined ? {} : { tls: () => tls.current() }),
      log,
      ...(options.servers === undefined ? {} : { servers: options.servers }),
      ...(options.waitForBroker === undefined ? {} : { patience: options.waitForBroker }),
    });
    closers.push(() => connections.close());
    const relay = new RunningRelay({
      config,
      db,
      database: paths.database,
      mark: `${paths.database}.mark`,
      sign,
      connection: connections.own,
      reports: connections.reports,
      lines: connections.lines,
      tlsEndsMs: () => tls?.endsMs,
      trust: await loadTrustStore(paths.trust),
      registrarCertificate: parseCertificate(await readHomeFile(paths.registrarCertificate)).der,
      loadTrust: () => loadTrustStore(paths.trust),
      now: options.now ?? (() => new Date()),
      log,
      onStep: options.onStep ?? NO_STEPS,
      keepUpMs: options.keepUpMs ?? KEEP_UP_MS,
      hooks: await readWebhooks(options.home, config),
      home: options.home,
      close: () => closeAll(closers),
    });
    await relay.start();
    return relay;
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

interface RunningRelayOptions {
  readonly config: RelayConfig;
  readonly db: Db;
  readonly database: string;
  /** See `copy-mark.ts`. */
  readonly mark: string;
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

class RunningRelay extends DatabaseQueries implements Relay {
  readonly config: RelayConfig;
  readonly #options: RunningRelayOptions;
  readonly #directory: DirectoryCopy;
  readonly #ingest: Ingest;
  readonly #upkeep: FigureUpkeep;
  readonly #pump: WatermarkPump;
  readonly #publishing: PublishingDay;
  readonly #alerts: AlertWatch;
  readonly #reading: ReportReading;
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
    if (agencies.size > 0 && !this.#isOver()) this.#pump.poke();
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
    const { database, mark, db, log } = this.#options;
    const reports = new ReportStore(db);
    if (isOlderCopy(mark, database, reports.reportCount())) {
      log('warn', 'the database is an older copy: every agency is told how far it is', {});
      reports.announceAll();
      this.#pump.announce();
    }
    writeMark(mark, database, reports.reportCount());
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const { database, mark, db } = this.#options;
    writeMark(mark, database, new ReportStore(db).reportCount());
    await this.#reading.close();
    await this.#pump.close();
    await this.#publishing.close();
    await this.#alerts.close();
    await this.#options.close();
  }

  async #keepUp(): Promise<void> {
    const { database, mark, db, now, log } = this.#options;
    writeMark(mark, database, new ReportStore(db).reportCount());
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
