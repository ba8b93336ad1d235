import type { LocalOperator, PushResult, PushTargets } from '@congvan/bus';
import type { Registry } from '@congvan/bus/site';

/**
 * Shuts out again whose broker key the directory took away, where the operator's keys do not know of
 * it: they were put back from an older copy.
 *
 * @returns the servers that did not take it.
 */
export async function keepOut(
  operator: LocalOperator,
  registry: Pick<Registry, 'entries' | 'holders'>,
  targets: PushTargets,
): Promise<PushResult[]> {
  const { revokeTakenKeys } = await import('@congvan/bus/site');
  const { pushAccount } = await import('@congvan/bus');
  const results: PushResult[] = [];
  for (const account of await revokeTakenKeys(operator, registry)) {
    results.push(...(await pushAccount(operator, account, targets)));
  }
  return results.filter(({ error }) => error !== undefined);
}
