import { fromSeed } from '@nats-io/nkeys';
import { describe, expect, it } from 'vitest';

import { keyPairOf } from '../../src/broker/key-pair.ts';
import { createNatsKey } from '../../src/broker/keys.ts';

describe('the key pair that signs JWTs', () => {
  it.each(['operator', 'account', 'user'] as const)('signs as the library does: %s', (kind) => {
    for (let index = 0; index < 20; index += 1) {
      const key = createNatsKey(kind);
      const data = Buffer.from(`claims ${index}`);
      const [ours, theirs] = [keyPairOf(key), fromSeed(key.seed)];
      expect(Buffer.from(ours.sign(data)).equals(theirs.sign(data))).toBe(true);
      expect(ours.getPublicKey()).toBe(theirs.getPublicKey());
    }
  });

  it('is not made of a seed with a wrong checksum', () => {
    const { publicKey, seed } = createNatsKey('account');
    const wrong = Uint8Array.from(seed);
    wrong[20] = wrong[20] === 65 ? 66 : 65;
    expect(() => keyPairOf({ publicKey, seed: wrong })).toThrow(/checksum/i);
  });
});
