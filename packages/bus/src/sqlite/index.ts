export { type Backup, type BackupOptions, backupFolder } from './backup.ts';
export {
  type Db,
  type Schema,
  isStorageFailure,
  openForReading,
  openMigrated,
} from './database.ts';
export { DirectoryLedgerStore, type EntryColumns } from './directory-ledger-store.ts';
export { type RunLock, isRunLockHeld, takeRunLock } from './run-lock.ts';
export {
  type BasisReference,
  type FindValidationObject,
  NO_BASIS,
  type ValidationObject,
  ValidationStore,
} from './validation-store.ts';
