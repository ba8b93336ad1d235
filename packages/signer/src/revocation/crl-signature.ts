import { readSignatureScheme } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import { verifyRaw } from '../x509/public-key.ts';

/**
 * Whether the key of a certificate made a CRL that it may make (RFC 5280 §6.3.3 (f), (g)). Whether the
 * certificate itself is trusted is not asked.
 */
export function isCrlSignedBy(crl: CertificateList, issuer: Certificate): boolean {
  if (crl.issuer.key !== issuer.subject.key) return false;
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has('cRLSign')) return false;
  const scheme = readSignatureScheme(crl.signatureAlgorithm);
  return scheme !== undefined && verifyRaw(scheme, issuer.publicKey, crl.tbs, crl.signature);
}
