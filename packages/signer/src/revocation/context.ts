import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import type { RevocationEvidence } from './evidence.ts';
import type { OcspResponse } from './ocsp.ts';

/** Whether a key other than the issuer's may speak for the issuer. */
export type ResponderJudgement =
  | { readonly isTrusted: true; readonly evidence: readonly RevocationEvidence[] }
  | { readonly isTrusted: false; readonly why: string };

/** What the revocation check needs to know about the path around a certificate. */
export interface RevocationContext {
  /** The certificate whose key signed the one in question, in the path that is being validated. */
  readonly issuer: Certificate;
  /** True when the verifier itself knows CRLs of an issuer, so that there must be some. */
  hasOwnCrls(issuerKey: string): boolean;
  /** CRLs at hand by the name key of their issuer, newest first. */
  crlsOf(issuerKey: string): readonly CertificateList[];
  /** OCSP responses at hand that speak of a serial number, newest first. */
  ocspsOf(serialNumber: string): readonly OcspResponse[];
  /** Certificates that may have signed a CRL; the issuer of the certificate in question first. */
  signersOf(crl: CertificateList): readonly Certificate[];
  /** Certificates that may have signed a response; the issuer of the certificate in question first. */
  respondersOf(response: OcspResponse): readonly Certificate[];
  /** Whether the signer's key made the signature; also false when too many were asked for. */
  hasSigned(signed: CertificateList | OcspResponse, signer: Certificate): boolean;
  /** True when the certificate has a valid path to the anchor of the path in question. */
  isTrustedCrlSigner(signer: Certificate): boolean;
  /** Judges a delegated responder (RFC 6960 §4.2.2.2), as of a response produced at a time. */
  judgeResponder(responder: Certificate, producedAt: Date): ResponderJudgement;
}
