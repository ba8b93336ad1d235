import { errors, nkeys } from '@nats-io/transport-node';

import { keyPairOf } from './key-pair.ts';

/** The two blocks of a credentials file: the JWT, then the seed. */
const BLOCK = /-{3,}[^\n]*-{3,}\r?\n(.+?)\s*\n\s*-{3,}[^\n]*-{3,}/g;

/**
 * Answers the challenge of a server, as the client library's own authenticator does. That one derives
 * the key twice in JavaScript, 5 ms each time: hundreds of agencies that sign on at once from a slow
 * machine would not be in time.
 *
 * @param credentials - a whole file, read before: a bad one leads to a refusal.
 */
export function signOn(
  credentials: Uint8Array,
  nonce: string | undefined,
): { readonly jwt: string; readonly sig: string } {
  const [jwt = '', seed = ''] = [
    ...Buffer.from(credentials).toString('latin1').matchAll(BLOCK),
  ].map(([, content = '']) => content.trim());
  const key = keyPairOf({ publicKey: '', seed: new TextEncoder().encode(seed) });
  const challenge = new TextEncoder().encode(nonce ?? '');
  // The server takes the public key from the JWT.
  return { jwt, sig: nonce === undefined ? '' : nkeys.encode(key.sign(challenge)) };
}

/**
 * Whether a server looked at the credentials and did not take them. A sign-on that was not in time, on
 * either side, is told by the same error and says nothing about them.
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof errors.AuthorizationError && !/timeout/i.test(error.message);
}
