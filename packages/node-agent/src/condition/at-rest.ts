import type { AgentCore } from '../core.ts';
import type { StoredCondition } from './condition.ts';
import type { RunningStatus } from './status-file.ts';

/** What stands: as the running agent sees it, else what the database alone tells. */
export function standingConditions(
  core: Pick<AgentCore, 'conditions' | 'queue' | 'now'>,
  running: RunningStatus | undefined,
): readonly StoredCondition[] {
  if (running !== undefined) return running.conditions;
  const nowMs = core.now().getTime();
  const count = core.queue.deadCount();
  const dead: StoredCondition[] =
    count > 0 ? [{ code: 'DEAD_LETTERS', sinceMs: nowMs, facts: { count } }] : [];
  return [...core.conditions.list(), ...dead];
}
