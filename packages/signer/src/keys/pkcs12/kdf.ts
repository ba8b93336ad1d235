import { createHmac, hash } from 'node:crypto';

/** Hashes the PKCS#12 key derivation is used with. */
export type Pkcs12Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What derived bytes are for (RFC 7292 appendix B.3). */
export const PKCS12_PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

const HASH_BYTES: Readonly<Record<Pkcs12Hash, number>> = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** What one derivation works on. */
export interface Pkcs12Derivation {
  readonly hash: Pkcs12Hash;
  /** BMPString without its terminator; undefined for no passphrase at all, unlike an empty one. */
  readonly passphrase: string | undefined;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Key derivation of PKCS#12 (RFC 7292 appendix B.2). */
export function derivePkcs12(
  { hash: name, passphrase, salt, iterations }: Pkcs12Derivation,
  purpose: number,
  bytes: number,
): Uint8Array {
  const blockBytes = name === 'sha1' || name === 'sha256' ? 64 : 128;
  const password =
    passphrase === undefined ? Buffer.alloc(0) : Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  const diversifier = Buffer.alloc(blockBytes, purpose);
  const input = Buffer.concat([
    repeatToBlocks(salt, blockBytes),
    repeatToBlocks(password, blockBytes),
  ]);
  const parts: Buffer[] = [];
  for (let derived = 0; derived < bytes; derived += HASH_BYTES[name]) {
    let digest = hash(name, Buffer.concat([diversifier, input]), 'buffer');
    for (let i = 1; i < iterations; i += 1) digest = hash(name, digest, 'buffer');
    parts.push(digest);
    const addend = Buffer.alloc(blockBytes, digest);
    for (let at = 0; at < input.length; at += blockBytes) {
      addPlusOne(input.subarray(at, at + blockBytes), addend);
    }
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** Step 6C: a block becomes block + addend + 1, without the carry at its end. */
function addPlusOne(block: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let i = block.length - 1; i >= 0; i -= 1) {
    carry += (block[i] ?? 0) + (addend[i] ?? 0);
    block[i] = carry & 0xff;
    carry >>= 8;
  }
}

function repeatToBlocks(bytes: Uint8Array, blockBytes: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes);
}

/** The integrity check of a PKCS#12 file: HMAC over its AuthenticatedSafe. */
export function computePkcs12Mac(
  name: Pkcs12Hash,
  passphrase: string | undefined,
  salt: Uint8Array,
  iterations: number,
  content: Uint8Array,
): Uint8Array {
  const derivation = { hash: name, passphrase, salt, iterations };
  const key = derivePkcs12(derivation, PKCS12_PURPOSE.mac, HASH_BYTES[name]);
  return createHmac(name, key).update(content).digest();
}
