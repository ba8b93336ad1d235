import {
  type KeyObject,
  constants,
  createPublicKey,
  diffieHellman,
  privateDecrypt,
} from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { HashName } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { isSamePublicKey } from '../x509/public-key.ts';

/**
 * A key that can open what is sealed for its certificate, wherever it is kept: in memory, in a
 * token. An RSA key has `unwrap`, an elliptic curve key has `derive`.
 */
export interface Decryptor {
  readonly certificate: Certificate;
  /**
   * RSAES-OAEP decryption (RFC 8017 §7.1.2), the same hash for label and mask, no label.
   *
   * Rejects with anything but a SignerError when the padding is wrong: nobody shall be able to tell
   * that from a wrong tag. A SignerError says that the key itself is out of reach.
   */
  readonly unwrap?: (wrapped: Uint8Array, hash: HashName) => Promise<Uint8Array>;
  /** ECDH with a public key of the same curve: the X coordinate (RFC 5753 §7.1, `Z`). */
  readonly derive?: (publicKey: KeyObject) => Promise<Uint8Array>;
}

/**
 * A Decryptor over a private key in memory.
 *
 * @throws {@link SignerError} `SIGNER_KEY_MISMATCH` when key and certificate do not belong together,
 *   `SIGNER_ALGORITHM_UNSUPPORTED` for keys that can only sign.
 */
export function createKeyDecryptor(input: {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
}): Decryptor {
  const { privateKey, certificate } = input;
  if (privateKey.type !== 'private') {
    throw new SignerError('SIGNER_KEY_INVALID', `a ${privateKey.type} key cannot open`);
  }
  if (!isSamePublicKey(createPublicKey(privateKey), certificate.publicKey)) {
    throw new SignerError(
      'SIGNER_KEY_MISMATCH',
      `private key does not belong to the certificate of '${certificate.subjectText}'`,
    );
  }
  switch (privateKey.asymmetricKeyType) {
    case 'rsa':
      return {
        certificate,
        unwrap: async (wrapped, hash) => {
          const padding = constants.RSA_PKCS1_OAEP_PADDING;
          return privateDecrypt({ key: privateKey, padding, oaepHash: hash }, wrapped);
        },
      };
    case 'ec':
      return {
        certificate,
        derive: async (publicKey) => diffieHellman({ privateKey, publicKey }),
      };
    default:
      throw new SignerError(
        'SIGNER_ALGORITHM_UNSUPPORTED',
        `keys of type '${String(privateKey.asymmetricKeyType)}' cannot open what is sealed`,
      );
  }
}
