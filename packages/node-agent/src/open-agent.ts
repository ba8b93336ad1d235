import { readFile } from 'node:fs/promises';

import { type RunLock, isRunLockHeld, takeRunLock } from '@congvan/bus/sqlite';
import { TrustFolder, createSignatureVerifier, parseCertificate } from '@congvan/signer';

import { Agent } from './agent.ts';
import { BusSide } from './bus-side.ts';
import { ConditionBook } from './condition/condition.ts';
import { type RunningStatus, STATUS_FRESH_MS, readStatus } from './condition/status-file.ts';
import { StorageGuard } from './condition/storage-guard.ts';
import type { AgentCore } from './core.ts';
import { DirectoryCopy } from './directory/copy.ts';
import { AgentError } from './errors.ts';
import { readConfig } from './home/config.ts';
import { AgencyKeys, type KeyPassphrases } from './home/keys.ts';
import { type HomeLayout, layoutOf } from './home/layout.ts';
import { HOLD_LIMITS, type HoldLimits } from './inbox/hold.ts';
import { type Log, SILENT_LOG } from './log.ts';
import { LineGate, inFlightBytes } from './outbox/line-gate.ts';
import { type KnownCopy, checkHome } from './report/restore.ts';
import { requireOpenShape } from './request-shape.ts';
import type { Signal } from './signal.ts';
import type { AgentStep } from './step.ts';
import { watchChanges } from './storage/change-watch.ts';
import { type Db, openDatabase } from './storage/database.ts';
import { DirectoryStore } from './storage/directory-store.ts';
import { DownloadStore } from './storage/download-store.ts';
import { EvidenceStore } from './storage/evidence-store.ts';
import { GroupCommit } from './storage/group-commit.ts';
import { HeldStore } from './storage/held-store.ts';
import { HousekeepingStore } from './storage/housekeeping-store.ts';
import { InboxStore } from './storage/inbox-store.ts';
import { JunkStore } from './storage/junk-store.ts';
import { OutboxStore } from './storage/outbox-store.ts';
import { QueueStore } from './storage/queue-store.ts';
import { PackageFiles } from './storage/package-files.ts';
import { RegisterStore } from './storage/register-store.ts';
import { UploadStore } from './storage/upload-store.ts';
import { RestoreStore } from './storage/restore-store.ts';
import { WatermarkStore } from './storage/watermark-store.ts';
import { TRANSFER_LIMITS, type TransferLimits } from './transfer/limits.ts';

export interface OpenAgentOptions {
  /** The agency's folder, as `initAgent` made it. */
  readonly home: string;
  /** Asked once, when the key is first needed. A `run` agent needs the node key at once, `send` both. */
  readonly passphrase?: KeyPassphrases;
  /**
   * `run` (default): connects to the broker and works until closed; one process per agency.
   * `desk`: the SQLite file only, beside a running agent or without one, as a clerk's command does.
   */
  readonly mode?: 'run' | 'desk';
  /**
   * What the caller knows of this folder: `restored` from a backup, or `moved` to another disk. A
   * restored one numbers nothing before the relay has said what was used since.
   */
  readonly copy?: KnownCopy;
  readonly now?: () => Date;
  /** Told right after each step of the work; see `AGENT_STEPS`. */
  readonly onStep?: (step: AgentStep) => void;
  readonly log?: Log;
  /** Other bounds for what goes up and comes down as blobs; the defaults suit every line. */
  readonly transferLimits?: Partial<TransferLimits>;
  /** Other bounds for what cannot be judged yet. */
  readonly holdLimits?: Partial<HoldLimits>;
}

/**
 * Opens the agent of one agency.
 *
 * @throws {@link AgentError} `AGENT_REQUEST_INVALID`, `AGENT_HOME_INVALID`, `AGENT_ALREADY_RUNNING`
 *   (mode `run`), `AGENT_KEY_MISSING`; SignerError for a wrong passphrase; BusError `BUS_DATABASE_NEWER`,
 *   `BUS_CREDENTIALS_INVALID`.
 *
 * @example
 * ```ts
 * // A passphrase is taken as it is: the line end of a file is no part of it.
 * const node = async () => (await readFile('/run/credentials/node', 'utf8')).trimEnd();
 * await using agent = await openAgent({ home: '/var/lib/congvan/H09-12', passphrase: { node } });
 * for await (const document of agent.incoming()) {
 *   await file(document);
 *   await agent.accept(document.id, { actor: 'văn thư' });
 * }
 * ```
 */
export async function openAgent(options: OpenAgentOptions): Promise<Agent> {
  requireOpenShape(options);
  const layout = layoutOf(options.home);
  const config = await readConfig(layout.config);
  const running = (options.mode ?? 'run') === 'run';
  const lock = running ? lockHome(layout) : undefined;
  let db: Db | undefined;
  try {
    const trust = await TrustFolder.open(layout.trust);
    const registrar = await readRegistrar(layout);
    db = openDatabase(layout.database);
    const listeners = new Set<Signal>();
    let bus: BusSide | undefined;
    const verify = createSignatureVerifier(() => trust.store);
    const directory = new DirectoryCopy(new DirectoryStore(db), registrar, verify);
    const log = options.log ?? SILENT_LOG;
    const now = options.now ?? (() => new Date());
    const conditions = new ConditionBook(now, (code, stands, facts) => {
      if (stands) log.warn({ condition: code, ...facts }, `condition ${code}`);
      else log.info({ condition: code }, `condition ${code} is over`);
    });
    const guard = new StorageGuard({
      conditions,
      folder: options.home,
      database: layout.database,
      log,
    });
    const core: AgentCore = {
      config,
      keys: new AgencyKeys(layout, options.passphrase ?? {}),
      trust,
      verify,
      directory,
      ...openStores(db),
      files: new PackageFiles(layout),
      transferLimits: { ...TRANSFER_LIMITS, ...options.transferLimits },
      holdLimits: { ...HOLD_LIMITS, ...options.holdLimits },
      commit: new GroupCommit(db),
      conditions,
      gate: new LineGate(inFlightBytes(config.line)),
      now,
      step: options.onStep ?? (() => {}),
      log,
      changed: () => {
        bus?.notify();
        for (const listener of listeners) listener.notify();
      },
      isRunning: () => (running ? bus?.hasFailed() !== true : isRunLockHeld(layout.lock)),
      running: () => bus?.running() ?? runningElsewhere(layout, now()),
      folder: options.home,
    };
    core.commit.watch(guard);
    await checkHome(core, layout, options.copy, running);
    if (running) bus = await BusSide.open(core, guard, layout);
    const unwatch = watchChanges(db, core.changed);
    const opened = db;
    return new Agent(core, bus, listeners, () => {
      unwatch();
      opened.close();
      lock?.release();
    });
  } catch (error) {
    db?.close();
    lock?.release();
    throw error;
  }
}

function openStores(db: Db) {
  return {
    register: new RegisterStore(db),
    outbox: new OutboxStore(db),
    watermarks: new WatermarkStore(db),
    inbox: new InboxStore(db),
    uploads: new UploadStore(db),
    downloads: new DownloadStore(db),
    held: new HeldStore(db),
    housekeeping: new HousekeepingStore(db),
    queue: new QueueStore(db),
    restore: new RestoreStore(db),
    junk: new JunkStore(db),
    evidence: new EvidenceStore(db),
  };
}

/** From the status file of the process that runs; an old one says nothing. */
function runningElsewhere(layout: HomeLayout, now: Date): RunningStatus | undefined {
  const status = readStatus(layout.status);
  if (status === undefined || !isRunLockHeld(layout.lock)) return undefined;
  return Math.abs(now.getTime() - status.writtenMs) <= STATUS_FRESH_MS ? status : undefined;
}

function lockHome(layout: HomeLayout): RunLock {
  const lock = takeRunLock(layout.lock);
  if (lock !== undefined) return lock;
  throw new AgentError('AGENT_ALREADY_RUNNING', `another process holds ${layout.lock}`, {
    details: { file: layout.lock },
  });
}

async function readRegistrar(layout: HomeLayout): Promise<Uint8Array> {
  try {
    return parseCertificate(await readFile(layout.registrarCertificate)).der;
  } catch (cause) {
    throw new AgentError(
      'AGENT_HOME_INVALID',
      `the registrar's certificate ${layout.registrarCertificate} cannot be read`,
      { cause, details: { file: layout.registrarCertificate } },
    );
  }
}
