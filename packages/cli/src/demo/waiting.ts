import { setTimeout as delay } from 'node:timers/promises';

import { CliError } from '../errors.ts';

const POLL_MS = 15;
/** Longer than the broker waits before it hands a message out again (30 s). */
const TIMEOUT_MS = 60_000;

/**
 * Waits until `check` holds.
 *
 * @throws the signal's reason when it fires; {@link CliError} `CLI_DEMO_FAILED` after a minute.
 */
export async function until(
  what: string,
  signal: AbortSignal,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (await check()) return;
    if (performance.now() > deadline) {
      throw new CliError('CLI_DEMO_FAILED', `${what}: nothing within ${TIMEOUT_MS / 1_000} s`, {
        details: { what },
      });
    }
    await delay(POLL_MS);
  }
}
