import { type KeyObject, createPublicKey, hash, randomBytes } from 'node:crypto';

import {
  OID,
  TAG,
  encodeExplicit,
  encodeImplicit,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
} from '../../der/index.ts';
import { SignerError } from '../../errors.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { isSamePublicKey } from '../../x509/public-key.ts';
import { PBKDF2_ITERATIONS, encryptPbes2, encryptPrivateKeyInfo } from '../pbes2.ts';
import { computePkcs12Mac } from './kdf.ts';

/**
 * Writes a PKCS#12 file (RFC 7292): key and certificates under AES-256-CBC with PBKDF2-HMAC-SHA256,
 * integrity by HMAC-SHA256, {@link PBKDF2_ITERATIONS} iterations everywhere, since the weakest of
 * the three is the one that is attacked.
 *
 * @throws {@link SignerError} `SIGNER_KEY_MISMATCH`; `SIGNER_INPUT_INVALID` for an empty passphrase.
 */
export function writePkcs12(input: {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  readonly friendlyName: string;
  readonly passphrase: string;
  /** Default: {@link PBKDF2_ITERATIONS}. Fewer only for a passphrase that is a random key by itself. */
  readonly iterations?: number;
}): Uint8Array {
  const { privateKey, certificate, chain, friendlyName, passphrase, iterations } = input;
  if (passphrase === '') {
    throw new SignerError('SIGNER_INPUT_INVALID', 'a key file needs a passphrase');
  }
  if (!isSamePublicKey(createPublicKey(privateKey), certificate.publicKey)) {
    throw new SignerError('SIGNER_KEY_MISMATCH', 'private key does not belong to the certificate');
  }
  const attributes = encodeSetOf([
    encodeAttribute(OID.friendlyName, encodeBmpString(friendlyName)),
    encodeAttribute(
      OID.localKeyId,
      encodeOctetString(hash('sha256', certificate.der, 'buffer').subarray(0, 20)),
    ),
  ]);
  const certificateBags = encodeSequence(
    encodeCertificateBag(certificate, attributes),
    ...chain.map((issuer) => encodeCertificateBag(issuer, new Uint8Array(0))),
  );
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const keyBag = encodeBag(
    OID.pkcs8ShroudedKeyBag,
    encryptPrivateKeyInfo(pkcs8, passphrase, iterations),
    attributes,
  );
  const content = encodeSequence(
    encodeEncryptedData(certificateBags, passphrase, iterations),
    encodeData(encodeSequence(keyBag)),
  );
  return encodeSequence(
    encodeInteger(3),
    encodeData(content),
    encodeMac(content, passphrase, iterations),
  );
}

function encodeAttribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeTlv(TAG.SET, value));
}

function encodeBmpString(text: string): Uint8Array {
  return encodeTlv(TAG.BMP_STRING, Buffer.from(text.normalize('NFC'), 'utf16le').swap16());
}

function encodeBag(oid: string, value: Uint8Array, attributes: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeExplicit(0, value), attributes);
}

function encodeCertificateBag(certificate: Certificate, attributes: Uint8Array): Uint8Array {
  const value = encodeSequence(
    encodeOid(OID.x509Certificate),
    encodeExplicit(0, encodeOctetString(certificate.der)),
  );
  return encodeBag(OID.certBag, value, attributes);
}

function encodeData(content: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(OID.data), encodeExplicit(0, encodeOctetString(content)));
}

function encodeEncryptedData(
  content: Uint8Array,
  passphrase: string,
  iterations?: number,
): Uint8Array {
  const { algorithm, encrypted } = encryptPbes2(content, passphrase, iterations);
  const info = encodeSequence(encodeOid(OID.data), algorithm, encodeImplicit(0, encrypted));
  const data = encodeSequence(encodeInteger(0), info);
  return encodeSequence(encodeOid(OID.encryptedData), encodeExplicit(0, data));
}

function encodeMac(
  content: Uint8Array,
  passphrase: string,
  iterations: number = PBKDF2_ITERATIONS,
): Uint8Array {
  const salt = randomBytes(16);
  const mac = computePkcs12Mac('sha256', passphrase, salt, iterations, content);
  const algorithm = encodeSequence(encodeOid(OID.sha256), encodeNull());
  return encodeSequence(
    encodeSequence(algorithm, encodeOctetString(mac)),
    encodeOctetString(salt),
    encodeInteger(iterations),
  );
}
