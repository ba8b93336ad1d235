import { hash as hashOf, timingSafeEqual } from 'node:crypto';

import { type SignedData, readSignedData } from '../cms/signed-data.ts';
import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { HashName } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type TstInfo, readTstInfo } from './tst-info.ts';

/** Larger tokens are refused; usual ones have 3 to 8 KB. */
const MAX_TOKEN_BYTES = 256 * 1024;

/** A time-stamp token (RFC 3161 §2.4.2), read but not verified. */
export interface TimeStampToken extends TstInfo {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly sha256: string;
  /** Certificates that travel in the token. */
  readonly certificates: readonly Certificate[];
}

/**
 * Reads a token: ContentInfo with SignedData (BER as CMS may be) over TSTInfo (strict DER).
 *
 * Nothing is checked but the form; {@link verifyTimeStamp} does the rest.
 *
 * @throws {@link SignerError} `SIGNER_TIMESTAMP_INVALID` when it is not a token;
 *   `SIGNER_ALGORITHM_UNSUPPORTED` when its imprint is made with a hash that is not accepted.
 */
export function parseTimeStampToken(der: Uint8Array): TimeStampToken {
  return readToken(der).token;
}

/** The token with the message it was read from. */
export function readToken(der: Uint8Array): { token: TimeStampToken; message: SignedData } {
  try {
    const message = readSignedData(der, MAX_TOKEN_BYTES);
    const { contentType, content, certificates } = message;
    if (contentType !== OID.tstInfo || content === undefined) {
      throw new SignerError('SIGNER_DER_INVALID', 'the message carries no TSTInfo');
    }
    const sha256 = hashOf('sha256', der, 'hex');
    return { token: { ...readTstInfo(content), der, sha256, certificates }, message };
  } catch (cause) {
    if (!(cause instanceof SignerError) || cause.code === 'SIGNER_ALGORITHM_UNSUPPORTED') {
      throw cause;
    }
    const message = `not a time-stamp token: ${cause.message}`;
    throw new SignerError('SIGNER_TIMESTAMP_INVALID', message, { cause });
  }
}

/**
 * Fails unless the token is one over the digest.
 *
 * @throws {@link SignerError} `SIGNER_TIMESTAMP_INVALID`.
 */
export function requireImprint(
  { hash, imprint }: TimeStampToken,
  digest: Uint8Array,
  name: HashName,
): void {
  if (hash === name && isSameDigest(imprint, digest)) return;
  throw new SignerError('SIGNER_TIMESTAMP_INVALID', 'the time-stamp is one over other bytes');
}

/** Compares in a time that does not depend on where the digests differ. */
export function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
