export { type Db, type Schema, openForReading, openMigrated } from './database.ts';
export { type RunLock, isRunLockHeld, takeRunLock } from './run-lock.ts';
