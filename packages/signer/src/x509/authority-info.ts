import { DerFields, OID, TAG, readDer, readOid } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import { isPrintable, readGeneralName } from './general-name.ts';

/** More addresses than this in one certificate are not looked at. */
const MAX_ACCESS_DESCRIPTIONS = 16;

interface AccessUrls {
  readonly ocsp: readonly string[];
  readonly caIssuers: readonly string[];
}

const known = new WeakMap<Certificate, AccessUrls>();

/** Addresses of OCSP responders (RFC 5280 §4.2.2.1), whatever their scheme; none when unreadable. */
export function ocspUrlsOf(certificate: Certificate): readonly string[] {
  return accessUrlsOf(certificate).ocsp;
}

/** Addresses of certificates of the issuer (RFC 5280 §4.2.2.1), whatever their scheme. */
export function caIssuerUrlsOf(certificate: Certificate): readonly string[] {
  return accessUrlsOf(certificate).caIssuers;
}

function accessUrlsOf(certificate: Certificate): AccessUrls {
  let urls = known.get(certificate);
  if (urls === undefined) {
    urls = readAccessUrls(certificate);
    known.set(certificate, urls);
  }
  return urls;
}

/** The extension only helps to find things: a malformed one is as good as none. */
function readAccessUrls(certificate: Certificate): AccessUrls {
  const urls = { ocsp: [] as string[], caIssuers: [] as string[] };
  const extension = certificate.extensions.get(OID.authorityInfoAccess);
  if (extension === undefined) return urls;
  try {
    const descriptions = readDer(extension.value).children().slice(0, MAX_ACCESS_DESCRIPTIONS);
    for (const description of descriptions) {
      const fields = new DerFields(description, 'AccessDescription');
      const method = readOid(fields.take(TAG.OID, 'accessMethod'));
      const location = readGeneralName(fields.any('accessLocation'));
      fields.end();
      if (location.kind !== 'uri' || !isPrintable(location.text)) continue;
      if (method === OID.adOcsp) urls.ocsp.push(location.text);
      if (method === OID.adCaIssuers) urls.caIssuers.push(location.text);
    }
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
  }
  return urls;
}
