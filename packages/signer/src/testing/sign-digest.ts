import {
  type KeyObject,
  constants,
  createECDH,
  hash,
  privateEncrypt,
  randomBytes,
} from 'node:crypto';

import {
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { HASH_BYTES, HASH_OIDS, type HashName, type SignatureScheme } from '../x509/algorithm.ts';

/**
 * Signs a hash that somebody else computed, as tokens and signing services do; `node:crypto` signs
 * messages only. For tests: the arithmetic below takes no care of side channels.
 */
export function signDigest(
  key: KeyObject,
  scheme: SignatureScheme,
  digest: Uint8Array,
): Uint8Array {
  switch (scheme.family) {
    case 'rsa-pkcs1': {
      const algorithm = encodeSequence(encodeOid(HASH_OIDS[scheme.hash]), encodeNull());
      const info = encodeSequence(algorithm, encodeOctetString(digest));
      return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
    }
    case 'rsa-pss': {
      const encoded = encodePss(digest, scheme.hash, key.asymmetricKeyDetails?.modulusLength ?? 0);
      return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
    }
    case 'ecdsa':
      return signEcdsa(key, digest);
    case 'ed25519':
      throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', 'Ed25519 does not sign hashes');
  }
}

/** EMSA-PSS (RFC 8017 §9.1.1) with a salt as long as the hash, for keys of whole bytes. */
function encodePss(digest: Uint8Array, name: HashName, modulusBits: number): Uint8Array {
  const salt = randomBytes(HASH_BYTES[name]);
  const check = hash(name, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer');
  const length = modulusBits / 8 - check.length - 1;
  const block = Buffer.concat([Buffer.alloc(length - salt.length - 1), Buffer.of(1), salt]);
  const parts: Buffer[] = [];
  for (let counter = 0; counter * check.length < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    parts.push(hash(name, Buffer.concat([check, number]), 'buffer'));
  }
  const mask = Buffer.concat(parts);
  for (let i = 0; i < length; i += 1) block[i] = (block[i] ?? 0) ^ (mask[i] ?? 0);
  block[0] = (block[0] ?? 0) & 0x7f;
  return Buffer.concat([block, check, Buffer.of(0xbc)]);
}

const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/** FIPS 186-5 §6.4.1, for hashes as long as the order of the curve. */
function signEcdsa(key: KeyObject, digest: Uint8Array): Uint8Array {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const order = ORDERS[curve] ?? 1n;
  const coordinateBytes = order.toString(16).length / 2;
  const secret = numberOf(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const ecdh = createECDH(curve);
  const point = ecdh.generateKeys();
  const nonce = numberOf(ecdh.getPrivateKey());
  const r = numberOf(point.subarray(1, 1 + coordinateBytes)) % order;
  const s = (power(nonce, order - 2n, order) * (numberOf(digest) + r * secret)) % order;
  return encodeSequence(encodeInteger(r), encodeInteger(s));
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let factor = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}
