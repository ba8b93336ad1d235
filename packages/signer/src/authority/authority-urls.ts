import { SignerError } from '../errors.ts';
import type { CertificateUrls } from './addresses.ts';
import { AUTHORITY_FILES, filesOfIssuingCa } from './store.ts';

/** Paths below the address of an authority; `service.ts` serves them. */
export const SERVICE_PATHS = {
  crl: '/crl',
  ca: '/ca',
  ocsp: '/ocsp',
  tsa: '/tsa',
} as const;

/**
 * The address of an authority as certificates name it: http or https, without query and without a
 * slash at its end.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID`.
 */
export function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.search === '' && url.hash === '' && url.username === '';
  if (!isPlain || !['http:', 'https:'].includes(url.protocol)) {
    const message = `'${text}' is no http or https address of an authority`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  return url.href.replace(/\/+$/, '');
}

/** The addresses in a certificate that the issuing CA with this number signs. */
export function urlsOfIssuingCa(baseUrl: string | undefined, number: number): CertificateUrls {
  if (baseUrl === undefined) return {};
  const files = filesOfIssuingCa(number);
  return {
    ocsp: `${baseUrl}${SERVICE_PATHS.ocsp}`,
    crl: `${baseUrl}${SERVICE_PATHS.crl}/${files.crl}`,
    deltaCrl: `${baseUrl}${SERVICE_PATHS.crl}/${files.deltaCrl}`,
    caIssuers: `${baseUrl}${SERVICE_PATHS.ca}/${files.certificate}`,
  };
}

/** The addresses in the certificate of an issuing CA: the root has lists but no OCSP responder. */
export function urlsOfRoot(baseUrl: string | undefined): CertificateUrls {
  if (baseUrl === undefined) return {};
  return {
    crl: `${baseUrl}${SERVICE_PATHS.crl}/${AUTHORITY_FILES.rootCrl}`,
    caIssuers: `${baseUrl}${SERVICE_PATHS.ca}/${AUTHORITY_FILES.rootCertificate}`,
  };
}

/** Where the delta CRL of an issuing CA lies. */
export function freshestCrlUrlOf(baseUrl: string | undefined, number: number): string | undefined {
  return urlsOfIssuingCa(baseUrl, number).deltaCrl;
}
