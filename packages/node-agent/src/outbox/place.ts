import type { Lane } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { Place } from '../documents.ts';

/** Below this rate an estimate would be a guess. */
const MIN_RATE = 0.01;

/**
 * Where a message that waits stands: how many of its lane come before it, and about how long that
 * takes at the rate of the last minute as measured.
 *
 * @returns with `aboutSeconds` null when nothing has left lately: nobody can tell.
 */
export function placeOf(
  core: Pick<AgentCore, 'queue' | 'running'>,
  lane: Lane,
  nextTryMs: number,
): Place {
  const ahead = core.queue.ahead(lane, nextTryMs);
  const rate = core.running()?.rates[lane] ?? 0;
  return { ahead, aboutSeconds: rate < MIN_RATE ? null : Math.ceil((ahead + 1) / rate) };
}
