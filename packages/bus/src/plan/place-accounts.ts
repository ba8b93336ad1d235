import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile } from '../disk/atomic-file.ts';
import type { LocalOperator } from '../operator/operator.ts';
import type { PlaceAccounts } from './place-config.ts';

const OPERATOR_JWT_FILE = 'operator.jwt';

/** What the servers of a place are told of its keys: public keys and signed accounts, no secret. */
export async function placeAccounts(operator: LocalOperator): Promise<PlaceAccounts> {
  return {
    operatorJwt: await keptOperatorJwt(operator),
    systemAccount: operator.systemAccountPublicKey(),
    storeAccount: operator.storeAccountPublicKey(),
    accounts: await operator.accountJwts(),
  };
}

/** Signed once: it holds the second of its signing, and a configuration must not change by itself. */
async function keptOperatorJwt(operator: LocalOperator): Promise<string> {
  const path = join(operator.folder, OPERATOR_JWT_FILE);
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  if (kept !== undefined) return kept;
  await createFile(path, await operator.operatorJwt(), 0o600);
  return await readFile(path, 'utf8');
}
