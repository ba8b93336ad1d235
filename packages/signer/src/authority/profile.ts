import { type KeyObject, createPublicKey, hash } from 'node:crypto';

import {
  OID,
  TAG,
  DerFields,
  encodeAsciiString,
  encodeBoolean,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeImplicit,
  encodeInteger,
  encodeNamedBits,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  encodeUtf8String,
  readBitStringBytes,
  readDer,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { KEY_USAGES, type KeyUsage } from '../x509/extensions.ts';

/** Parts of a distinguished name, as text. */
export interface SubjectName {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly locality?: string;
  /** Two letters, ISO 3166. */
  readonly country?: string;
}

/** What a certificate of an agency is for. */
export type CertificateUse = 'seal' | 'node' | 'person' | 'registrar';

/**
 * Longest name part that is accepted, in characters. RFC 5280 says 64 for most, but full names of
 * Vietnamese agencies are longer, and no validator we know of counts.
 */
export const MAX_NAME_CHARACTERS = 200;

const ATTRIBUTES = [
  ['country', OID.countryName],
  ['locality', OID.localityName],
  ['organization', OID.organizationName],
  ['organizationalUnit', OID.organizationalUnitName],
  ['commonName', OID.commonName],
] as const;

/**
 * Encodes a name: UTF8String in NFC, country first, common name last.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` for empty or too long parts, control characters
 *   and countries that are not two letters.
 */
export function encodeName(name: SubjectName): Uint8Array {
  const rdns = ATTRIBUTES.flatMap(([part, oid]) => {
    const value = name[part];
    if (value === undefined) return [];
    const encoded = part === 'country' ? encodeCountry(value) : encodeNamePart(part, value);
    return [encodeTlv(TAG.SET, encodeSequence(encodeOid(oid), encoded))];
  });
  return encodeSequence(...rdns);
}

function encodeCountry(value: string): Uint8Array {
  if (!/^[A-Z]{2}$/.test(value)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `country '${value}' is not two capital letters`);
  }
  return encodeAsciiString(value, TAG.PRINTABLE_STRING);
}

function encodeNamePart(part: string, value: string): Uint8Array {
  const text = value.normalize('NFC');
  if (text.trim() === '' || text.length > MAX_NAME_CHARACTERS) {
    const limit = `1 to ${MAX_NAME_CHARACTERS} characters`;
    throw new SignerError('SIGNER_INPUT_INVALID', `${part} must have ${limit}, not ${text.length}`);
  }
  if (/[\p{Cc}\p{Cs}\u2028-\u202E\u2066-\u2069]/u.test(text)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `${part} holds a control character`);
  }
  return encodeUtf8String(text);
}

/** SubjectPublicKeyInfo of a public (or private) key. */
export function exportSpki(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' });
}

/** Key identifier: the first 160 bits of SHA-256 over the key bits (RFC 7093 §2, method 1). */
export function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  const fields = new DerFields(readDer(spki), 'SubjectPublicKeyInfo');
  fields.take(TAG.SEQUENCE, 'algorithm');
  const bits = readBitStringBytes(fields.take(TAG.BIT_STRING, 'subjectPublicKey'));
  return hash('sha256', bits, 'buffer').subarray(0, 20);
}

export function encodeExtension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? encodeBoolean(true) : new Uint8Array(0);
  return encodeSequence(encodeOid(oid), flag, encodeOctetString(value));
}

function keyUsageExtension(usages: readonly KeyUsage[]): Uint8Array {
  const bits = usages.map((usage) => KEY_USAGES.indexOf(usage));
  return encodeExtension(OID.keyUsage, true, encodeNamedBits(bits));
}

export function subjectKeyIdExtension(keyId: Uint8Array): Uint8Array {
  return encodeExtension(OID.subjectKeyIdentifier, false, encodeOctetString(keyId));
}

export function authorityKeyIdExtension(keyId: Uint8Array): Uint8Array {
  const value = encodeSequence(encodeImplicit(0, keyId));
  return encodeExtension(OID.authorityKeyIdentifier, false, value);
}

/**
 * A distribution point that names the issuer and no address: CRLs come over the bus or by hand, and
 * a verifier without one must know that it lacks something.
 */
export function crlDistributionPointExtension(issuerDer: Uint8Array): Uint8Array {
  const fullName = encodeExplicit(0, encodeExplicit(4, issuerDer));
  const point = encodeSequence(encodeExplicit(0, fullName));
  return encodeExtension(OID.crlDistributionPoints, false, encodeSequence(point));
}

/** Extensions of a CA certificate. */
export function caExtensions(pathLenConstraint: number | undefined): Uint8Array[] {
  const length =
    pathLenConstraint === undefined ? new Uint8Array(0) : encodeInteger(pathLenConstraint);
  const basic = encodeSequence(encodeBoolean(true), length);
  return [
    encodeExtension(OID.basicConstraints, true, basic),
    keyUsageExtension(['keyCertSign', 'cRLSign']),
  ];
}

const KEY_USAGE_OF: Readonly<Record<CertificateUse, readonly KeyUsage[]>> = {
  seal: ['digitalSignature', 'nonRepudiation'],
  person: ['digitalSignature', 'nonRepudiation'],
  registrar: ['digitalSignature', 'nonRepudiation'],
  node: ['digitalSignature'],
};
const EXT_KEY_USAGE_OF: Readonly<Record<CertificateUse, readonly string[]>> = {
  seal: [OID.documentSigning, OID.emailProtection],
  person: [OID.documentSigning, OID.emailProtection],
  registrar: [OID.documentSigning],
  // emailProtection, so that `openssl cms -verify` takes manifests and records as they come.
  node: [OID.documentSigning, OID.clientAuth, OID.emailProtection],
};

/** Extensions of a certificate that signs documents or records. */
export function endEntityExtensions(use: CertificateUse): Uint8Array[] {
  const usages = EXT_KEY_USAGE_OF[use].map((oid) => encodeOid(oid));
  return [
    encodeExtension(OID.basicConstraints, true, encodeSequence()),
    keyUsageExtension(KEY_USAGE_OF[use]),
    encodeExtension(OID.extKeyUsage, false, encodeSequence(...usages)),
  ];
}

/** Expired certificates stay on our CRLs, so that old records can be judged with a new list. */
export function expiredCertsOnCrlExtension(since: Date): Uint8Array {
  return encodeExtension(OID.expiredCertsOnCrl, false, encodeGeneralizedTime(since));
}
