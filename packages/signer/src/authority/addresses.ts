import { isIP, isIPv4 } from 'node:net';

import { OID, encodeImplicit, encodeOid, encodeSequence } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { encodeExtension } from './encode-extension.ts';

/** Where what belongs to a certificate can be fetched; all of it http, as RFC 5280 §8 advises. */
export interface CertificateUrls {
  /** The OCSP responder. */
  readonly ocsp?: string;
  /** The complete CRL. */
  readonly crl?: string;
  /** The delta CRL. */
  readonly deltaCrl?: string;
  /** The certificate of the issuer. */
  readonly caIssuers?: string;
}

/** Names under which a TLS server is reached; at least one. */
export interface ServerNames {
  readonly dns?: readonly string[];
  /** IPv4 or IPv6 addresses as text. */
  readonly ip?: readonly string[];
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DNS_NAME = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*${LABEL}$`, 'i');
const MAX_DNS_CHARACTERS = 253;
const MAX_URL_CHARACTERS = 1_024;

/** authorityInfoAccess (RFC 5280 §4.2.2.1), or nothing when no address is known. */
export function authorityInfoAccessExtensions(urls: CertificateUrls): Uint8Array[] {
  const access = [
    [OID.adOcsp, urls.ocsp],
    [OID.adCaIssuers, urls.caIssuers],
  ] as const;
  const descriptions = access.flatMap(([method, url]) =>
    url === undefined ? [] : [encodeSequence(encodeOid(method), encodeUrl(url))],
  );
  if (descriptions.length === 0) return [];
  return [encodeExtension(OID.authorityInfoAccess, false, encodeSequence(...descriptions))];
}

/** uniformResourceIdentifier of GeneralName. */
export function encodeUrl(url: string): Uint8Array {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isWeb = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (!isWeb || parsed.href.length > MAX_URL_CHARACTERS || parsed.username !== '') {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${url}' is no http or https address`);
  }
  return encodeImplicit(6, Buffer.from(parsed.href, 'latin1'));
}

/** subjectAltName of a TLS server (RFC 5280 §4.2.1.6). */
export function serverNamesExtension({ dns = [], ip = [] }: ServerNames): Uint8Array {
  if (dns.length + ip.length === 0) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'a TLS server needs a DNS name or an address');
  }
  const names = [...dns.map(encodeDnsName), ...ip.map(encodeIpAddress)];
  return encodeExtension(OID.subjectAltName, false, encodeSequence(...names));
}

function encodeDnsName(name: string): Uint8Array {
  if (name.length > MAX_DNS_CHARACTERS || !DNS_NAME.test(name) || isIP(name) !== 0) {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${name}' is not a DNS name`);
  }
  return encodeImplicit(2, Buffer.from(name.toLowerCase(), 'latin1'));
}

function encodeIpAddress(text: string): Uint8Array {
  if (isIPv4(text)) return encodeImplicit(7, Uint8Array.from(text.split('.').map(Number)));
  if (isIP(text) === 0 || text.includes('%')) {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${text}' is not an IP address`);
  }
  // URL writes any IPv6 address in one form: no embedded IPv4, one run of zeros left out.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const all = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return encodeImplicit(7, Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff])));
}

/**
 * An address of iPAddress as text.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when it has not 4 or 16 bytes.
 */
function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) {
    throw new SignerError('SIGNER_INPUT_INVALID', `an IP address of ${bytes.length} bytes`);
  }
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? [];
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

/** The names of a certificate or request that a TLS server is known by. */
export function readServerNames(
  names: readonly GeneralName[] | undefined,
): ServerNames | undefined {
  const dns = (names ?? []).flatMap((name) => (name.kind === 'dns' ? [name.text] : []));
  const ip = (names ?? []).flatMap((name) =>
    name.kind === 'ip' ? [formatIpAddress(name.bytes)] : [],
  );
  return dns.length + ip.length === 0 ? undefined : { dns, ip };
}
