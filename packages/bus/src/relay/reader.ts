import { homePaths } from './home.ts';
import { DatabaseQueries, type RelayQueries } from './queries.ts';
import { openDatabaseForReading } from './storage/database.ts';

/** A relay's figures, read beside the running relay or without one. */
export interface RelayReader extends RelayQueries, Disposable {
  close(): void;
}

/**
 * Opens a relay's folder for reading; it takes no lock and changes nothing.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID`, `BUS_DATABASE_NEWER` or
 *   `BUS_DATABASE_OLDER`.
 */
export function openRelayReader(
  home: string,
  options: { readonly now?: () => Date } = {},
): RelayReader {
  const db = openDatabaseForReading(homePaths(home).database);
  const queries = new DatabaseQueries(db, options.now ?? (() => new Date()));
  const close = (): void => {
    db.close();
  };
  return {
    share: (request) => queries.share(request),
    track: (id, from) => queries.track(id, from),
    listOpen: (filter) => queries.listOpen(filter),
    listRejected: (filter) => queries.listRejected(filter),
    listContradictions: (filter) => queries.listContradictions(filter),
    listChains: () => queries.listChains(),
    counts: () => queries.counts(),
    close,
    [Symbol.dispose]: close,
  };
}
