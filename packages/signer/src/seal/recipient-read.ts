import { randomBytes } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  integerBytes,
  readBitStringBytes,
  readDer,
  readOctets,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type HashName, readAlgorithm, readHashAlgorithm } from '../x509/algorithm.ts';
import { type Certificate, serialHex } from '../x509/certificate.ts';
import { formatName, readName } from '../x509/name.ts';
import type { Decryptor } from './decryptor.ts';
import {
  KEY_BYTES,
  type KdfHash,
  deriveWrappingKey,
  importPoint,
  unwrapKey,
} from './key-agreement.ts';
import { MAX_RECIPIENTS } from './recipient.ts';

/** How a message names the certificate of a recipient. */
export type RecipientId =
  | { readonly issuerDer: Uint8Array; readonly serialBytes: Uint8Array; readonly der: Uint8Array }
  | { readonly subjectKeyId: Uint8Array; readonly der: Uint8Array };

/** How the content key was wrapped for a recipient. */
type Wrapping =
  | { readonly kind: 'rsa-oaep'; readonly hash: HashName }
  | {
      readonly kind: 'ecdh';
      readonly hash: KdfHash;
      readonly keyInfo: Uint8Array;
      readonly ukm: Uint8Array | undefined;
      readonly point: Uint8Array;
    };

/** One recipient of a message. */
export interface Recipient {
  readonly id: RecipientId;
  /** `undefined` when the way of wrapping is not known here or not accepted. */
  readonly wrapping: Wrapping | undefined;
  readonly wrappedKey: Uint8Array;
}

export function malformed(message: string): never {
  throw new SignerError('SIGNER_SEAL_MALFORMED', message);
}

/**
 * Reads RecipientInfos (RFC 5652 §6.2): key transport and key agreement. Other kinds (passwords,
 * keys known before) are passed over and counted.
 */
export function readRecipientInfos(element: DerElement): {
  readonly recipients: readonly Recipient[];
  readonly otherCount: number;
} {
  const recipients: Recipient[] = [];
  let otherCount = 0;
  for (const member of element.members()) {
    const before = recipients.length;
    if (member.tag === TAG.SEQUENCE) recipients.push(readKeyTransport(member));
    else if (member.tag === contextConstructed(1)) {
      for (const recipient of readKeyAgreement(member)) {
        recipients.push(recipient);
        checkCount(recipients.length);
      }
    }
    if (recipients.length === before) otherCount += 1;
    checkCount(recipients.length + otherCount);
  }
  return { recipients, otherCount };
}

function checkCount(count: number): void {
  if (count > MAX_RECIPIENTS) malformed(`more than ${MAX_RECIPIENTS} recipients`);
}

function readKeyTransport(element: DerElement): Recipient {
  const fields = new DerFields(element, 'KeyTransRecipientInfo');
  readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const id = readRecipientId(fields.any('rid'));
  const algorithm = readAlgorithm(fields.any('keyEncryptionAlgorithm'));
  const wrappedKey = readOctets(fields.any('encryptedKey'));
  fields.end();
  const hash = algorithm.oid === OID.rsaesOaep ? readOaep(algorithm.parameters) : undefined;
  return { id, wrapping: hash && { kind: 'rsa-oaep', hash }, wrappedKey };
}

/** IssuerAndSerialNumber, or `[0]` SubjectKeyIdentifier; RecipientKeyIdentifier in key agreement. */
function readRecipientId(element: DerElement): RecipientId {
  const der = element.raw;
  if (element.tag === contextPrimitive(0)) return { subjectKeyId: element.content, der };
  if (element.tag === contextConstructed(0)) {
    const [keyId] = element.children();
    if (keyId === undefined) return malformed('RecipientKeyIdentifier is empty');
    return { subjectKeyId: readOctets(keyId), der };
  }
  const fields = new DerFields(element, 'IssuerAndSerialNumber');
  const issuerDer = fields.take(TAG.SEQUENCE, 'issuer').raw;
  const serialBytes = integerBytes(fields.take(TAG.INTEGER, 'serialNumber'));
  fields.end();
  return { issuerDer, serialBytes, der };
}

/** RSAES-OAEP-params (RFC 4055 §4.1): one hash of SHA-2 for both uses, no label. */
function readOaep(parameters: DerElement | undefined): HashName | undefined {
  if (parameters === undefined) return undefined; // the default is SHA-1
  const fields = new DerFields(parameters, 'RSAES-OAEP-params');
  const [hashElement] = fields.optional(contextConstructed(0))?.children() ?? [];
  const [maskElement] = fields.optional(contextConstructed(1))?.children() ?? [];
  const [labelElement] = fields.optional(contextConstructed(2))?.children() ?? [];
  fields.end();
  if (hashElement === undefined || maskElement === undefined) return undefined;
  const hash = readHashAlgorithm(readAlgorithm(hashElement));
  const mask = readAlgorithm(maskElement);
  if (mask.oid !== OID.mgf1 || mask.parameters === undefined) return undefined;
  const maskHash = readHashAlgorithm(readAlgorithm(mask.parameters));
  if (labelElement !== undefined) {
    const label = readAlgorithm(labelElement);
    const isEmpty = label.parameters?.content.length === 0;
    if (label.oid !== OID.pSpecified || !isEmpty) return undefined;
  }
  return maskHash === hash ? hash : undefined;
}

/** KeyAgreeRecipientInfo (RFC 5652 §6.2.2; RFC 5753 §3.1.1): one ephemeral key, some recipients. */
function* readKeyAgreement(element: DerElement): Generator<Recipient> {
  const fields = new DerFields(element, 'KeyAgreeRecipientInfo', contextConstructed(1));
  readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const [originator] = fields.take(contextConstructed(0), 'originator').children();
  const [ukmElement] = fields.optional(contextConstructed(1))?.children() ?? [];
  const algorithm = readAlgorithm(fields.any('keyEncryptionAlgorithm'));
  const keys = fields.take(TAG.SEQUENCE, 'recipientEncryptedKeys');
  fields.end();
  const hash = kdfHashOf(algorithm.oid);
  const point = readOriginatorKey(originator);
  const isAesWrap =
    algorithm.parameters?.tag === TAG.SEQUENCE &&
    readAlgorithm(algorithm.parameters).oid === OID.aes256Wrap;
  const isKnown = hash !== undefined && point !== undefined && isAesWrap;
  const keyInfo = algorithm.parameters?.raw ?? new Uint8Array(0);
  const ukm = ukmElement && readOctets(ukmElement);
  const wrapping = isKnown ? ({ kind: 'ecdh', hash, keyInfo, ukm, point } as const) : undefined;
  for (const member of keys.members()) {
    const key = new DerFields(member, 'RecipientEncryptedKey');
    const id = readRecipientId(key.any('rid'));
    const wrappedKey = readOctets(key.any('encryptedKey'));
    key.end();
    yield { id, wrapping, wrappedKey };
  }
}

function kdfHashOf(oid: string): KdfHash | undefined {
  switch (oid) {
    case OID.stdDhSha256Kdf:
      return 'sha256';
    case OID.stdDhSha384Kdf:
      return 'sha384';
    case OID.stdDhSha512Kdf:
      return 'sha512';
    default:
      return undefined;
  }
}

/** OriginatorPublicKey `[1]`; a static key of the sender is not accepted: it would name nobody. */
function readOriginatorKey(element: DerElement | undefined): Uint8Array | undefined {
  if (element?.tag !== contextConstructed(1)) return undefined;
  const fields = new DerFields(element, 'OriginatorPublicKey', contextConstructed(1));
  const { oid } = readAlgorithm(fields.any('algorithm'));
  const point = readBitStringBytes(fields.take(TAG.BIT_STRING, 'publicKey'));
  fields.end();
  return oid === OID.ecPublicKey ? point : undefined;
}

/** True when the identifier names the certificate. */
export function namesCertificate(id: RecipientId, certificate: Certificate): boolean {
  if ('subjectKeyId' in id) {
    const { subjectKeyId } = certificate;
    return subjectKeyId !== undefined && Buffer.compare(subjectKeyId, id.subjectKeyId) === 0;
  }
  return (
    Buffer.compare(id.serialBytes, certificate.serialBytes) === 0 &&
    Buffer.compare(id.issuerDer, certificate.issuerDer) === 0
  );
}

/** A recipient as a message names it, for people and for finding the key. */
export interface RecipientName {
  readonly issuerText: string | null;
  /** Lower-case hex, as OpenSSL prints it. */
  readonly serialNumber: string | null;
  /** Lower-case hex; recipients are named by it or by issuer and serial number. */
  readonly subjectKeyId: string | null;
}

/** Issuer and serial number, or key identifier, in readable form. */
export function describeRecipient({ id }: Recipient): RecipientName {
  if ('subjectKeyId' in id) {
    const subjectKeyId = Buffer.from(id.subjectKeyId).toString('hex');
    return { issuerText: null, serialNumber: null, subjectKeyId };
  }
  const issuerText = formatName(readName(readDer(id.issuerDer)));
  return { issuerText, serialNumber: serialHex(id.serialBytes), subjectKeyId: null };
}

/**
 * Gets the content key for a recipient. A key that cannot be unwrapped is replaced by a random one,
 * so that a wrong padding and a wrong tag look the same from outside (RFC 8017 §7.1.2, RFC 5652 §14).
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` when the wrapping does not fit the key.
 */
export async function unwrapContentKey(
  recipient: Recipient,
  decryptor: Decryptor,
): Promise<Uint8Array> {
  const { wrapping, wrappedKey } = recipient;
  if (wrapping?.kind === 'rsa-oaep' && decryptor.unwrap !== undefined) {
    const { unwrap } = decryptor;
    return orRandom(() => unwrap(wrappedKey, wrapping.hash));
  }
  if (wrapping?.kind === 'ecdh' && decryptor.derive !== undefined) {
    const ephemeral = importPoint(decryptor.certificate, wrapping.point);
    const secret = await decryptor.derive(ephemeral);
    const kek = deriveWrappingKey(secret, wrapping.hash, wrapping.keyInfo, wrapping.ukm);
    return orRandom(async () => unwrapKey(kek, wrappedKey));
  }
  throw new SignerError(
    'SIGNER_ALGORITHM_UNSUPPORTED',
    `the key for '${decryptor.certificate.subjectText}' is wrapped in a way that is not accepted`,
  );
}

async function orRandom(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const random = randomBytes(KEY_BYTES);
  try {
    const key = await work();
    return key.length === KEY_BYTES ? key : random;
  } catch (error) {
    if (error instanceof SignerError) throw error; // the token is gone, or the PIN is wrong
    return random;
  }
}
