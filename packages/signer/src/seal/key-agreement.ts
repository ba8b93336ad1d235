import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
} from 'node:crypto';

import {
  DerFields,
  OID,
  TAG,
  encodeBitString,
  encodeExplicit,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  readDer,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Hash of the key derivation function; SHA-512 is read and not written. */
export type KdfHash = 'sha256' | 'sha384' | 'sha512';

/** Bytes of the key-encryption key and of the content key: both are AES-256. */
export const KEY_BYTES = 32;
/** RFC 3394 §2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);
const UNCOMPRESSED = 0x04;

/** AlgorithmIdentifier of AES-256 key wrap: parameters are left out (RFC 3565 §2.3.2). */
export const AES256_WRAP_ALGORITHM = encodeSequence(encodeOid(OID.aes256Wrap));

/** A curve, and what is written for it. */
interface Curve {
  readonly kdf: Exclude<KdfHash, 'sha512'>;
  readonly pointBytes: number;
}

const CURVES: Readonly<Record<string, Curve>> = {
  prime256v1: { kdf: 'sha256', pointBytes: 65 },
  secp384r1: { kdf: 'sha384', pointBytes: 97 },
};

/** What a curve is used with: P-256 with SHA-256, P-384 with SHA-384; `undefined` for others. */
export function curveOf(key: KeyObject): (Curve & { readonly name: string }) | undefined {
  const name = key.asymmetricKeyDetails?.namedCurve ?? '';
  const curve = Object.hasOwn(CURVES, name) ? CURVES[name] : undefined;
  return curve && { name, ...curve };
}

/**
 * The key-encryption key out of a shared secret: X9.63 KDF (SEC 1 §3.6.1) over ECC-CMS-SharedInfo
 * (RFC 5753 §7.2). One round gives as much as AES-256 needs.
 *
 * @param keyInfo - AlgorithmIdentifier of the key wrap as it stands in the message.
 * @param ukm - user keying material of the message, when there is some.
 */
export function deriveWrappingKey(
  secret: Uint8Array,
  hash: KdfHash,
  keyInfo: Uint8Array,
  ukm: Uint8Array | undefined,
): Buffer {
  const keyBits = Uint8Array.of(0, 0, (KEY_BYTES * 8) >> 8, (KEY_BYTES * 8) & 0xff);
  const sharedInfo = encodeSequence(
    keyInfo,
    ukm === undefined ? new Uint8Array(0) : encodeExplicit(0, encodeOctetString(ukm)),
    encodeExplicit(2, encodeOctetString(keyBits)),
  );
  const counter = Uint8Array.of(0, 0, 0, 1);
  const digest = createHash(hash).update(secret).update(counter).update(sharedInfo).digest();
  return digest.subarray(0, KEY_BYTES);
}

/** AES-256 key wrap (RFC 3394). Node takes a key object three times as quickly as bytes. */
export function wrapKey(kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', createSecretKey(kek), WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** Undoes {@link wrapKey}; throws when the check value is wrong. */
export function unwrapKey(kek: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv('id-aes256-wrap', createSecretKey(kek), WRAP_IV);
  return Buffer.concat([decipher.update(wrapped), decipher.final()]);
}

/** A key pair for one message, with its public point uncompressed: the content of a BIT STRING. */
export function generateEphemeral(namedCurve: string): {
  readonly privateKey: KeyObject;
  readonly point: Uint8Array;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  // Five times as quick as DER. RFC 7518 §6.2.1: both coordinates have their full length.
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const coordinates = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return { privateKey, point: Buffer.concat([Uint8Array.of(UNCOMPRESSED), ...coordinates]) };
}

/**
 * A public key on the curve of a certificate, from a point that somebody sent. OpenSSL refuses
 * points that are not on the curve.
 *
 * @throws {@link SignerError} `SIGNER_SEAL_MALFORMED`.
 */
export function importPoint(certificate: Certificate, point: Uint8Array): KeyObject {
  const curve = curveOf(certificate.publicKey);
  if (curve === undefined || point.length !== curve.pointBytes || point[0] !== UNCOMPRESSED) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', 'the ephemeral key is of another curve');
  }
  const spki = new DerFields(readDer(certificate.publicKeyDer), 'SubjectPublicKeyInfo');
  const algorithm = spki.take(TAG.SEQUENCE, 'algorithm').raw;
  try {
    // The algorithm is that of the certificate, which was found acceptable.
    const key = Buffer.from(encodeSequence(algorithm, encodeBitString(point)));
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', 'the ephemeral key is no point of the curve', {
      cause,
    });
  }
}
