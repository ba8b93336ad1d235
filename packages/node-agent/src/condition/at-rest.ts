import type { AgentCore } from '../core.ts';
import type { StoredCondition } from './condition.ts';
import type { RunningStatus } from './status-file.ts';

/** What stands: as the running agent sees it, else what the database alone tells. */
export function standingConditions(
  core: Pick<AgentCore, 'conditions' | 'queue' | 'outbox' | 'now'>,
  running: RunningStatus | undefined,
): readonly StoredCondition[] {
  if (running !== undefined) return running.conditions;
  const nowMs = core.now().getTime();
  const count = core.queue.deadCount();
  const dead: StoredCondition[] =
    count > 0 ? [{ code: 'DEAD_LETTERS', sinceMs: nowMs, facts: { count } }] : [];
  const here = core.outbox.chainHead().number;
  const restored: StoredCondition[] = core.outbox.mayAppend()
    ? []
    : [{ code: 'RESTORED', sinceMs: nowMs, facts: { relayHas: '?', here } }];
  const others = core.conditions.list().filter(({ code }) => code !== 'RESTORED');
  return [...restored, ...others, ...dead];
}
