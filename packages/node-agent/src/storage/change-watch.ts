import type { Db } from './database.ts';

/** Cheap (one read of shared memory), and quick enough for a clerk who waits. */
const LOOK_EVERY_MS = 250;

/**
 * Calls `changed` when another connection or process has committed to the file. While the file
 * cannot be read, as when another process locks it, it looks again at the next turn.
 *
 * @returns a function that ends the watch.
 */
export function watchChanges(db: Db, changed: () => void): () => void {
  const read = db.prepare<[], { data_version: number }>('PRAGMA data_version');
  let seen = read.get()?.data_version;
  const timer = setInterval(() => {
    let current: number | undefined;
    try {
      current = read.get()?.data_version;
    } catch {
      return;
    }
    if (current === seen) return;
    seen = current;
    changed();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
