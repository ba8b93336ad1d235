/**
 * Runs work one at a time, and once for everybody who asks while it runs: what came about before a
 * call has been seen when its promise settles, and however many call, one run is under way and one
 * waits. A queue with a run for each call would grow for as long as calls come faster than they are
 * worked off.
 */
export function joinCalls(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  const start = (): Promise<void> => {
    waiting = undefined;
    const run = work().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  };
  return async () => {
    // The run under way may have looked already at what the caller has just changed.
    waiting ??= running?.catch(() => undefined).then(start);
    await (waiting ?? start());
  };
}
