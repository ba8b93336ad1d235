import type { TlsMaterial } from '../broker/tls-material.ts';
import { type PushResult, pushAccount } from '../operator/push.ts';
import type { LocalOperator } from '../operator/operator.ts';
import type { Place } from './bus-plan.ts';

/**
 * Hands every account of a place to each of its servers: servers know those of their first start,
 * and what came later, a site or a revocation, only from here.
 *
 * @throws {@link BusError} `BUS_REQUEST_REFUSED`, `BUS_REQUEST_UNANSWERED` or `BUS_CONNECT_FAILED`
 *   of the first server that did not take them; the others have them.
 */
export async function pushPlaceAccounts(
  place: Place,
  operator: LocalOperator,
  options: { readonly tls?: TlsMaterial },
): Promise<void> {
  const servers = place.servers.map(({ host, clientPort }) => `nats://${host}:${clientPort}`);
  const system = operator.systemAccountPublicKey();
  const results: PushResult[] = [];
  for (const account of await operator.accountJwts()) {
    // The system account is part of the configuration; servers refuse to have it changed.
    if (account.publicKey === system) continue;
    results.push(...(await pushAccount(operator, account, { servers, ...options })));
  }
  const failed = results.find(({ error }) => error !== undefined);
  if (failed?.error !== undefined) throw failed.error;
}
