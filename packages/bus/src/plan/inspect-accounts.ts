import { readAccountJwt, readRevocations } from '../broker/jwt.ts';
import type { ServerMonitor } from '../broker/server-monitor.ts';
import type { AccountJwt } from '../operator/account-jwt.ts';
import type { LocalOperator } from '../operator/operator.ts';
import type { Place, PlanServer } from './bus-plan.ts';
import { type AccountState, type HealthFinding, judgeAccounts } from './health.ts';

/**
 * Compares each account as a server has it with the one of the operator's keys. A server that lost
 * its data folder starts with the accounts of its configuration, and lets in who was revoked since.
 */
export async function lookAtAccounts(
  place: Place,
  server: PlanServer,
  operator: LocalOperator,
  monitor: Pick<ServerMonitor, 'readAccount'>,
): Promise<HealthFinding[]> {
  const system = operator.systemAccountPublicKey();
  const states = new Map<string, AccountState>();
  for (const account of await operator.accountJwts()) {
    // The system account is part of the configuration.
    if (account.publicKey === system) continue;
    const found = await monitor.readAccount(account.publicKey);
    states.set(nameOf(account), compareAccount(account, found));
  }
  return judgeAccounts(place.id, server.name, states);
}

/** @param found - as the server has it; `undefined` where it says nothing of it. */
function compareAccount(own: AccountJwt, found: string | undefined): AccountState {
  if (found === undefined) return 'missing';
  if (found === own.jwt) return 'same';
  const known = new Set(readRevocations(own.jwt)?.revoked);
  // Whoever writes over what refuses somebody lets them in again, however old it is.
  if (readRevocations(found)?.revoked.some((key) => !known.has(key)) === true) return 'newer';
  const [foundAtS, ownAtS] = [found, own.jwt].map((jwt) => readAccountJwt(jwt)?.issuedAtS ?? 0);
  return (foundAtS ?? 0) > (ownAtS ?? 0) ? 'newer' : 'older';
}

function nameOf({ jwt, publicKey }: AccountJwt): string {
  return readAccountJwt(jwt)?.name ?? publicKey;
}
