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
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  encodeUtf8String,
  readBitStringBytes,
  readDer,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { KeyAlgorithm } from '../keys/generate.ts';
import { KEY_USAGES, type KeyUsage } from '../x509/extensions.ts';
import { type ServerNames, encodeUrl, serverNamesExtension } from './addresses.ts';
import { encodeExtension } from './encode-extension.ts';

/** Parts of a distinguished name, as text. */
export interface SubjectName {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly locality?: string;
  /** Two letters, ISO 3166. */
  readonly country?: string;
}

/** What certificates are issued for. */
export const CERTIFICATE_USES = [
  'seal',
  'node',
  'person',
  'registrar',
  'tsa',
  'ocsp',
  'tls',
  'client',
  'encryption',
] as const;

/** What a certificate of an agency is for. */
export type CertificateUse = (typeof CERTIFICATE_USES)[number];

/** True for the names of {@link CERTIFICATE_USES}. */
export function isCertificateUse(text: string): text is CertificateUse {
  return CERTIFICATE_USES.some((use) => use === text);
}

/** Lives of certificates; one of an OCSP responder is short, since nobody can revoke it. */
export const VALIDITY_DAYS: Readonly<Record<CertificateUse, number>> = {
  seal: 5 * 365,
  person: 5 * 365,
  registrar: 5 * 365,
  node: 3 * 365,
  tsa: 5 * 365,
  ocsp: 30,
  tls: 397,
  client: 397,
  encryption: 3 * 365,
};

/** Kind of the keys that are generated here. What a file is encrypted for must hold out longest. */
export const KEY_ALGORITHM: Readonly<Record<CertificateUse, KeyAlgorithm>> = {
  seal: 'rsa-2048',
  person: 'rsa-2048',
  registrar: 'ec-p256',
  node: 'ec-p256',
  tsa: 'rsa-2048',
  ocsp: 'ec-p256',
  tls: 'ec-p256',
  client: 'ec-p256',
  encryption: 'rsa-3072',
};

/**
 * Longest name part that is accepted, in characters. RFC 5280 says 64 for most, but full names of
 * Vietnamese agencies are longer, and no validator we know of counts.
 */
export const MAX_NAME_CHARACTERS = 200;

/** Parts of a name and their types, in the order of the encoding. */
export const NAME_ATTRIBUTES = [
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
  const rdns = NAME_ATTRIBUTES.flatMap(([part, oid]) => {
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
 * The distribution point names the issuer and, where the authority serves its lists, their address.
 * Without an address CRLs come over the bus or by hand, and a verifier without one must know that it
 * lacks something.
 */
export function crlDistributionPointExtension(issuerDer: Uint8Array, url?: string): Uint8Array {
  return distributionPointExtension(OID.crlDistributionPoints, issuerDer, url);
}

/** Where the delta CRL lies (RFC 5280 §4.2.1.15, §5.2.6). */
export function freshestCrlExtension(issuerDer: Uint8Array, url?: string): Uint8Array {
  return distributionPointExtension(OID.freshestCrl, issuerDer, url);
}

function distributionPointExtension(oid: string, issuerDer: Uint8Array, url?: string): Uint8Array {
  const names = [encodeExplicit(4, issuerDer)];
  if (url !== undefined) names.push(encodeUrl(url));
  const point = encodeSequence(encodeExplicit(0, encodeExplicit(0, ...names)));
  return encodeExtension(oid, false, encodeSequence(point));
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

/** Whoever signs what others keep as proof commits to it: nonRepudiation (EN 319 412-2 §4.3.2, type B). */
const KEY_USAGE_OF: Readonly<Record<Exclude<CertificateUse, 'encryption'>, readonly KeyUsage[]>> = {
  seal: ['digitalSignature', 'nonRepudiation'],
  person: ['digitalSignature', 'nonRepudiation'],
  registrar: ['digitalSignature', 'nonRepudiation'],
  // Packages, receipts, reports and evidence; strict validators refuse a signer without the second.
  node: ['digitalSignature', 'nonRepudiation'],
  tsa: ['digitalSignature', 'nonRepudiation'],
  ocsp: ['digitalSignature'],
  tls: ['digitalSignature'],
  client: ['digitalSignature'],
};
const EXT_KEY_USAGE_OF: Readonly<Record<CertificateUse, readonly string[]>> = {
  seal: [OID.documentSigning, OID.emailProtection],
  person: [OID.documentSigning, OID.emailProtection],
  registrar: [OID.documentSigning],
  // emailProtection, so that `openssl cms -verify` takes manifests and records as they come.
  node: [OID.documentSigning, OID.clientAuth, OID.emailProtection],
  tsa: [OID.timeStamping],
  ocsp: [OID.ocspSigning],
  // A server of a cluster or of a leaf line is the client of its neighbours, with the same certificate.
  tls: [OID.serverAuth, OID.clientAuth],
  client: [OID.clientAuth],
  encryption: [OID.emailProtection],
};

/** What the extensions depend on beside the use. */
interface EndEntity {
  /** Needed for encryption: what its kind can do stands in keyUsage. */
  readonly publicKey?: KeyObject;
  /** Names of a TLS server. */
  readonly serverNames?: ServerNames | undefined;
}

/**
 * Extensions of a certificate that is no CA's.
 *
 * A TSA's extended key usage is critical and alone (RFC 3161 §2.3); an OCSP responder's certificate
 * is not looked up itself (RFC 6960 §4.2.2.2.1); a TLS server has its names in subjectAltName alone.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` for a TLS server without names, names for
 *   anything else, or a key that cannot encrypt.
 */
export function endEntityExtensions(
  use: CertificateUse,
  { publicKey, serverNames }: EndEntity = {},
): Uint8Array[] {
  const usages = EXT_KEY_USAGE_OF[use].map((oid) => encodeOid(oid));
  if ((use === 'tls') !== (serverNames !== undefined)) {
    const message = `a certificate for '${use}' ${use === 'tls' ? 'needs' : 'takes no'} server names`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  return [
    encodeExtension(OID.basicConstraints, true, encodeSequence()),
    keyUsageExtension(use === 'encryption' ? encryptionUsages(publicKey) : KEY_USAGE_OF[use]),
    encodeExtension(OID.extKeyUsage, use === 'tsa', encodeSequence(...usages)),
    ...(use === 'ocsp' ? [encodeExtension(OID.ocspNoCheck, false, encodeNull())] : []),
    ...(serverNames === undefined ? [] : [serverNamesExtension(serverNames)]),
  ];
}

/** RSA transports keys, elliptic curves agree on them (RFC 3279 §2.3.1, RFC 5480 §3). */
function encryptionUsages(publicKey: KeyObject | undefined): readonly KeyUsage[] {
  switch (publicKey?.asymmetricKeyType) {
    case 'rsa':
      return ['keyEncipherment'];
    case 'ec':
      return ['keyAgreement'];
    default: {
      const message = `a key of type '${String(publicKey?.asymmetricKeyType)}' cannot encrypt`;
      throw new SignerError('SIGNER_INPUT_INVALID', message);
    }
  }
}

/** Expired certificates stay on our CRLs, so that old records can be judged with a new list. */
export function expiredCertsOnCrlExtension(since: Date): Uint8Array {
  return encodeExtension(OID.expiredCertsOnCrl, false, encodeGeneralizedTime(since));
}
