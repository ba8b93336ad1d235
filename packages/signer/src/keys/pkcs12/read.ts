import { type KeyObject, createPrivateKey } from 'node:crypto';

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
  readText,
} from '../../der/index.ts';
import { SignerError } from '../../errors.ts';
import { type Decryptor, createKeyDecryptor } from '../../seal/decryptor.ts';
import { type AlgorithmIdentifier, readAlgorithm } from '../../x509/algorithm.ts';
import { parseCertificate } from '../../x509/certificate.ts';
import { chainOf } from '../chain.ts';
import { decryptPbes2, unsupported } from '../pbes2.ts';
import { decryptLegacy } from './legacy.ts';
import { checkPkcs12Mac } from './mac.ts';
import { type Pkcs12Secret, passphraseForms } from './passphrase.ts';
import { type BagNames, type Bags, type Pkcs12Choice, mayDecrypt, pickPair } from './pick.ts';
import { type SignatureAlgorithm, type Signer, createKeySigner } from '../signer.ts';

/** Larger key files are refused. */
const MAX_P12_BYTES = 4 * 1024 * 1024;
/** Deeper nested bags are refused. */
const MAX_NESTING = 4;

/** Options of {@link openPkcs12}. */
export interface OpenPkcs12Options extends Pkcs12Choice {
  /** What {@link Signer.algorithm} shall be. */
  readonly algorithm?: SignatureAlgorithm;
}

/**
 * Opens a PKCS#12 file (`.p12`, `.pfx`) with an RSA, EC or Ed25519 key, modern (PBES2, AES; integrity
 * by RFC 7292 or PBMAC1) or legacy (RC2, triple DES: these by node-forge, as OpenSSL 3 no longer has
 * them).
 *
 * Certificates keep the bytes they have in the file. Of several keys the one that may sign is taken,
 * or the one that is chosen by name; the other certificates become its chain as far as they follow
 * each other. Vietnamese passphrases are tried composed and decomposed. A file without integrity
 * check is opened when its key is encrypted, since key and certificate must fit each other anyway.
 *
 * @throws {@link SignerError} `SIGNER_P12_PASSPHRASE_WRONG`, `SIGNER_P12_INVALID`,
 *   `SIGNER_P12_UNSUPPORTED`, `SIGNER_ALGORITHM_UNSUPPORTED`, `SIGNER_INPUT_INVALID` when the file has
 *   several keys, or not the one that is chosen.
 */
export function openPkcs12(
  p12: Uint8Array,
  passphrase: string,
  options: OpenPkcs12Options = {},
): Signer {
  const bags = readPkcs12(p12, passphrase);
  const { privateKey, certificate } = pickPair(bags, options);
  const others = bags.certificates.map((bag) => bag.certificate);
  const chain = chainOf(certificate, others);
  const { algorithm } = options;
  return createKeySigner({
    privateKey,
    certificate,
    chain,
    ...(algorithm === undefined ? {} : { algorithm }),
  });
}

/**
 * Opens a PKCS#12 file for what was sealed: the key that may decrypt is taken, or the chosen one.
 *
 * @throws {@link SignerError} as {@link openPkcs12}.
 */
export function openPkcs12Decryptor(
  p12: Uint8Array,
  passphrase: string,
  choice: Pkcs12Choice = {},
): Decryptor {
  return createKeyDecryptor(pickPair(readPkcs12(p12, passphrase), choice, mayDecrypt));
}

/** All keys and certificates of a file. */
function readPkcs12(p12: Uint8Array, passphrase: string): Bags {
  try {
    return readPfx(p12, passphrase);
  } catch (cause) {
    if (cause instanceof SignerError && cause.code !== 'SIGNER_DER_INVALID') throw cause;
    const reason = cause instanceof SignerError ? `: ${cause.message}` : '';
    throw new SignerError('SIGNER_P12_INVALID', `not a PKCS#12 file${reason}`, { cause });
  }
}

function readPfx(p12: Uint8Array, passphrase: string): Bags {
  const pfx = new DerFields(readBer(p12), 'PFX');
  if (readSmallInteger(pfx.take(TAG.INTEGER, 'version')) !== 3) {
    throw new SignerError('SIGNER_P12_INVALID', 'PKCS#12 version is not 3');
  }
  const { oid, content } = readContentInfo(pfx.any('authSafe'));
  const mac = pfx.optional(TAG.SEQUENCE);
  pfx.end();
  if (oid !== OID.data) throw unsupported('public-key integrity');
  const safe = readOctets(content);
  return mac === undefined
    ? readUnchecked(safe, passphrase)
    : readSafe(safe, checkPkcs12Mac(mac, safe, passphrase));
}

function readSafe(safe: Uint8Array, secret: Pkcs12Secret): Bags {
  const bags: Bags = { keys: [], certificates: [] };
  for (const member of readBer(safe).children()) readSafeContents(member, secret, bags);
  return bags;
}

/** Without a MAC only the decryption tells whether a passphrase is right: by padding and by shape. */
function readUnchecked(safe: Uint8Array, passphrase: string): Bags {
  for (const secret of passphraseForms(passphrase)) {
    const bags = tryRead(safe, secret);
    if (bags === undefined) continue;
    if (bags.hasPlainKey === true) throw unsupported('neither integrity check nor encryption');
    return bags;
  }
  throw new SignerError('SIGNER_P12_PASSPHRASE_WRONG', 'the passphrase does not open the key file');
}

function tryRead(safe: Uint8Array, secret: Pkcs12Secret): Bags | undefined {
  try {
    return readSafe(safe, secret);
  } catch (error) {
    const isGarbage = error instanceof SignerError && error.code !== 'SIGNER_P12_UNSUPPORTED';
    if (isGarbage) return undefined;
    throw error;
  }
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

function readSafeContents(element: DerElement, secret: Pkcs12Secret, bags: Bags): void {
  const { oid, content } = readContentInfo(element);
  let plain: Uint8Array;
  if (oid === OID.data) plain = readOctets(content);
  else if (oid === OID.encryptedData) plain = readEncryptedData(content, secret);
  else throw unsupported(`content of type ${oid}`);
  readBags(readBer(plain), secret, bags, MAX_NESTING);
}

function readBags(list: DerElement, secret: Pkcs12Secret, bags: Bags, depth: number): void {
  if (depth === 0) throw new SignerError('SIGNER_P12_INVALID', 'bags in bags without end');
  for (const bag of list.children()) readBag(bag, secret, bags, depth);
}

function readEncryptedData(element: DerElement, secret: Pkcs12Secret): Uint8Array {
  const data = new DerFields(element, 'EncryptedData');
  data.take(TAG.INTEGER, 'version');
  const info = new DerFields(data.any('encryptedContentInfo'), 'EncryptedContentInfo');
  info.take(TAG.OID, 'contentType');
  const algorithm = readAlgorithm(info.any('contentEncryptionAlgorithm'));
  const encrypted = readOctets(info.any('encryptedContent'), contextPrimitive(0));
  return decrypt(algorithm, encrypted, secret);
}

function readBag(element: DerElement, secret: Pkcs12Secret, bags: Bags, depth: number): void {
  const fields = new DerFields(element, 'SafeBag');
  const oid = readOid(fields.take(TAG.OID, 'bagId'));
  const [value] = fields.take(contextConstructed(0), 'bagValue').children();
  if (value === undefined) throw new SignerError('SIGNER_DER_INVALID', 'empty SafeBag');
  const names = readNames(fields.optional(TAG.SET));
  if (oid === OID.keyBag) {
    bags.hasPlainKey = true;
    bags.keys.push({ privateKey: importPkcs8(value.raw), ...names });
  } else if (oid === OID.pkcs8ShroudedKeyBag) {
    const info = new DerFields(value, 'EncryptedPrivateKeyInfo');
    const algorithm = readAlgorithm(info.any('encryptionAlgorithm'));
    const encrypted = readOctets(info.any('encryptedData'));
    bags.keys.push({ privateKey: importPkcs8(decrypt(algorithm, encrypted, secret)), ...names });
  } else if (oid === OID.certBag) {
    readCertificateBag(value, names, bags);
  } else if (oid === OID.safeContentsBag) {
    readBags(value, secret, bags, depth - 1);
  }
}

/** A certificate that cannot be read is not ours and no help for our chain. */
function readCertificateBag(value: DerElement, names: BagNames, bags: Bags): void {
  const fields = new DerFields(value, 'CertBag');
  if (readOid(fields.take(TAG.OID, 'certId')) !== OID.x509Certificate) return;
  const [octets] = fields.take(contextConstructed(0), 'certValue').children();
  if (octets === undefined) return;
  const der = readOctets(octets);
  try {
    bags.certificates.push({ certificate: parseCertificate(der), ...names });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
  }
}

/** Attributes friendlyName and localKeyId (RFC 2985 §5.5); others are passed over. */
function readNames(attributes: DerElement | undefined): BagNames {
  const names: { friendlyName: string | undefined; localKeyId: string | undefined } = {
    friendlyName: undefined,
    localKeyId: undefined,
  };
  for (const attribute of attributes?.children() ?? []) {
    const fields = new DerFields(attribute, 'Attribute');
    const oid = readOid(fields.take(TAG.OID, 'attrId'));
    const [value] = fields.take(TAG.SET, 'attrValues').children();
    if (value === undefined) continue;
    if (oid === OID.friendlyName) names.friendlyName = readText(value);
    if (oid === OID.localKeyId) names.localKeyId = Buffer.from(readOctets(value)).toString('hex');
  }
  return names;
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
  secret: Pkcs12Secret,
): Uint8Array {
  const { oid, parameters } = algorithm;
  if (parameters === undefined) throw unsupported(`encryption ${oid} without parameters`);
  const plain =
    oid === OID.pbes2
      ? decryptPbes2(parameters, encrypted, secret.utf8)
      : decryptLegacy(oid, parameters, encrypted, secret.bmp);
  // The MAC was right, so the passphrase is: what does not decrypt is damaged.
  if (plain === undefined) throw new SignerError('SIGNER_P12_INVALID', 'the key file is damaged');
  return plain;
}
