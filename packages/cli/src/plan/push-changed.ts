import type { PushResult, TlsMaterial } from '@congvan/bus';
import type { BusPlan, ChangedAccount } from '@congvan/bus/plan';

/** Hands each account to every server of its place. */
export async function pushChanged(
  plan: BusPlan,
  accounts: readonly ChangedAccount[],
  tls: TlsMaterial | undefined,
): Promise<PushResult[]> {
  const { pushAccount } = await import('@congvan/bus');
  const { clientAddresses } = await import('@congvan/bus/plan');
  const results: PushResult[] = [];
  for (const { place, operator, account } of accounts) {
    const servers = clientAddresses(plan, place);
    const targets = { servers, ...(tls === undefined ? {} : { tls }) };
    results.push(...(await pushAccount(operator, account, targets)));
  }
  return results;
}
