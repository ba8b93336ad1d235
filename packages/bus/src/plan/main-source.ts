import type { AdminConnection } from '../broker/admin-connection.ts';
import { markSubject } from '../stream/names.ts';
import type { StreamPlan } from '../stream/plan.ts';

/** Of the streams that a stream fills from, the one that the largest part of it came from. */
export interface MainSource {
  readonly stream: string;
  readonly messageCount: number;
}

/** Nobody writes into it but its sources: when it is full, nobody is refused, and everything waits at them. */
export function fillsFromSources({ name, subjects, sources }: StreamPlan): boolean {
  return sources.length > 0 && subjects.every((subject) => subject === markSubject(name));
}

/**
 * Counts what came from each source, told apart by subject.
 *
 * @returns `undefined` where subjects do not tell: all sources of the directory exchange take the same ones.
 */
export async function findMainSource(
  connection: Pick<AdminConnection, 'countMessages'>,
  plan: StreamPlan,
): Promise<MainSource | undefined> {
  const filters = new Set(plan.sources.map(({ filterSubject }) => filterSubject));
  if (filters.size < plan.sources.length) return undefined;
  let main: MainSource | undefined;
  for (const { stream, filterSubject } of plan.sources) {
    const messageCount = await connection.countMessages(plan.name, filterSubject);
    if (messageCount > (main?.messageCount ?? 0)) main = { stream, messageCount };
  }
  return main;
}
