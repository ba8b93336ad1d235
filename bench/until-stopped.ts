const EXIT_INTERRUPTED = 130;

/** One line of progress. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs something long to its end, or until Ctrl-C or SIGTERM: `run` is to clean up behind its signal,
 * and the exit status is 130.
 */
export async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) tell('stopping');
      stop.abort(new Error('stopped'));
    });
  }
  try {
    await run(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = EXIT_INTERRUPTED;
  }
}
