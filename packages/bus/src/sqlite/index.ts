export {
  type Db,
  type Schema,
  isStorageFailure,
  openForReading,
  openMigrated,
} from './database.ts';
export { type RunLock, isRunLockHeld, takeRunLock } from './run-lock.ts';
