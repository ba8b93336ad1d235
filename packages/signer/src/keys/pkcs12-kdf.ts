import { createHmac, hash } from 'node:crypto';

/** Hashes the PKCS#12 key derivation is used with. */
export type Pkcs12Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Key material for the MAC (RFC 7292 appendix B.3). */
const MAC_KEY_ID = 3;

/**
 * Key derivation of PKCS#12 (RFC 7292 appendix B.2) for output of one hash length.
 *
 * The passphrase is a BMPString with its terminator; `undefined` stands for no passphrase at all,
 * which some programs write in place of an empty one.
 */
function deriveKey(
  name: Pkcs12Hash,
  passphrase: string | undefined,
  salt: Uint8Array,
  iterations: number,
): Uint8Array {
  const blockBytes = name === 'sha1' || name === 'sha256' ? 64 : 128;
  const password =
    passphrase === undefined ? Buffer.alloc(0) : Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  const input = Buffer.concat([
    Buffer.alloc(blockBytes, MAC_KEY_ID),
    repeatToBlocks(salt, blockBytes),
    repeatToBlocks(password, blockBytes),
  ]);
  let digest: Uint8Array = hash(name, input, 'buffer');
  for (let i = 1; i < iterations; i += 1) digest = hash(name, digest, 'buffer');
  return digest;
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
  const key = deriveKey(name, passphrase, salt, iterations);
  return createHmac(name, key).update(content).digest();
}
