import { createAccount, createOperator, createUser, fromSeed } from '@nats-io/nkeys';

import { BusError } from '../errors.ts';

/** An NKey pair: the public key is a name everybody may know, the seed is the secret. */
export interface NatsKey {
  readonly publicKey: string;
  readonly seed: Uint8Array;
}

const CREATE = { operator: createOperator, account: createAccount, user: createUser } as const;
const PREFIX = { operator: 'O', account: 'A', user: 'U' } as const;
export type NatsKeyKind = keyof typeof CREATE;

export function createNatsKey(kind: NatsKeyKind): NatsKey {
  const pair = CREATE[kind]();
  return { publicKey: pair.getPublicKey(), seed: pair.getSeed() };
}

/**
 * Reads a seed (`SO…`, `SA…`, `SU…`), surrounding white space allowed.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`; the message never quotes the seed.
 */
export function readNatsKey(kind: NatsKeyKind, seed: Uint8Array | string): NatsKey {
  const text = (typeof seed === 'string' ? seed : Buffer.from(seed).toString('latin1')).trim();
  const bytes = new TextEncoder().encode(text);
  try {
    const publicKey = fromSeed(bytes).getPublicKey();
    if (publicKey.startsWith(PREFIX[kind])) return { publicKey, seed: bytes };
  } catch (cause) {
    throw new BusError('BUS_CREDENTIALS_INVALID', `cannot read the ${kind} seed`, {
      cause,
      details: { kind },
    });
  }
  throw new BusError('BUS_CREDENTIALS_INVALID', `the seed is not that of a key for an ${kind}`, {
    details: { kind },
  });
}
