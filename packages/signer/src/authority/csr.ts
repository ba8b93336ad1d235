import type { KeyObject } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  readBitStringBytes,
  readDer,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { readAlgorithm, readSignatureScheme } from '../x509/algorithm.ts';
import { type Extensions, readExtension, readExtensions } from '../x509/extensions.ts';
import { readGeneralNames } from '../x509/general-name.ts';
import { type DistinguishedName, formatName, readName } from '../x509/name.ts';
import { decodePem, looksLikePem } from '../x509/pem.ts';
import { importPublicKey, verifyRaw } from '../x509/public-key.ts';
import { type ServerNames, readServerNames, serverNamesExtension } from './addresses.ts';
import { NAME_ATTRIBUTES, type SubjectName, encodeName } from './profile.ts';
import { keyInMemory, keyOfSigner, signStructure } from './signing-key.ts';

/** Larger requests are refused. */
const MAX_CSR_BYTES = 64 * 1024;
const MAX_ATTRIBUTES = 32;

/** A PKCS#10 request whose own signature holds: whoever made it has the private key. */
export interface CertificateRequest {
  readonly der: Uint8Array;
  readonly subject: DistinguishedName;
  readonly subjectText: string;
  readonly publicKey: KeyObject;
  readonly publicKeyDer: Uint8Array;
  /** DNS names and addresses of a subjectAltName that is asked for. */
  readonly serverNames: ServerNames | undefined;
  /** OIDs of the extensions that are asked for; what is granted is the profile's business. */
  readonly requestedExtensions: readonly string[];
}

/**
 * Builds a certification request (RFC 2986 §4): subject and public key, signed with the private key.
 *
 * @param serverNames - asked for as subjectAltName, for a TLS server.
 * @returns CertificationRequest, DER.
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` for an unusable name,
 *   `SIGNER_ALGORITHM_UNSUPPORTED` for a key that cannot sign; what the signer throws.
 */
export function buildCertificateRequest(
  key: KeyObject | Signer,
  subject: SubjectName,
  serverNames?: ServerNames,
): Promise<Uint8Array> {
  const signingKey = 'certificate' in key ? keyOfSigner(key) : keyInMemory(key);
  const attributes: Uint8Array[] = [];
  if (serverNames !== undefined) {
    const extensions = encodeSequence(serverNamesExtension(serverNames));
    attributes.push(encodeSequence(encodeOid(OID.extensionRequest), encodeSetOf([extensions])));
  }
  const info = encodeSequence(
    encodeInteger(0),
    encodeName(subject),
    signingKey.spki,
    encodeSetOf(attributes, contextConstructed(0)),
  );
  return signStructure(signingKey, () => info);
}

/**
 * Parses a certification request, DER or PEM, and checks its own signature (proof of possession).
 *
 * @throws {@link SignerError} `SIGNER_CSR_INVALID`; `SIGNER_ALGORITHM_UNSUPPORTED` for weak and unknown
 *   keys.
 */
export function parseCertificateRequest(input: Uint8Array): CertificateRequest {
  try {
    return readRequest(derOf(input));
  } catch (cause) {
    if (!(cause instanceof SignerError)) {
      throw new SignerError('SIGNER_CSR_INVALID', 'not a certification request', { cause });
    }
    if (cause.code !== 'SIGNER_DER_INVALID' && cause.code !== 'SIGNER_INPUT_INVALID') throw cause;
    const message = `not a certification request: ${cause.message}`;
    throw new SignerError('SIGNER_CSR_INVALID', message, { cause });
  }
}

function derOf(input: Uint8Array): Uint8Array {
  if (input.length > 2 * MAX_CSR_BYTES) {
    throw new SignerError('SIGNER_CSR_INVALID', `request of ${input.length} bytes is too large`);
  }
  if (!looksLikePem(input)) return new Uint8Array(input);
  const text = Buffer.from(input).toString('latin1');
  const [der, ...more] = decodePem(text, 'CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST');
  if (der === undefined || more.length > 0) {
    throw new SignerError('SIGNER_CSR_INVALID', 'the PEM text does not hold one request');
  }
  return new Uint8Array(der);
}

function readRequest(der: Uint8Array): CertificateRequest {
  const outer = new DerFields(readDer(der, { maxBytes: MAX_CSR_BYTES }), 'CertificationRequest');
  const info = outer.take(TAG.SEQUENCE, 'certificationRequestInfo');
  const algorithm = readAlgorithm(outer.any('signatureAlgorithm'));
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signature'));
  outer.end();

  const fields = new DerFields(info, 'CertificationRequestInfo');
  if (readSmallInteger(fields.take(TAG.INTEGER, 'version')) !== 0) {
    throw new SignerError('SIGNER_CSR_INVALID', 'the version of the request is not 1');
  }
  const subject = readName(fields.any('subject'));
  const publicKeyDer = fields.take(TAG.SEQUENCE, 'subjectPKInfo').raw;
  const attributes = fields.optional(contextConstructed(0));
  fields.end();

  const publicKey = importPublicKey(publicKeyDer);
  const scheme = readSignatureScheme(algorithm);
  if (scheme === undefined) {
    const message = `the signature algorithm ${algorithm.oid} of the request is not accepted`;
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', message);
  }
  if (!verifyRaw(scheme, publicKey, info.raw, signature)) {
    const message = 'the signature of the request is wrong: nothing proves that the key is theirs';
    throw new SignerError('SIGNER_CSR_INVALID', message);
  }
  const extensions = readRequestedExtensions(attributes);
  return {
    der,
    subject,
    subjectText: formatName(subject),
    publicKey,
    publicKeyDer,
    serverNames: readServerNames(
      readExtension(extensions, OID.subjectAltName, (value) => readGeneralNames(value)),
    ),
    requestedExtensions: [...extensions.keys()],
  };
}

/** extensionRequest (RFC 2985 §5.4.2); other attributes, such as a challenge password, mean nothing here. */
function readRequestedExtensions(attributes: DerElement | undefined): Extensions {
  const members = attributes?.children() ?? [];
  if (members.length > MAX_ATTRIBUTES) {
    throw new SignerError('SIGNER_CSR_INVALID', `${members.length} attributes are too many`);
  }
  let found: Extensions | undefined;
  for (const member of members) {
    const fields = new DerFields(member, 'Attribute');
    const type = readOid(fields.take(TAG.OID, 'type'));
    const values = fields.take(TAG.SET, 'values').children();
    fields.end();
    if (type !== OID.extensionRequest) continue;
    const [value, ...more] = values;
    if (found !== undefined || value === undefined || more.length > 0) {
      throw new SignerError('SIGNER_CSR_INVALID', 'extensions are asked for more than once');
    }
    found = readExtensions(value);
  }
  return found ?? new Map();
}

/**
 * The parts of a requested name that certificates of this authority have. Attributes that they do not
 * have, such as an e-mail address, are left out and named.
 *
 * @throws {@link SignerError} `SIGNER_CSR_INVALID` when a part stands twice, is not text, or the common
 *   name is missing.
 */
export function readSubjectName(name: DistinguishedName): {
  readonly subject: SubjectName;
  readonly leftOut: readonly string[];
} {
  const parts: Partial<Record<keyof SubjectName, string>> = {};
  const leftOut: string[] = [];
  for (const { type, text } of name.rdns.flat()) {
    const part = NAME_ATTRIBUTES.find(([, oid]) => oid === type)?.[0];
    if (part === undefined) {
      leftOut.push(type);
      continue;
    }
    if (text === undefined || parts[part] !== undefined) {
      throw new SignerError(
        'SIGNER_CSR_INVALID',
        `${part} in '${formatName(name)}' is not one text`,
      );
    }
    parts[part] = text;
  }
  const { commonName } = parts;
  if (commonName === undefined) {
    const message = `the name '${formatName(name)}' has no common name`;
    throw new SignerError('SIGNER_CSR_INVALID', message);
  }
  return { subject: { ...parts, commonName }, leftOut };
}
