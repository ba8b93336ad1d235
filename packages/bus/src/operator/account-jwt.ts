import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type AccountClaims, readAccountJwt, signAccountJwt } from '../broker/jwt.ts';
import type { NatsKey } from '../broker/keys.ts';
import { replaceFile } from '../disk/atomic-file.ts';

export interface AccountJwt {
  readonly publicKey: string;
  readonly jwt: string;
}

const POLL_MS = 50;

/**
 * Signs an account, unless the last JWT of the folder says the same.
 *
 * Account JWTs count in seconds and a broker keeps the newer one: two different ones of the same
 * second would leave it open which account a restarted server knows. So the second one waits.
 */
export async function signAccountOnce(
  folder: string,
  claims: AccountClaims,
  operator: NatsKey,
): Promise<AccountJwt> {
  const { publicKey } = claims;
  const path = join(folder, `${publicKey}.jwt`);
  const previous = await readFile(path, 'utf8').catch(() => undefined);
  const last = previous === undefined ? undefined : readAccountJwt(previous);
  let jwt = await signAccountJwt(claims, operator);
  if (previous !== undefined && last !== undefined) {
    if (readAccountJwt(jwt)?.content === last.content) return { publicKey, jwt: previous };
    // Only the same second: a clock that was set back must not hold anybody up.
    while (readAccountJwt(jwt)?.issuedAtS === last.issuedAtS) {
      await delay(POLL_MS);
      jwt = await signAccountJwt(claims, operator);
    }
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(path, jwt, 0o600);
  return { publicKey, jwt };
}
