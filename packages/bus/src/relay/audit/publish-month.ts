import type { SignBytes } from '../../record/frame.ts';
import { takeRunLock } from '../../sqlite/index.ts';
import { FigureAnswers } from '../figures/answers.ts';
import { FigureUpkeep } from '../figures/upkeep.ts';
import { homePaths, readRelayConfig } from '../home.ts';
import { Intake } from '../intake.ts';
import { openNodeKey } from '../node-key.ts';
import { type Db, openDatabase } from '../storage/database.ts';
import { PublicationStore } from '../storage/publication-store.ts';
import { type PublicationRow, describePublication } from './publications.ts';
import { Publisher } from './publisher.ts';

export interface PublishMonthOptions {
  /** The relay's folder; it may run meanwhile. */
  readonly home: string;
  /** `YYYY-MM`; it must be over. */
  readonly month: string;
  /** Opens the node key; asked only when `sign` is not given. */
  readonly passphrase?: () => Promise<string>;
  readonly sign?: SignBytes;
  readonly now?: () => Date;
}

/**
 * Publishes a month now: its first publication, or a correction when its figures have changed since.
 *
 * @returns `undefined` when there is nothing to correct.
 * @throws {@link BusError} `BUS_RELAY_REQUEST_INVALID` for a month that is not over,
 *   `BUS_FIGURES_BEING_BUILT` while a running relay moves figures or settles a new day.
 */
export async function publishMonth(
  options: PublishMonthOptions,
): Promise<PublicationRow | undefined> {
  const { home, month, now = () => new Date() } = options;
  const config = await readRelayConfig(home);
  const paths = homePaths(home);
  const sign = options.sign ?? (await openNodeKey(paths.nodeKey, options.passphrase));
  const db = openDatabase(paths.database);
  try {
    bringUpToDate(db, paths.lock, now);
    const publisher = new Publisher({
      db,
      store: new PublicationStore(db),
      figures: new FigureAnswers(db),
      relay: config.code,
      sign,
      now,
      log: () => undefined,
    });
    const made = await publisher.publish(month);
    return made && describePublication(made);
  } finally {
    db.close();
  }
}

/** A relay that does not run has not counted what the days since have changed; one that runs does it itself. */
function bringUpToDate(db: Db, lockFile: string, now: () => Date): void {
  const lock = takeRunLock(lockFile);
  if (lock === undefined) return;
  try {
    new FigureUpkeep(db, new Intake(db, now).figures, now).run();
  } finally {
    lock.release();
  }
}
