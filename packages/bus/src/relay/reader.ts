import { homePaths, readRelayConfigSync } from './home.ts';
import { DatabaseQueries, type RelayQueries } from './queries.ts';
import { type Db, openDatabaseForAnswers } from './storage/database.ts';
import type { Targets } from './figures/targets.ts';

/** A relay's figures, read beside the running relay or without one. */
export interface RelayReader extends RelayQueries, Disposable {
  /** For one that answers many questions: the first is then as quick as any. */
  readAhead(): void;
  close(): void;
}

/**
 * Opens a relay's folder for reading; it takes no lock and changes nothing.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID`, `BUS_DATABASE_NEWER` or
 *   `BUS_DATABASE_OLDER`.
 */
export function openRelayReader(home: string): RelayReader {
  const db = openDatabaseForAnswers(homePaths(home).database);
  try {
    const targets = readRelayConfigSync(home)?.targets;
    return new DatabaseReader(db, targets);
  } catch (error) {
    db.close();
    throw error;
  }
}

class DatabaseReader extends DatabaseQueries implements RelayReader {
  readonly #db: Db;

  constructor(db: Db, targets: Targets | undefined) {
    super(db, targets);
    this.#db = db;
  }

  close(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
