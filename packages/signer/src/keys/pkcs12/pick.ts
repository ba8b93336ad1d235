import { type KeyObject, createPublicKey } from 'node:crypto';

import { SignerError } from '../../errors.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { isSamePublicKey } from '../../x509/public-key.ts';

/** What a SafeBag says about itself (RFC 7292 §4.2). */
export interface BagNames {
  readonly friendlyName: string | undefined;
  /** Hexadecimal. */
  readonly localKeyId: string | undefined;
}

/** A private key of a PKCS#12 file. */
export interface BagKey extends BagNames {
  readonly privateKey: KeyObject;
}

/** A certificate of a PKCS#12 file. */
export interface BagCertificate extends BagNames {
  readonly certificate: Certificate;
}

/** All that was found in a file. */
export interface Bags {
  readonly keys: BagKey[];
  readonly certificates: BagCertificate[];
  /** A key stands there without encryption of its own. */
  hasPlainKey?: boolean;
}

/** Which of several keys. */
export interface Pkcs12Choice {
  /** Name of the key, or of its certificate. */
  readonly friendlyName?: string;
  /** Hexadecimal. */
  readonly localKeyId?: string;
}

/** A key with its certificate. */
export interface Pkcs12Pair {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  readonly names: BagNames;
}

/**
 * Picks the key that is meant: the only one that has a certificate, or the only one of those that
 * may sign (or do what `isFor` asks), or the chosen one.
 *
 * @throws {@link SignerError} `SIGNER_P12_INVALID` when there is none; `SIGNER_INPUT_INVALID` when
 *   there are several, or none of that name; the message lists them.
 */
export function pickPair(
  { keys, certificates }: Bags,
  choice: Pkcs12Choice,
  isFor: (certificate: Certificate) => boolean = maySign,
): Pkcs12Pair {
  if (keys.length === 0) throw invalid('the file holds no private key');
  const pairs = keys.flatMap((key) => pairOf(key, certificates));
  if (pairs.length === 0) throw invalid('the file holds no certificate for its private key');
  const isChosen = choice.friendlyName !== undefined || choice.localKeyId !== undefined;
  const fitting = pairs.filter(({ names }) => fits(names, choice));
  const wanted = fitting.filter(({ certificate }) => isFor(certificate));
  const [only, ...more] = wanted.length > 0 ? wanted : fitting;
  if (only !== undefined && more.length === 0) return only;
  const listed = pairs
    .map(
      ({ names, certificate }) =>
        `'${names.friendlyName ?? certificate.subjectText}' (id ${names.localKeyId ?? 'none'})`,
    )
    .join(', ');
  const problem = isChosen && only === undefined ? 'no such key' : 'several keys, choose one';
  throw new SignerError('SIGNER_INPUT_INVALID', `${problem}: the file holds ${listed}`);
}

/** The certificate with the key's own id, else the newest for the key. */
function pairOf(key: BagKey, certificates: readonly BagCertificate[]): Pkcs12Pair[] {
  const publicKey = createPublicKey(key.privateKey);
  const own = certificates
    .filter(({ certificate }) => hasKey(certificate, publicKey))
    .toSorted((a, b) => b.certificate.notBefore.getTime() - a.certificate.notBefore.getTime());
  const named = own.find(
    ({ localKeyId }) => localKeyId !== undefined && localKeyId === key.localKeyId,
  );
  const bag = named ?? own[0];
  if (bag === undefined) return [];
  const names = {
    friendlyName: key.friendlyName ?? bag.friendlyName,
    localKeyId: key.localKeyId ?? bag.localKeyId,
  };
  return [{ privateKey: key.privateKey, certificate: bag.certificate, names }];
}

function fits(names: BagNames, { friendlyName, localKeyId }: Pkcs12Choice): boolean {
  return (
    (friendlyName === undefined || names.friendlyName?.normalize() === friendlyName.normalize()) &&
    (localKeyId === undefined || names.localKeyId === localKeyId.toLowerCase())
  );
}

/** Keys that may decrypt: see `openPkcs12Decryptor`. */
export function mayDecrypt({ keyUsage }: Certificate): boolean {
  return keyUsage === undefined || keyUsage.has('keyEncipherment') || keyUsage.has('keyAgreement');
}

function maySign({ keyUsage }: Certificate): boolean {
  return (
    keyUsage === undefined || keyUsage.has('digitalSignature') || keyUsage.has('nonRepudiation')
  );
}

function hasKey(certificate: Certificate, publicKey: KeyObject): boolean {
  try {
    return isSamePublicKey(publicKey, certificate.publicKey);
  } catch (error) {
    if (error instanceof SignerError) return false; // a key of a kind that cannot be ours
    throw error;
  }
}

function invalid(message: string): SignerError {
  return new SignerError('SIGNER_P12_INVALID', message);
}
