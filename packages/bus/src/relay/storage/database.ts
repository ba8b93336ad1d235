import { BusError } from '../../errors.ts';
import { type Db, type Schema, openForReading, openMigrated } from '../../sqlite/index.ts';

import { CellCodec, CellSum } from '../figures/cell.ts';
import { unpackRecord } from './record-pack.ts';

export { type Db, isStorageFailure } from '../../sqlite/index.ts';

const SCHEMA: Schema = {
  migrations: new URL('../../../migrations/relay/', import.meta.url),
  addFunctions: (db) => {
    db.function('unpack_record', { deterministic: true }, (packed: unknown, base: unknown) => {
      if (packed instanceof Uint8Array && base instanceof Uint8Array) {
        return unpackRecord(packed, base);
      }
      throw new TypeError('the record that a report is packed against is gone');
    });
    const codec = new CellCodec();
    db.aggregate('sum_cells', {
      start: () => new CellSum(codec),
      step: (sum: CellSum, cell: unknown) => {
        if (cell instanceof Uint8Array) sum.add(cell);
      },
      result: (sum: CellSum) => sum.stored(),
    });
  },
};

/** A rush touches rows of thousands of agencies; what is not here is read from the file each time. */
const WRITER_CACHE_KIB = 256 * 1024;
/** 64 MiB: a rush writes the same pages again and again, and only their last state goes to the file. */
const CHECKPOINT_PAGES = 16_384;
/** What a slow reader made the log grow to is given back to the disk once the reader has gone. */
const KEPT_LOG_BYTES = 256 * 1024 * 1024;

/** Opens the relay's SQLite file for its one writer. Errors as `openMigrated`. */
export function openDatabase(file: string): Db {
  const db = openMigrated(file, SCHEMA);
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${KEPT_LOG_BYTES}`);
  return db;
}

/** Pages of a database that an auditor computes in. */
const SCRATCH_CACHE_KIB = 256 * 1024;

/** As {@link openDatabase} for a file that is thrown away: a power cut may damage it, and nobody else reads it. */
export function openScratchDatabase(file: string): Db {
  const db = openMigrated(file, SCHEMA);
  db.pragma('synchronous = OFF');
  db.pragma('journal_mode = MEMORY');
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma(`cache_size = -${SCRATCH_CACHE_KIB}`);
  return db;
}

/** A table of a year reads some thousand cells from as many places: kept, they are not read again. */
const ANSWERS_CACHE_KIB = 64 * 1024;

/** As {@link openDatabaseForReading} for one that answers many questions about figures. */
export function openDatabaseForAnswers(file: string): Db {
  const db = openDatabaseForReading(file);
  db.pragma(`cache_size = -${ANSWERS_CACHE_KIB}`);
  return db;
}

/**
 * Opens the relay's SQLite file for reading. Errors as `openForReading`.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when it is not there.
 */
export function openDatabaseForReading(file: string): Db {
  const db = openForReading(file, SCHEMA);
  if (db !== undefined) return db;
  throw new BusError('BUS_RELAY_HOME_INVALID', `there is no relay database ${file}`, {
    details: { file },
  });
}
