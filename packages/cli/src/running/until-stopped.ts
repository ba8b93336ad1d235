import type { Cli } from '../context.ts';

/** Settles at Ctrl-C, SIGTERM, or when a test's signal aborts. Keeps the process alive until then. */
export async function untilStopped(cli: Pick<Cli, 'stopSignal'>): Promise<void> {
  const signal = cli.stopSignal();
  if (signal.aborted) return;
  // A pending promise alone does not keep the event loop running.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  try {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    clearInterval(keepAlive);
  }
}
