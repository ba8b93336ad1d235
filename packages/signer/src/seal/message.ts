import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  encodeHeader,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type SealBinding, encodeSealBinding, isBoundTo, readSealBinding } from './binding.ts';
import type { Decryptor } from './decryptor.ts';
import { KEY_BYTES } from './key-agreement.ts';
import {
  type Recipient,
  malformed,
  namesCertificate,
  readRecipientInfos,
  unwrapContentKey,
} from './recipient-read.ts';
import { checkRecipients, encodeIssuerAndSerial, encodeRecipientInfos } from './recipient.ts';

/**
 * A message of one segment holds at most this much; more is sealed in segments, since a message
 * has its one tag at the end and nothing may be released before that.
 */
export const MAX_MESSAGE_CONTENT_BYTES = 16 * 1024 * 1024;
/** Room for recipients and attributes beside the content. */
export const MAX_MESSAGE_OVERHEAD_BYTES = 2 * 1024 * 1024;

export const TAG_BYTES = 16;
const NONCE_BYTES = 12;

/** A sealed message as it was read; nothing of it is authenticated yet. */
export interface SealedMessage {
  readonly contentType: string;
  readonly recipients: readonly Recipient[];
  /** Recipients of kinds that are passed over stand here too. */
  readonly recipientCount: number;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** DER of the SET OF authenticated attributes, as it is authenticated. */
  readonly attributesDer: Uint8Array | undefined;
  readonly binding: SealBinding | undefined;
  readonly tag: Uint8Array;
}

/**
 * Seals content as CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084). Key and nonce are
 * fresh, so the nonce cannot repeat.
 *
 * @param contentType - `OID.data`, or another that stands in the content-type attribute then.
 * @returns ContentInfo, DER, and the SET OF authenticated attributes.
 */
export function encodeMessage(
  content: Uint8Array,
  contentType: string,
  recipients: readonly Certificate[],
  context: Uint8Array,
): { readonly der: Uint8Array; readonly attributesDer: Uint8Array } {
  const known = checkRecipients(recipients);
  const key = randomBytes(KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const attributes = [encodeSealBinding(key, context, known.map(encodeIssuerAndSerial))];
  if (contentType !== OID.data) {
    const value = encodeTlv(TAG.SET, encodeOid(contentType));
    attributes.push(encodeSequence(encodeOid(OID.contentType), value));
  }
  const attributesDer = encodeSetOf(attributes);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce).setAAD(attributesDer);
  const ciphertext = cipher.update(content);
  cipher.final();
  const implicitAttributes = Uint8Array.from(attributesDer);
  implicitAttributes[0] = contextConstructed(1);
  const gcmParameters = encodeSequence(encodeOctetString(nonce), encodeInteger(TAG_BYTES));
  const before = [encodeInteger(0), encodeSetOf(encodeRecipientInfos(known, key))];
  const encrypted = wrap(TAG.SEQUENCE, [
    encodeOid(contentType),
    encodeSequence(encodeOid(OID.aes256Gcm), gcmParameters),
    encodeHeader(contextPrimitive(0), ciphertext.length),
    ciphertext,
  ]);
  const after = [implicitAttributes, encodeOctetString(cipher.getAuthTag())];
  const message = wrap(
    contextConstructed(0),
    wrap(TAG.SEQUENCE, [...before, ...encrypted, ...after]),
  );
  const der = Buffer.concat(wrap(TAG.SEQUENCE, [encodeOid(OID.authEnvelopedData), ...message]));
  return { der, attributesDer };
}

/** Identifier and length before parts that are joined only once, at the end. */
function wrap(tag: number, parts: readonly Uint8Array[]): Uint8Array[] {
  let length = 0;
  for (const part of parts) length += part.length;
  return [encodeHeader(tag, length), ...parts];
}

/**
 * Reads AuthEnvelopedData (RFC 5083 §2.1). BER is allowed on the outside; authenticated attributes
 * must be DER, as they are authenticated in that form.
 *
 * @throws {@link SignerError} `SIGNER_SEAL_MALFORMED`.
 */
export function readMessage(bytes: Uint8Array): SealedMessage {
  const maxBytes = MAX_MESSAGE_CONTENT_BYTES + MAX_MESSAGE_OVERHEAD_BYTES;
  try {
    return readContentInfo(readDer(bytes, { rules: 'BER', maxBytes }));
  } catch (cause) {
    if (!(cause instanceof SignerError) || cause.code !== 'SIGNER_DER_INVALID') throw cause;
    throw new SignerError('SIGNER_SEAL_MALFORMED', `not a sealed message: ${cause.message}`, {
      cause,
    });
  }
}

function readContentInfo(element: DerElement): SealedMessage {
  const contentInfo = new DerFields(element, 'ContentInfo');
  const type = readOid(contentInfo.take(TAG.OID, 'contentType'));
  if (type !== OID.authEnvelopedData) malformed(`content of type ${type} is not AuthEnvelopedData`);
  const [inner, ...rest] = contentInfo.take(contextConstructed(0), 'content').children();
  contentInfo.end();
  if (inner === undefined || rest.length > 0) malformed('content holds not one value');

  const fields = new DerFields(inner, 'AuthEnvelopedData');
  if (readSmallInteger(fields.take(TAG.INTEGER, 'version')) !== 0) malformed('unknown version');
  fields.optional(contextConstructed(0)); // originatorInfo: certificates and CRLs of a sender
  const recipientInfos = fields.take(TAG.SET, 'recipientInfos');
  const encrypted = new DerFields(fields.any('authEncryptedContentInfo'), 'EncryptedContentInfo');
  const contentType = readOid(encrypted.take(TAG.OID, 'contentType'));
  const nonce = readGcmParameters(readAlgorithm(encrypted.any('contentEncryptionAlgorithm')));
  const ciphertext = readOctets(encrypted.any('encryptedContent'), contextPrimitive(0));
  encrypted.end();
  const attributes = fields.optional(contextConstructed(1));
  const tag = readOctets(fields.take(TAG.OCTET_STRING, 'mac'));
  fields.optional(contextConstructed(2)); // unauthAttrs: whatever they say, nobody vouches for it
  fields.end();
  if (tag.length !== TAG_BYTES) malformed(`tag of ${tag.length} bytes instead of ${TAG_BYTES}`);
  const { recipients, otherCount } = readRecipientInfos(recipientInfos);
  return {
    contentType,
    recipients,
    recipientCount: recipients.length + otherCount,
    nonce,
    ciphertext,
    ...readAttributes(attributes, contentType),
    tag,
  };
}

/** GCMParameters (RFC 5084 §3.2): a nonce of 12 bytes and the full tag only. */
function readGcmParameters(algorithm: AlgorithmIdentifier): Uint8Array {
  const { oid, parameters } = algorithm;
  if (oid !== OID.aes256Gcm || parameters === undefined) {
    throw new SignerError(
      'SIGNER_ALGORITHM_UNSUPPORTED',
      `content encryption ${oid} is not accepted`,
    );
  }
  const fields = new DerFields(parameters, 'GCMParameters');
  const nonce = readOctets(fields.take(TAG.OCTET_STRING, 'aes-nonce'));
  const tagBytes = fields.optional(TAG.INTEGER);
  fields.end();
  if (nonce.length !== NONCE_BYTES) malformed(`nonce of ${nonce.length} bytes`);
  if (tagBytes === undefined || readSmallInteger(tagBytes) !== TAG_BYTES) malformed('short tag');
  return nonce;
}

function readAttributes(
  element: DerElement | undefined,
  contentType: string,
): Pick<SealedMessage, 'attributesDer' | 'binding'> {
  if (element === undefined) {
    if (contentType !== OID.data) malformed('the content-type attribute is missing');
    return { attributesDer: undefined, binding: undefined };
  }
  const attributesDer = new Uint8Array(element.raw);
  attributesDer[0] = TAG.SET;
  const values = new Map<string, DerElement>();
  const set = readDer(attributesDer);
  for (const member of set.children()) {
    const fields = new DerFields(member, 'Attribute');
    const type = readOid(fields.take(TAG.OID, 'attrType'));
    const [value, ...more] = fields.take(TAG.SET, 'attrValues').children();
    fields.end();
    if (value === undefined || more.length > 0 || values.has(type)) {
      malformed(`attribute ${type} has not one value`);
    }
    values.set(type, value);
  }
  const sorted = encodeSetOf(set.children().map((member) => member.raw));
  if (Buffer.compare(sorted, attributesDer) !== 0) malformed('attributes are not in DER order');
  const typeValue = values.get(OID.contentType);
  const isTyped = typeValue !== undefined && readOid(typeValue) === contentType;
  if (typeValue === undefined ? contentType !== OID.data : !isTyped) {
    malformed('the content-type attribute differs from the content type');
  }
  const bindingValue = values.get(OID.sealBinding);
  return { attributesDer, binding: bindingValue && readSealBinding(bindingValue) };
}

/**
 * Opens a message: finds the recipient, unwraps the key, checks what the message is bound to, and
 * only after the tag gives the content out.
 *
 * @param isBindingNeeded - refuses messages without the binding; with several recipients it always is.
 * @throws {@link SignerError} `SIGNER_SEAL_NOT_RECIPIENT`, `SIGNER_SEAL_TAMPERED`,
 *   `SIGNER_ALGORITHM_UNSUPPORTED`, and what the key store throws.
 */
export async function decryptMessage(
  message: SealedMessage,
  decryptor: Decryptor,
  isBindingNeeded: boolean,
): Promise<Uint8Array> {
  const { recipients, recipientCount, binding, attributesDer, nonce, ciphertext, tag } = message;
  const mine = recipients.find(({ id }) => namesCertificate(id, decryptor.certificate));
  if (mine === undefined) {
    throw new SignerError(
      'SIGNER_SEAL_NOT_RECIPIENT',
      `sealed for ${recipientCount} other certificates than that of '${decryptor.certificate.subjectText}'`,
    );
  }
  const isShared = recipientCount > 1;
  if (binding === undefined && (isBindingNeeded || isShared)) {
    malformed('the message is not bound to its key and recipients');
  }
  if (binding !== undefined && recipients.length !== recipientCount) {
    malformed('a recipient of a kind that is not used here');
  }
  const key = await unwrapContentKey(mine, decryptor);
  const ids = recipients.map(({ id }) => id.der);
  const isBound = binding === undefined || isBoundTo(binding, key, ids);
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce).setAuthTag(tag);
  if (attributesDer !== undefined) decipher.setAAD(attributesDer);
  const content = decipher.update(ciphertext);
  try {
    decipher.final();
    if (isBound) return content;
  } catch {
    // told below, together with a wrong binding
  }
  content.fill(0);
  throw new SignerError(
    'SIGNER_SEAL_TAMPERED',
    'the sealed content was altered, or its recipients',
  );
}
