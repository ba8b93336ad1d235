import { BusError } from '../errors.ts';
import { CLAIMS_INBOX_PREFIX } from '../permission/user.ts';
import { messageOf, openConnection } from './connection.ts';
import type { TlsMaterial } from './tls-material.ts';

const CLAIMS_SUBJECT = '$SYS.REQ.CLAIMS.UPDATE';
const CLAIMS_TIMEOUT_MS = 5_000;

export interface ClaimsUpdate {
  readonly servers: string;
  /** Of a user in the system account. */
  readonly credentials: Uint8Array;
  readonly publicKey: string;
  readonly jwt: string;
  readonly tls?: TlsMaterial;
}

/**
 * Gives the broker a new or changed account while it runs; its resolver keeps it on disk.
 *
 * @throws {@link BusError} `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
 */
export async function pushAccountClaims(update: ClaimsUpdate): Promise<void> {
  const connection = await openConnection(update, 'claims update', CLAIMS_INBOX_PREFIX);
  try {
    const answer = await connection.nats.request(CLAIMS_SUBJECT, update.jwt, {
      timeout: CLAIMS_TIMEOUT_MS,
    });
    const text = answer.string();
    if (!/"code"\s*:\s*200/.test(text)) {
      throw new BusError('BUS_REQUEST_REFUSED', `the broker refused an account: ${text}`, {
        details: { account: update.publicKey },
      });
    }
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    throw new BusError('BUS_REQUEST_UNANSWERED', `no answer to an account: ${messageOf(cause)}`, {
      cause,
      details: { account: update.publicKey },
    });
  } finally {
    await connection.close();
  }
}
