import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  readBoolean,
  readDer,
  readNamedBits,
  readOctets,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-name.ts';
import { type NameAttribute, readRdnMembers } from './name.ts';

/** One extension as it stands in a certificate or CRL. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export type Extensions = ReadonlyMap<string, Extension>;

/** Bits of keyUsage (RFC 5280 §4.2.1.3). */
export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/** In the order of the bits. */
export const KEY_USAGES: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** Where a distribution point or a CRL says it lies. */
export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[] }
  | { readonly relativeName: readonly NameAttribute[] };

/** DistributionPoint (RFC 5280 §4.2.1.13). */
export interface DistributionPoint {
  readonly name: DistributionPointName | undefined;
  /** Bit numbers of ReasonFlags; `undefined` means all reasons. */
  readonly reasons: ReadonlySet<number> | undefined;
  readonly crlIssuer: readonly GeneralName[] | undefined;
}

export interface PolicyInformation {
  readonly oid: string;
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** OID of the first critical extension that is not among the processed ones. */
export function findUnknownCritical(
  extensions: Extensions,
  processed: ReadonlySet<string>,
): string | undefined {
  for (const { oid, critical } of extensions.values()) {
    if (critical && !processed.has(oid)) return oid;
  }
  return undefined;
}

/** Extensions ::= SEQUENCE OF Extension; each may stand once. */
export function readExtensions(element: DerElement): Extensions {
  const extensions = new Map<string, Extension>();
  for (const member of element.children()) {
    const fields = new DerFields(member, 'Extension');
    const oid = readOid(fields.take(TAG.OID, 'extnID'));
    const criticalElement = fields.optional(TAG.BOOLEAN);
    const critical = criticalElement !== undefined && readBoolean(criticalElement);
    const value = readOctets(fields.take(TAG.OCTET_STRING, 'extnValue'));
    fields.end();
    if (extensions.has(oid)) {
      throw new SignerError('SIGNER_DER_INVALID', `extension ${oid} stands twice`);
    }
    extensions.set(oid, { oid, critical, value });
  }
  if (extensions.size === 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'empty list of extensions');
  }
  return extensions;
}

/** Reads the value of one extension, or `undefined` when it is absent. */
export function readExtension<T>(
  extensions: Extensions,
  oid: string,
  read: (value: DerElement) => T,
): T | undefined {
  const extension = extensions.get(oid);
  return extension === undefined ? undefined : read(readDer(extension.value));
}

export interface BasicConstraints {
  readonly cA: boolean;
  readonly pathLenConstraint: number | undefined;
}

export function readBasicConstraints(element: DerElement): BasicConstraints {
  const fields = new DerFields(element, 'BasicConstraints');
  const cAElement = fields.optional(TAG.BOOLEAN);
  const lengthElement = fields.optional(TAG.INTEGER);
  fields.end();
  return {
    cA: cAElement !== undefined && readBoolean(cAElement),
    pathLenConstraint: lengthElement === undefined ? undefined : readSmallInteger(lengthElement),
  };
}

export function readKeyUsage(element: DerElement): ReadonlySet<KeyUsage> {
  const bits = readNamedBits(element);
  return new Set(KEY_USAGES.filter((_, bit) => bits.has(bit)));
}

export function readExtKeyUsage(element: DerElement): ReadonlySet<string> {
  return new Set(sequenceMembers(element, 'ExtKeyUsageSyntax').map((member) => readOid(member)));
}

function sequenceMembers(element: DerElement, what: string): readonly DerElement[] {
  if (element.tag !== TAG.SEQUENCE) {
    throw new SignerError('SIGNER_DER_INVALID', `${what} is not a SEQUENCE`);
  }
  return element.children();
}

/** The keyIdentifier of AuthorityKeyIdentifier, when it has one. */
export function readAuthorityKeyId(element: DerElement): Uint8Array | undefined {
  const fields = new DerFields(element, 'AuthorityKeyIdentifier');
  const keyId = fields.optional(contextPrimitive(0));
  fields.optional(contextConstructed(1));
  fields.optional(contextPrimitive(2));
  fields.end();
  return keyId?.content;
}

export function readCertificatePolicies(element: DerElement): readonly PolicyInformation[] {
  const policies = sequenceMembers(element, 'CertificatePolicies').map((member) => {
    const fields = new DerFields(member, 'PolicyInformation');
    const oid = readOid(fields.take(TAG.OID, 'policyIdentifier'));
    fields.optional(TAG.SEQUENCE);
    fields.end();
    return { oid };
  });
  if (new Set(policies.map(({ oid }) => oid)).size !== policies.length) {
    throw new SignerError('SIGNER_DER_INVALID', 'a certificate policy stands twice');
  }
  return policies;
}

/** Pairs of issuerDomainPolicy and subjectDomainPolicy. */
export function readPolicyMappings(element: DerElement): readonly (readonly [string, string])[] {
  return sequenceMembers(element, 'PolicyMappings').map((member) => {
    const fields = new DerFields(member, 'PolicyMapping');
    const issuer = readOid(fields.take(TAG.OID, 'issuerDomainPolicy'));
    const subject = readOid(fields.take(TAG.OID, 'subjectDomainPolicy'));
    fields.end();
    return [issuer, subject] as const;
  });
}

export function readPolicyConstraints(element: DerElement): PolicyConstraints {
  const fields = new DerFields(element, 'PolicyConstraints');
  const explicit = fields.optional(contextPrimitive(0));
  const mapping = fields.optional(contextPrimitive(1));
  fields.end();
  return {
    requireExplicitPolicy: explicit && readSmallInteger(explicit, contextPrimitive(0)),
    inhibitPolicyMapping: mapping && readSmallInteger(mapping, contextPrimitive(1)),
  };
}

export function readNameConstraints(element: DerElement): NameConstraints {
  const fields = new DerFields(element, 'NameConstraints');
  const permitted = fields.optional(contextConstructed(0));
  const excluded = fields.optional(contextConstructed(1));
  fields.end();
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) };
}

/** GeneralSubtrees; minimum and maximum must be left at their defaults (RFC 5280 §4.2.1.10). */
function readSubtrees(element: DerElement | undefined): readonly GeneralName[] {
  return (element?.children() ?? []).map((member) => {
    const fields = new DerFields(member, 'GeneralSubtree');
    const base = readGeneralName(fields.any('base'));
    fields.end();
    return base;
  });
}

export function readDistributionPoints(element: DerElement): readonly DistributionPoint[] {
  return sequenceMembers(element, 'CRLDistributionPoints').map((member) => {
    const fields = new DerFields(member, 'DistributionPoint');
    const name = fields.optional(contextConstructed(0));
    const reasons = fields.optional(contextPrimitive(1));
    const crlIssuer = fields.optional(contextConstructed(2));
    fields.end();
    return {
      name: name && readDistributionPointName(name),
      reasons: reasons && readNamedBits(reasons, contextPrimitive(1)),
      crlIssuer: crlIssuer && readGeneralNames(crlIssuer, contextConstructed(2)),
    };
  });
}

/** DistributionPointName is a CHOICE, so its tag [0] is explicit. */
export function readDistributionPointName(element: DerElement): DistributionPointName {
  const [choice, ...more] = element.children();
  if (choice?.tag === contextConstructed(0) && more.length === 0) {
    return { fullName: readGeneralNames(choice, contextConstructed(0)) };
  }
  if (choice?.tag === contextConstructed(1) && more.length === 0) {
    return { relativeName: readRdnMembers(choice) };
  }
  throw new SignerError('SIGNER_DER_INVALID', 'bad DistributionPointName');
}

export function readSubjectAltNames(element: DerElement): readonly GeneralName[] {
  return readGeneralNames(element);
}

export function readSubjectKeyId(element: DerElement): Uint8Array {
  return readOctets(element);
}

/** skipCerts of inhibitAnyPolicy. */
export function readInhibitAnyPolicy(element: DerElement): number {
  return readSmallInteger(element);
}

/** OID list of the extensions that path validation processes (RFC 5280 §6.1). */
export const PROCESSED_CERTIFICATE_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.extKeyUsage,
  OID.inhibitAnyPolicy,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
]);
