import { createAccount, createOperator, createUser, fromPublic, fromSeed } from '@nats-io/nkeys';

import { BusError } from '../errors.ts';

/** An NKey pair: the public key is a name everybody may know, the seed is the secret. */
export interface NatsKey {
  readonly publicKey: string;
  readonly seed: Uint8Array;
}

const CREATE = { operator: createOperator, account: createAccount, user: createUser } as const;
const PREFIX = { operator: 'O', account: 'A', user: 'U' } as const;
const PUBLIC_KEY = /^[OAU][A-Z2-7]{55}$/;
export type NatsKeyKind = keyof typeof CREATE;

export function createNatsKey(kind: NatsKeyKind): NatsKey {
  const pair = CREATE[kind]();
  return { publicKey: pair.getPublicKey(), seed: pair.getSeed() };
}

/** Signs with an NKey, to prove that one has it. */
export function signWithNatsKey(key: NatsKey, data: Uint8Array): Uint8Array {
  return fromSeed(key.seed).sign(data);
}

/** Whether a public NKey of a user made a signature; false also for what is no such key. */
export function verifyNatsSignature(
  publicKey: string,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return publicKey.startsWith(PREFIX.user) && fromPublic(publicKey).verify(data, signature);
  } catch {
    return false;
  }
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

/**
 * Checks a public key that somebody sent (`O…`, `A…`, `U…`, its checksum included) before it
 * reaches a JWT or a file name. A seed sent by mistake is refused and not quoted.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`.
 */
export function parsePublicKey(kind: NatsKeyKind, text: string): string {
  try {
    const right = PUBLIC_KEY.test(text) && text.startsWith(PREFIX[kind]);
    if (right && fromPublic(text).getPublicKey() === text) return text;
  } catch {
    // A wrong checksum: told below as every other fault.
  }
  throw new BusError('BUS_CREDENTIALS_INVALID', `this is not the public key of a broker ${kind}`, {
    details: { kind, length: text.length },
  });
}
