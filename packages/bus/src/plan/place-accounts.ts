import type { LocalOperator } from '../operator/operator.ts';
import type { PlaceAccounts } from './place-config.ts';

/** What the servers of a place are told of its keys: public keys and signed accounts, no secret. */
export async function placeAccounts(operator: LocalOperator): Promise<PlaceAccounts> {
  return {
    operatorJwt: await operator.operatorJwt(),
    systemAccount: operator.systemAccountPublicKey(),
    storeAccount: operator.storeAccountPublicKey(),
    accounts: await operator.accountJwts(),
  };
}
