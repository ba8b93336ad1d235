import { SignerError } from '../errors.ts';
import { type XmlElement, parseStrictXml } from './xml.ts';

/** A file of the container as the manifest names it. */
export interface ManifestEntry {
  readonly name: string;
  readonly mediaType: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly digest: Uint8Array;
  /** The file to look at first; of an archive manifest, the archive manifest before it. */
  readonly isRoot?: boolean;
}

export interface AsicManifest {
  /** Entry that holds the signature, or the time-stamp token, over the manifest. */
  readonly signatureName: string;
  /** Its media type when writing; that of a CMS signature when left out. */
  readonly signatureMediaType?: string;
  readonly entries: readonly ManifestEntry[];
}

const ASIC_NAMESPACE = 'http://uri.etsi.org/02918/v1.2.1#';
const DSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#';
const SHA256_URI = 'http://www.w3.org/2001/04/xmlenc#sha256';
const HASH_BY_URI: Readonly<Record<string, ManifestEntry['hash']>> = {
  [SHA256_URI]: 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
};
const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;
const DEFAULT_MEDIA_TYPE = 'application/octet-stream';

/**
 * Writes an ASiCManifest (ETSI EN 319 162-1 §A.4). The same entries give the same bytes: the
 * SHA-256 of these bytes names the package.
 */
export function writeManifest(manifest: AsicManifest): Uint8Array {
  let xml = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n';
  xml += `<asic:ASiCManifest xmlns:asic="${ASIC_NAMESPACE}" xmlns:ds="${DSIG_NAMESPACE}">\n`;
  xml += `<asic:SigReference URI="${escapeAttribute(encodeName(manifest.signatureName))}"`;
  const signatureMediaType = manifest.signatureMediaType ?? 'application/pkcs7-signature';
  xml += ` MimeType="${escapeAttribute(signatureMediaType)}"/>\n`;
  for (const { name, mediaType, digest, isRoot } of manifest.entries) {
    xml += `<asic:DataObjectReference URI="${escapeAttribute(encodeName(name))}"`;
    xml += ` MimeType="${escapeAttribute(mediaType)}"${isRoot === true ? ' Rootfile="true"' : ''}>`;
    xml += `<ds:DigestMethod Algorithm="${SHA256_URI}"/>`;
    xml += `<ds:DigestValue>${Buffer.from(digest).toString('base64')}</ds:DigestValue>`;
    xml += '</asic:DataObjectReference>\n';
  }
  return Buffer.from(`${xml}</asic:ASiCManifest>\n`);
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function fail(message: string, cause?: unknown): never {
  throw new SignerError('SIGNER_ASIC_MANIFEST_INVALID', message, { details: {}, cause });
}

/**
 * Reads an ASiCManifest strictly: UTF-8, plain XML without DOCTYPE, only known elements, known digests.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MANIFEST_INVALID`.
 */
export function readManifest(bytes: Uint8Array): AsicManifest {
  const manifest = parseStrictXml(decodeUtf8(bytes));
  if (manifest.name !== `${ASIC_NAMESPACE}ASiCManifest`) fail(`root element ${manifest.local}`);
  let signatureName: string | undefined;
  const entries: ManifestEntry[] = [];
  for (const element of manifest.children) {
    if (element.name === `${ASIC_NAMESPACE}SigReference`) {
      if (signatureName !== undefined) fail('more than one SigReference');
      signatureName = decodeName(element.attributes.get('URI'));
    } else if (element.name === `${ASIC_NAMESPACE}DataObjectReference`) {
      entries.push(readEntry(element));
    } else {
      fail(`element ${element.local} is not supported`);
    }
  }
  if (signatureName === undefined) fail('no SigReference');
  if (entries.length === 0) fail('no DataObjectReference');
  return { signatureName, entries };
}

function readEntry(element: XmlElement): ManifestEntry {
  const name = decodeName(element.attributes.get('URI'));
  const [method, value, ...rest] = element.children;
  if (method?.name !== `${DSIG_NAMESPACE}DigestMethod`) fail(`"${name}" has no DigestMethod`);
  if (value?.name !== `${DSIG_NAMESPACE}DigestValue`) fail(`"${name}" has no DigestValue`);
  if (rest.length > 0) fail(`"${name}" has extensions, which are not supported`);
  const algorithm = method.attributes.get('Algorithm') ?? '';
  const hash = Object.hasOwn(HASH_BY_URI, algorithm) ? HASH_BY_URI[algorithm] : undefined;
  if (hash === undefined) fail(`digest algorithm "${algorithm}" of "${name}" is not accepted`);
  const base64 = value.text.replace(/[\t\n\r ]/g, '');
  const digest = Buffer.from(base64, 'base64');
  if (digest.length !== DIGEST_BYTES[hash] || digest.toString('base64') !== base64) {
    fail(`the digest of "${name}" is malformed`);
  }
  const mediaType = element.attributes.get('MimeType') ?? DEFAULT_MEDIA_TYPE;
  return { name, mediaType, hash, digest };
}

function decodeName(uri: string | undefined): string {
  if (uri === undefined || uri === '') return fail('a reference without URI');
  try {
    return decodeURIComponent(uri);
  } catch (cause) {
    return fail(`URI "${uri}" is malformed`, cause);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    return fail('the manifest is not UTF-8', cause);
  }
}
