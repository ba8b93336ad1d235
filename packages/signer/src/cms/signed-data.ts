import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  integerBytes,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from '../x509/algorithm.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';

/** Larger detached signatures are refused; most are some kilobytes. */
export const MAX_CMS_BYTES = 4 * 1024 * 1024;
/** Larger messages that carry their content are refused. */
export const MAX_ATTACHED_CMS_BYTES = 64 * 1024 * 1024;
/** Parts of a content that comes in pieces (BER); OpenSSL makes one of every 16 KB or less. */
const MAX_CONTENT_PARTS = 65_536;
/** Each level of indefinite length is searched for its end once more: nobody needs many. */
const MAX_PART_DEPTH = 3;
/** More embedded certificates than this are refused. */
const MAX_CMS_CERTIFICATES = 64;

/** How a SignerInfo names its certificate. */
export type SignerIdentifier =
  | { readonly issuer: DerElement; readonly serialBytes: Uint8Array }
  | { readonly subjectKeyId: Uint8Array };

/** The one SignerInfo of a message. */
export interface SignerInfo {
  readonly sid: SignerIdentifier;
  readonly digestAlgorithm: AlgorithmIdentifier;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** The signed attributes as they are hashed: a DER SET OF. */
  readonly signedAttributesDer: Uint8Array;
  /** Attribute type → its one value, strict DER. */
  readonly signedAttributes: ReadonlyMap<string, DerElement>;
  readonly unsignedAttributes: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly signature: Uint8Array;
}

/** A SignedData with exactly one signer. */
export interface SignedData {
  readonly contentType: string;
  /** The attached content; `undefined` when the signature is detached. */
  readonly content: Uint8Array | undefined;
  readonly certificates: readonly Certificate[];
  readonly signerInfo: SignerInfo;
}

const CONSTRUCTED_OCTETS = TAG.OCTET_STRING | 0x20;

function refuse(message: string): never {
  throw new SignerError('SIGNER_DER_INVALID', message);
}

/** The message is well-formed as far as it was read, and more than one has signed it. */
export class SeveralSignersError extends SignerError {
  constructor(message: string) {
    super('SIGNER_DER_INVALID', message);
  }
}

/**
 * Reads ContentInfo and SignedData (RFC 5652 §3, §5.1). BER is allowed on the outside, as many
 * producers send it; signed attributes and certificates must be DER.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID` when the message is malformed, not SignedData, has no
 *   or several signers, has no signed attributes or has them out of DER order, or does not name the
 *   signer's digest among its digestAlgorithms.
 */
export function readSignedData(cms: Uint8Array, maxBytes: number = MAX_CMS_BYTES): SignedData {
  const message = readDer(cms, { rules: 'BER', maxBytes });
  const fields = new DerFields(openSignedData(message), 'SignedData');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  if (![1, 3, 4, 5].includes(version)) refuse(`SignedData version ${version}`);
  const digestAlgorithms = fields
    .take(TAG.SET, 'digestAlgorithms')
    .children()
    .map((member) => readAlgorithm(member));
  const encapsulated = new DerFields(fields.any('encapContentInfo'), 'EncapsulatedContentInfo');
  const contentType = readOid(encapsulated.take(TAG.OID, 'eContentType'));
  const eContent = encapsulated.optional(contextConstructed(0));
  encapsulated.end();
  const certificateSet = fields.optional(contextConstructed(0));
  fields.optional(contextConstructed(1));
  const signerInfos = fields.take(TAG.SET, 'signerInfos').children();
  fields.end();
  const [signerInfo, ...others] = signerInfos;
  if (signerInfo === undefined) refuse('the message has no signer');
  if (others.length > 0) {
    throw new SeveralSignersError(`the message has ${signerInfos.length} signers instead of one`);
  }
  const read = readSignerInfo(signerInfo);
  // Nothing covers this list; a verifier that reads the content in one pass goes by it.
  if (!digestAlgorithms.some(({ oid }) => oid === read.digestAlgorithm.oid)) {
    refuse('digestAlgorithms does not name the digest of the signer');
  }
  return {
    contentType,
    content: eContent && readContent(eContent),
    certificates: readCertificateSet(certificateSet),
    signerInfo: read,
  };
}

/** The SignedData inside a ContentInfo. */
export function openSignedData(message: DerElement): DerElement {
  const contentInfo = new DerFields(message, 'ContentInfo');
  if (readOid(contentInfo.take(TAG.OID, 'contentType')) !== OID.signedData) {
    refuse('the message is not SignedData');
  }
  const explicit = contentInfo.take(contextConstructed(0), 'content');
  contentInfo.end();
  return onlyMember(explicit, 'content');
}

function onlyMember(element: DerElement, what: string): DerElement {
  const [member, ...rest] = element.children();
  if (member === undefined || rest.length > 0) refuse(`${what} holds not one value`);
  return member;
}

/** OCTET STRING of eContent; in BER it may come in parts, which may themselves come in parts. */
function readContent(explicit: DerElement): Uint8Array {
  const octets = onlyMember(explicit, 'eContent');
  if (octets.tag === TAG.OCTET_STRING) return octets.content;
  const parts: Uint8Array[] = [];
  const collect = (element: DerElement, depth: number): void => {
    if (element.tag === TAG.OCTET_STRING) parts.push(element.content);
    else if (element.tag !== CONSTRUCTED_OCTETS) refuse('eContent is not an OCTET STRING');
    else if (depth > MAX_PART_DEPTH) refuse('eContent is in parts of parts of parts');
    else for (const member of element.members()) collect(member, depth + 1);
    if (parts.length > MAX_CONTENT_PARTS) {
      refuse(`eContent in more than ${MAX_CONTENT_PARTS} parts`);
    }
  };
  collect(octets, 1);
  return Buffer.concat(parts);
}

/** Certificates that cannot be read are left out: they may belong to nobody we ask for. */
function readCertificateSet(element: DerElement | undefined): readonly Certificate[] {
  const members = element?.children() ?? [];
  if (members.length > MAX_CMS_CERTIFICATES) refuse(`${members.length} certificates are too many`);
  const certificates: Certificate[] = [];
  for (const member of members) {
    if (member.tag !== TAG.SEQUENCE) continue;
    try {
      certificates.push(parseCertificate(member.raw));
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
    }
  }
  return certificates;
}

function readSignerInfo(element: DerElement): SignerInfo {
  const fields = new DerFields(element, 'SignerInfo');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const sidElement = fields.any('sid');
  const isKeyId = sidElement.tag === contextPrimitive(0);
  if (version !== (isKeyId ? 3 : 1)) refuse(`SignerInfo version ${version} does not fit its sid`);
  const sid = isKeyId
    ? { subjectKeyId: sidElement.content }
    : readIssuerAndSerialNumber(sidElement);
  const digestAlgorithm = readAlgorithm(fields.any('digestAlgorithm'));
  const signed = fields.optional(contextConstructed(0));
  // Without signed attributes, attributes of another message could be passed off as content.
  if (signed === undefined) refuse('signed attributes are missing');
  const signatureAlgorithm = readAlgorithm(fields.any('signatureAlgorithm'));
  const signature = readOctets(fields.any('signature'));
  const unsigned = fields.optional(contextConstructed(1));
  fields.end();
  const signedAttributesDer = new Uint8Array(signed.raw);
  signedAttributesDer[0] = TAG.SET;
  return {
    sid,
    digestAlgorithm,
    signatureAlgorithm,
    signedAttributesDer,
    signedAttributes: readSignedAttributes(signedAttributesDer),
    unsignedAttributes: readUnsignedAttributes(unsigned),
    signature,
  };
}

/** IssuerAndSerialNumber (RFC 5652 §10.2.4). */
function readIssuerAndSerialNumber(element: DerElement): SignerIdentifier {
  const fields = new DerFields(element, 'IssuerAndSerialNumber');
  const issuer = fields.take(TAG.SEQUENCE, 'issuer');
  const serialBytes = integerBytes(fields.take(TAG.INTEGER, 'serialNumber'));
  fields.end();
  return { issuer, serialBytes };
}

/**
 * Signed attributes: each type once, with exactly one value, in DER order. Verifiers differ in
 * whether they hash the order received or the order sorted; one that is out of order would be
 * valid for some and invalid for others.
 */
function readSignedAttributes(der: Uint8Array): ReadonlyMap<string, DerElement> {
  const attributes = new Map<string, DerElement>();
  let previous: DerElement | undefined;
  for (const member of readDer(der).children()) {
    if (previous !== undefined && Buffer.compare(previous.raw, member.raw) >= 0) {
      refuse('signed attributes are not in DER order');
    }
    previous = member;
    const { type, values } = readAttribute(member);
    const [value, ...more] = values;
    if (value === undefined || more.length > 0) refuse(`attribute ${type} has not one value`);
    if (attributes.has(type)) refuse(`attribute ${type} stands twice`);
    attributes.set(type, value);
  }
  return attributes;
}

function readUnsignedAttributes(
  element: DerElement | undefined,
): ReadonlyMap<string, readonly Uint8Array[]> {
  const attributes = new Map<string, Uint8Array[]>();
  for (const member of element?.children() ?? []) {
    const { type, values } = readAttribute(member);
    const known = attributes.get(type) ?? [];
    known.push(...values.map((value) => value.raw));
    attributes.set(type, known);
  }
  return attributes;
}

function readAttribute(element: DerElement): { type: string; values: readonly DerElement[] } {
  const fields = new DerFields(element, 'Attribute');
  const type = readOid(fields.take(TAG.OID, 'attrType'));
  const values = fields.take(TAG.SET, 'attrValues').children();
  fields.end();
  return { type, values };
}
