import { createPrivateKey, sign } from 'node:crypto';

import { type KeyPair, fromSeed } from '@nats-io/nkeys';

import type { NatsKey } from './keys.ts';

/** PrivateKeyInfo of Ed25519 up to the 32 bytes of the key (RFC 8410 §7). */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex');
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Two bytes of prefix, the key, two of checksum. */
const RAW_SEED = { start: 2, end: 34 } as const;

/**
 * A key pair for the JWT library that signs with Node's Ed25519. The library's own pair is JavaScript
 * and derives the key anew for each call: five times for a JWT, 2 ms each.
 *
 * @throws NKeysError for a seed that is none.
 */
export function keyPairOf({ publicKey, seed }: NatsKey): KeyPair {
  const pair = fromSeed(seed); // checks prefix and checksum
  const raw = decodeBase32(seed).subarray(RAW_SEED.start, RAW_SEED.end);
  const key = Buffer.concat([PKCS8_START, raw]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return {
    getPublicKey: () => publicKey,
    getSeed: () => seed,
    // The library only asks whether there is one.
    getPrivateKey: () => seed,
    sign: (input) => sign(null, input, privateKey),
    verify: (input, signature) => pair.verify(input, signature),
    seal: (input, recipient, nonce) => pair.seal(input, recipient, nonce),
    open: (message, sender) => pair.open(message, sender),
    clear: () => pair.clear(),
  };
}

function decodeBase32(text: Uint8Array): Buffer {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const char of text) {
    bits = ((bits & 0x7f) << 5) | BASE32.indexOf(String.fromCharCode(char));
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes[at] = (bits >> count) & 0xff;
    at += 1;
  }
  return bytes;
}
