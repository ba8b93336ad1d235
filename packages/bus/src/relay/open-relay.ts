import { loadTrustStore, parseCertificate } from '@congvan/signer';

import { BusError } from '../errors.ts';
import type { SignBytes } from '../record/frame.ts';
import { takeRunLock } from '../sqlite/index.ts';
import { readWebhooks } from './alerts/open.ts';
import { closeAll } from './close-all.ts';
import { openConnections } from './connections.ts';
import { CopyMark } from './copy-mark.ts';
import { homePaths, readHomeFile, readRelayConfig } from './home.ts';
import type { RelayLog } from './log.ts';
import { openNodeKey } from './node-key.ts';
import { type Relay, RunningRelay } from './relay.ts';
import { NO_STEPS, type OnStep } from './step.ts';
import { openDatabase } from './storage/database.ts';
import { ReportStore } from './storage/report-store.ts';
import { RelayTls } from './tls.ts';

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

const KEEP_UP_MS = 60_000;

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
      mark: new CopyMark(paths.database, () => new ReportStore(db).reportCount()),
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
