import { type KeyObject, createPrivateKey, createPublicKey, timingSafeEqual } from 'node:crypto';

import forge from 'node-forge';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, hashOfOid, readAlgorithm } from '../x509/algorithm.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { isSamePublicKey } from '../x509/public-key.ts';
import { chainOf } from './chain.ts';
import { assertIterations, decryptPbes2, unsupported } from './pbes2.ts';
import { type Pkcs12Hash, computePkcs12Mac } from './pkcs12-kdf.ts';
import { type Signer, createKeySigner } from './signer.ts';

/** Larger key files are refused. */
export const MAX_P12_BYTES = 4 * 1024 * 1024;

/** pbeWithSHAAnd3-KeyTripleDES-CBC, …2-Key…, …128BitRC2-CBC, …40BitRC2-CBC (RFC 7292 appendix C). */
const LEGACY_SCHEMES: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.12.1.3',
  '1.2.840.113549.1.12.1.4',
  '1.2.840.113549.1.12.1.5',
  '1.2.840.113549.1.12.1.6',
]);

/**
 * Opens a PKCS#12 file (`.p12`, `.pfx`) with an RSA or EC key, modern (PBES2, AES) or legacy (RC2,
 * triple DES: these by node-forge, as OpenSSL 3 no longer has them).
 *
 * Certificates keep the bytes they have in the file. The signer is the first key that has its
 * certificate there; the other certificates become its chain as far as they follow each other.
 *
 * @throws {@link SignerError} `SIGNER_P12_PASSPHRASE_WRONG`, `SIGNER_P12_INVALID`,
 *   `SIGNER_P12_UNSUPPORTED`, `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function openPkcs12(p12: Uint8Array, passphrase: string): Signer {
  try {
    return openSigner(p12, passphrase);
  } catch (cause) {
    if (cause instanceof SignerError && cause.code !== 'SIGNER_DER_INVALID') throw cause;
    const reason = cause instanceof SignerError ? `: ${cause.message}` : '';
    throw new SignerError('SIGNER_P12_INVALID', `not a PKCS#12 file${reason}`, { cause });
  }
}

function openSigner(p12: Uint8Array, passphrase: string): Signer {
  const pfx = new DerFields(readDer(p12, { rules: 'BER', maxBytes: MAX_P12_BYTES }), 'PFX');
  if (readSmallInteger(pfx.take(TAG.INTEGER, 'version')) !== 3) {
    throw new SignerError('SIGNER_P12_INVALID', 'PKCS#12 version is not 3');
  }
  const { oid, content } = readContentInfo(pfx.any('authSafe'));
  const mac = pfx.optional(TAG.SEQUENCE);
  pfx.end();
  if (oid !== OID.data) throw unsupported('public-key integrity');
  if (mac === undefined) throw unsupported('no integrity check');
  const safe = readOctets(content);
  const secret = checkMac(mac, safe, passphrase);
  const bags: Bags = { keys: [], certificates: [] };
  for (const member of readBer(safe).children()) readSafeContents(member, secret, bags);
  return pickSigner(bags);
}

function readBer(bytes: Uint8Array): DerElement {
  return readDer(bytes, { rules: 'BER', maxBytes: MAX_P12_BYTES });
}

function readContentInfo(element: DerElement): { oid: string; content: DerElement } {
  const fields = new DerFields(element, 'ContentInfo');
  const oid = readOid(fields.take(TAG.OID, 'contentType'));
  const [content] = fields.take(contextConstructed(0), 'content').children();
  fields.end();
  if (content === undefined) throw new SignerError('SIGNER_DER_INVALID', 'empty ContentInfo');
  return { oid, content };
}

/** Checks the MAC; returns the passphrase in the form the file was made with. */
function checkMac(
  element: DerElement,
  safe: Uint8Array,
  passphrase: string,
): { readonly text: string | undefined } {
  const fields = new DerFields(element, 'MacData');
  const info = new DerFields(fields.any('mac'), 'DigestInfo');
  const algorithm = readAlgorithm(info.any('digestAlgorithm'));
  const expected = readOctets(info.any('digest'));
  info.end();
  const salt = readOctets(fields.any('macSalt'));
  const iterationsElement = fields.optional(TAG.INTEGER);
  fields.end();
  const iterations = iterationsElement === undefined ? 1 : readSmallInteger(iterationsElement);
  assertIterations(iterations);
  const name: Pkcs12Hash | undefined =
    algorithm.oid === OID.sha1 ? 'sha1' : hashOfOid(algorithm.oid);
  if (name === undefined) throw unsupported(`integrity algorithm ${algorithm.oid}`);
  // Programs differ in how they encode an empty passphrase.
  for (const text of passphrase === '' ? ['', undefined] : [passphrase]) {
    const mac = computePkcs12Mac(name, text, salt, iterations, safe);
    if (mac.length === expected.length && timingSafeEqual(mac, expected)) return { text };
  }
  throw new SignerError('SIGNER_P12_PASSPHRASE_WRONG', 'the passphrase does not open the key file');
}

interface Bags {
  readonly keys: KeyObject[];
  readonly certificates: Certificate[];
}
interface Secret {
  readonly text: string | undefined;
}

function readSafeContents(element: DerElement, secret: Secret, bags: Bags): void {
  const { oid, content } = readContentInfo(element);
  let plain: Uint8Array;
  if (oid === OID.data) plain = readOctets(content);
  else if (oid === OID.encryptedData) plain = readEncryptedData(content, secret);
  else throw unsupported(`content of type ${oid}`);
  for (const bag of readBer(plain).children()) readBag(bag, secret, bags);
}

function readEncryptedData(element: DerElement, secret: Secret): Uint8Array {
  const data = new DerFields(element, 'EncryptedData');
  data.take(TAG.INTEGER, 'version');
  const info = new DerFields(data.any('encryptedContentInfo'), 'EncryptedContentInfo');
  info.take(TAG.OID, 'contentType');
  const algorithm = readAlgorithm(info.any('contentEncryptionAlgorithm'));
  const encrypted = readOctets(info.any('encryptedContent'), contextPrimitive(0));
  return decrypt(algorithm, encrypted, secret);
}

function readBag(element: DerElement, secret: Secret, bags: Bags): void {
  const fields = new DerFields(element, 'SafeBag');
  const oid = readOid(fields.take(TAG.OID, 'bagId'));
  const [value] = fields.take(contextConstructed(0), 'bagValue').children();
  if (value === undefined) throw new SignerError('SIGNER_DER_INVALID', 'empty SafeBag');
  if (oid === OID.keyBag) {
    bags.keys.push(importPkcs8(value.raw));
  } else if (oid === OID.pkcs8ShroudedKeyBag) {
    const info = new DerFields(value, 'EncryptedPrivateKeyInfo');
    const algorithm = readAlgorithm(info.any('encryptionAlgorithm'));
    const encrypted = readOctets(info.any('encryptedData'));
    bags.keys.push(importPkcs8(decrypt(algorithm, encrypted, secret)));
  } else if (oid === OID.certBag) {
    const certificate = new DerFields(value, 'CertBag');
    if (readOid(certificate.take(TAG.OID, 'certId')) !== OID.x509Certificate) return;
    const [octets] = certificate.take(contextConstructed(0), 'certValue').children();
    if (octets !== undefined) bags.certificates.push(parseCertificate(readOctets(octets)));
  }
}

function importPkcs8(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new SignerError('SIGNER_P12_INVALID', 'the private key cannot be read', { cause });
  }
}

function decrypt(
  algorithm: AlgorithmIdentifier,
  encrypted: Uint8Array,
  secret: Secret,
): Uint8Array {
  const { oid, parameters } = algorithm;
  if (parameters === undefined) throw unsupported(`encryption ${oid} without parameters`);
  const plain =
    oid === OID.pbes2
      ? decryptPbes2(parameters, encrypted, secret.text ?? '')
      : decryptLegacy(oid, parameters, encrypted, secret);
  // The MAC was right, so the passphrase is: what does not decrypt is damaged.
  if (plain === undefined) throw new SignerError('SIGNER_P12_INVALID', 'the key file is damaged');
  return plain;
}

/** Password-based encryption of PKCS#12 itself, by node-forge. */
function decryptLegacy(
  oid: string,
  parameters: DerElement,
  encrypted: Uint8Array,
  secret: Secret,
): Uint8Array | undefined {
  if (!LEGACY_SCHEMES.has(oid)) throw unsupported(`encryption ${oid}`);
  const fields = new DerFields(parameters, 'pkcs-12PbeParams');
  const salt = fields.any('salt');
  assertIterations(readSmallInteger(fields.take(TAG.INTEGER, 'iterations')));
  readOctets(salt);
  const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const forgeParameters = forge.asn1.fromDer(binary(parameters.raw));
  // Without a passphrase, unlike with an empty one, node-forge wants null.
  const cipher = forge.pki.pbe.getCipher(oid, forgeParameters, secret.text ?? null);
  cipher.update(forge.util.createBuffer(binary(encrypted)));
  return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'latin1') : undefined;
}

function pickSigner({ keys, certificates }: Bags): Signer {
  if (keys.length === 0)
    throw new SignerError('SIGNER_P12_INVALID', 'the file holds no private key');
  for (const privateKey of keys) {
    const publicKey = createPublicKey(privateKey);
    const certificate = certificates.find((candidate) => hasKey(candidate, publicKey));
    if (certificate !== undefined) {
      return createKeySigner({
        privateKey,
        certificate,
        chain: chainOf(certificate, certificates),
      });
    }
  }
  throw new SignerError('SIGNER_P12_INVALID', 'the file holds no certificate for its private key');
}

function hasKey(certificate: Certificate, publicKey: KeyObject): boolean {
  try {
    return isSamePublicKey(publicKey, certificate.publicKey);
  } catch (error) {
    if (error instanceof SignerError) return false; // a key of a kind that cannot be ours
    throw error;
  }
}
