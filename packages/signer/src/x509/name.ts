import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  expectTag,
  readOid,
  readText,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';

/** One attribute of a distinguished name. */
export interface NameAttribute {
  readonly type: string;
  /** Text in NFC, `undefined` when the value is not of a string type. */
  readonly text: string | undefined;
  readonly valueDer: Uint8Array;
}

/** A distinguished name: RDNs in the order of the encoding. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  readonly rdns: readonly (readonly NameAttribute[])[];
  /** One canonical string per RDN; two names are equal when these lists are. */
  readonly rdnKeys: readonly string[];
  /** The canonical strings joined: for look-ups. */
  readonly key: string;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

const MAX_ATTRIBUTES = 64;

/** Reads a Name (RFC 5280 §4.1.2.4). */
export function readName(element: DerElement): DistinguishedName {
  expectTag(element, TAG.SEQUENCE, 'Name');
  const rdns = element.children().map(readRdn);
  if (rdns.reduce((count, rdn) => count + rdn.length, 0) > MAX_ATTRIBUTES) {
    throw new SignerError('SIGNER_DER_INVALID', `name has more than ${MAX_ATTRIBUTES} attributes`);
  }
  const rdnKeys = rdns.map(rdnKey);
  return { der: element.raw, rdns, rdnKeys, key: rdnKeys.join('\n') };
}

/** Reads one RelativeDistinguishedName. */
function readRdn(element: DerElement): readonly NameAttribute[] {
  return readRdnMembers(expectTag(element, TAG.SET, 'RelativeDistinguishedName'));
}

/** As {@link readRdn}, for an implicitly tagged one (nameRelativeToCRLIssuer). */
export function readRdnMembers(element: DerElement): readonly NameAttribute[] {
  const attributes = element.children().map((member) => {
    const fields = new DerFields(member, 'AttributeTypeAndValue');
    const type = readOid(fields.take(TAG.OID, 'type'));
    const value = fields.any('value');
    fields.end();
    return { type, text: readText(value)?.normalize('NFC'), valueDer: value.raw };
  });
  if (attributes.length === 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'empty RelativeDistinguishedName');
  }
  return attributes;
}

/** Name made of `base` and one more RDN. */
export function appendRdn(
  base: DistinguishedName,
  rdn: readonly NameAttribute[],
): DistinguishedName {
  const rdnKeys = [...base.rdnKeys, rdnKey(rdn)];
  return { der: base.der, rdns: [...base.rdns, rdn], rdnKeys, key: rdnKeys.join('\n') };
}

function rdnKey(rdn: readonly NameAttribute[]): string {
  return rdn
    .map(
      ({ type, text, valueDer }) => `${type}=${text === undefined ? hex(valueDer) : prepare(text)}`,
    )
    .sort()
    .join('+');
}

function hex(bytes: Uint8Array): string {
  return `#${Buffer.from(bytes).toString('hex')}`;
}

/**
 * Text as it is compared: NFKC, lower case, white space at the ends dropped and inside it taken as
 * one space (a light form of the string preparation of RFC 4518 that RFC 5280 §7.1 asks for).
 */
function prepare(text: string): string {
  return JSON.stringify(text.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' '));
}

/** Same name: equal bytes, or equal after preparation. */
export function namesEqual(a: DistinguishedName, b: DistinguishedName): boolean {
  return a === b || a.key === b.key;
}

/** True when `name` lies in the subtree below `base` (RFC 5280 §7.1). */
export function isWithinSubtree(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.rdnKeys.every((key, index) => name.rdnKeys[index] === key);
}

// Control and direction characters would let a name rewrite the line it is printed on.
const UNSAFE = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

function escapeText(text: string): string {
  const escaped = text.replaceAll(/([\\,+"<>;=])/g, '\\$1');
  return escaped.replaceAll(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Readable form, most specific part first: `CN=…, O=…, C=VN`; control characters escaped. */
export function formatName(name: DistinguishedName): string {
  return name.rdns
    .map((rdn) =>
      rdn
        .map(({ type, text, valueDer }) => {
          const value = text === undefined ? hex(valueDer) : escapeText(text);
          return `${SHORT_NAMES[type] ?? type}=${value}`;
        })
        .join('+'),
    )
    .reverse()
    .join(', ');
}

/** The most specific common name, as text. */
export function commonNameOf(name: DistinguishedName): string | undefined {
  return name.rdns.flat().findLast(({ type }) => type === OID.commonName)?.text;
}
