import { createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  readOctets,
  readSmallInteger,
} from '../../der/index.ts';
import { SignerError } from '../../errors.ts';
import { type AlgorithmIdentifier, hashOfOid, readAlgorithm } from '../../x509/algorithm.ts';
import { assertIterations, hashOfHmac, readPbkdf2, unsupported } from '../pbes2.ts';
import { type Pkcs12Hash, computePkcs12Mac } from './kdf.ts';
import { type Pkcs12Secret, passphraseForms } from './passphrase.ts';

/** Shorter keys are refused (RFC 9579 §5). */
const MIN_PBMAC1_KEY_BYTES = 20;
const MAX_PBMAC1_KEY_BYTES = 256;

/**
 * Checks the MAC of a PKCS#12 file: the one of RFC 7292 §5.1, or PBMAC1 (RFC 9579).
 *
 * @returns the passphrase in the form the file was made with.
 * @throws {@link SignerError} `SIGNER_P12_PASSPHRASE_WRONG`, `SIGNER_P12_UNSUPPORTED`.
 */
export function checkPkcs12Mac(
  element: DerElement,
  content: Uint8Array,
  passphrase: string,
): Pkcs12Secret {
  const fields = new DerFields(element, 'MacData');
  const info = new DerFields(fields.any('mac'), 'DigestInfo');
  const algorithm = readAlgorithm(info.any('digestAlgorithm'));
  const expected = readOctets(info.any('digest'));
  info.end();
  const salt = readOctets(fields.any('macSalt'));
  const iterationsElement = fields.optional(TAG.INTEGER);
  fields.end();
  const compute =
    algorithm.oid === OID.pbmac1
      ? readPbmac1(algorithm)
      : readPlainMac(algorithm, salt, iterationsElement);
  for (const secret of passphraseForms(passphrase)) {
    const mac = compute(secret, content);
    if (mac.length === expected.length && timingSafeEqual(mac, expected)) return secret;
  }
  throw new SignerError('SIGNER_P12_PASSPHRASE_WRONG', 'the passphrase does not open the key file');
}

type ComputeMac = (secret: Pkcs12Secret, content: Uint8Array) => Uint8Array;

function readPlainMac(
  { oid }: AlgorithmIdentifier,
  salt: Uint8Array,
  iterationsElement: DerElement | undefined,
): ComputeMac {
  const iterations = iterationsElement === undefined ? 1 : readSmallInteger(iterationsElement);
  assertIterations(iterations);
  const name: Pkcs12Hash | undefined = oid === OID.sha1 ? 'sha1' : hashOfOid(oid);
  if (name === undefined) throw unsupported(`integrity algorithm ${oid}`);
  return ({ bmp }, content) => computePkcs12Mac(name, bmp, salt, iterations, content);
}

/** PBMAC1-params (RFC 8018 appendix A.5); macSalt and iterations of MacData have no meaning then. */
function readPbmac1({ oid, parameters }: AlgorithmIdentifier): ComputeMac {
  if (parameters === undefined) throw unsupported(`integrity algorithm ${oid} without parameters`);
  const fields = new DerFields(parameters, 'PBMAC1-params');
  const { salt, iterations, keyBytes, digest } = readPbkdf2(
    readAlgorithm(fields.any('keyDerivationFunc')),
  );
  const hmac = hashOfHmac(readAlgorithm(fields.any('messageAuthScheme')).oid);
  fields.end();
  // RFC 9579 §4: the length must stand there, or two programs could take two lengths.
  if (
    keyBytes === undefined ||
    keyBytes < MIN_PBMAC1_KEY_BYTES ||
    keyBytes > MAX_PBMAC1_KEY_BYTES
  ) {
    throw unsupported(`an integrity key of ${String(keyBytes ?? 'unknown')} bytes`);
  }
  return ({ utf8 }, content) => {
    const key = pbkdf2Sync(utf8, salt, iterations, keyBytes, digest);
    return createHmac(hmac, key).update(content).digest();
  };
}
