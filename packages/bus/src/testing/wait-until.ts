import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/** Waits for a condition instead of a time; fails with the condition's text when it never comes. */
export async function waitUntil(
  check: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${check.toString()}`);
    }
    await delay(POLL_MS);
  }
}
