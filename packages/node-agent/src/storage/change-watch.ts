import type { Db } from './database.ts';

/** Cheap (one read of shared memory), and quick enough for a clerk who waits. */
const LOOK_EVERY_MS = 250;

/**
 * Calls `changed` when another connection or process has committed to the file, and `failed` once
 * when the file cannot be read any more.
 *
 * @returns a function that ends the watch.
 */
export function watchChanges(
  db: Db,
  changed: () => void,
  failed: (error: unknown) => void,
): () => void {
  const read = db.prepare<[], { data_version: number }>('PRAGMA data_version');
  let seen = read.get()?.data_version;
  const timer = setInterval(() => {
    let current: number | undefined;
    try {
      current = read.get()?.data_version;
    } catch (error) {
      clearInterval(timer);
      failed(error);
      return;
    }
    if (current === seen) return;
    seen = current;
    changed();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
