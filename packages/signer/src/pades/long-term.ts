import { hash as digestOf } from 'node:crypto';

import { type SignedData, readSignedData } from '../cms/signed-data.ts';
import { isNamedBy } from '../cms/signer-certificate.ts';
import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { PdfString } from '../pdf/values.ts';
import type { OcspResponse } from '../revocation/ocsp.ts';
import { type ValidationData, mergeValidationData, unique } from '../revocation/validation-data.ts';
import { readToken } from '../tsp/token.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type LocatedSignature, locateSignature } from './byte-range.ts';
import { appendDss, readDss, vriKey } from './dss.ts';
import { signedFields } from './form.ts';
import type { ValidationDataSource } from './level.ts';
import { readStructure } from './structure.ts';

/** For which signatures validation data are wanted, and where they come from. */
export interface LongTermOptions {
  /** Signature fields that get the data; all when left out. */
  readonly fieldNames?: ReadonlySet<string> | undefined;
  /** Issuers the caller knows beside those in the messages. */
  readonly known?: readonly Certificate[];
  readonly validationData: ValidationDataSource;
  readonly limits?: PdfLimits | undefined;
}

/** The certificates of a message and of the time-stamps in it. */
interface MessageCertificates {
  /** Those that made a signature or a token. */
  readonly signers: readonly Certificate[];
  readonly all: readonly Certificate[];
}

/**
 * Appends a revision with everything that is needed to validate signatures later: the step from B-T
 * to B-LT (ETSI EN 319 142-1 §6.3).
 *
 * @returns the whole new file, which begins with the input.
 * @throws {@link SignerError} `SIGNER_REVOCATION_MISSING` when there is neither CRL nor OCSP response
 *   for a certificate of a chain, with its subject in the message; `SIGNER_PDF_*`.
 */
export async function addLongTermData(pdf: Uint8Array, options: LongTermOptions): Promise<Buffer> {
  const document = openPdf(pdf, options.limits ?? DEFAULT_PDF_LIMITS);
  const { survey } = readStructure(document);
  const keys: string[] = [];
  const signers: Certificate[] = [];
  const certificates: Certificate[] = [...(options.known ?? [])];
  for (const field of signedFields(document)) {
    if (options.fieldNames?.has(field.name) === false) continue;
    const place = locateSignature(document, field);
    if ('problem' in place) {
      throw new SignerError('SIGNER_PDF_TAMPERED', `${field.name}: ${place.problem}`, {
        details: { fieldName: field.name },
      });
    }
    const found = certificatesOf(place);
    signers.push(...found.signers);
    certificates.push(...found.all);
    const contents = place.dict.get('Contents');
    if (contents instanceof PdfString) keys.push(vriKey(contents.bytes));
  }
  const asked = unique([...signers, ...certificates]);
  const fetched = await options.validationData(asked);
  const data = mergeValidationData({ certificates: asked }, fetched);
  requireRevocation(signers, mergeValidationData(fetched, readDss(document)));
  return appendDss(document, survey.counts, data, keys);
}

function certificatesOf({ cms, subFilter }: LocatedSignature): MessageCertificates {
  if (subFilter === 'ETSI.RFC3161') return messageCertificates(readToken(cms).message);
  const message = readSignedData(cms);
  const tokens = (message.signerInfo.unsignedAttributes.get(OID.signatureTimeStampToken) ?? []).map(
    (token) => messageCertificates(readToken(token).message),
  );
  const own = messageCertificates(message);
  return {
    signers: [...own.signers, ...tokens.flatMap(({ signers }) => signers)],
    all: [...own.all, ...tokens.flatMap(({ all }) => all)],
  };
}

function messageCertificates({ certificates, signerInfo }: SignedData): MessageCertificates {
  const signers = certificates.filter((certificate) => isNamedBy(signerInfo.sid, certificate));
  return { signers, all: certificates };
}

/**
 * Fails unless every certificate has revocation data: the signers and their issuers, as far as the
 * data lead. Where the path ends for lack of an issuer stands a trust anchor, which needs none. Whether
 * the data prove anything is the verifier's question; here only gaps count.
 */
function requireRevocation(signers: readonly Certificate[], data: ValidationData): void {
  const seen = new Set<string>();
  const waiting = signers.map((certificate) => ({ certificate, isSigner: true }));
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const { certificate, isSigner } = one;
    if (certificate.isSelfIssued || seen.has(certificate.sha256)) continue;
    seen.add(certificate.sha256);
    const { key } = certificate.issuer;
    const issuers = data.certificates.filter(({ subject }) => subject.key === key);
    if (!hasRevocationData(certificate, data) && (isSigner || issuers.length > 0)) {
      throw new SignerError(
        'SIGNER_REVOCATION_MISSING',
        `neither CRL nor OCSP response for '${certificate.subjectText}'`,
        { details: { certificate: certificate.subjectText, sha256: certificate.sha256 } },
      );
    }
    for (const issuer of issuers) waiting.push({ certificate: issuer, isSigner: false });
  }
}

function hasRevocationData(certificate: Certificate, { crls, ocsps }: ValidationData): boolean {
  const isListed = crls.some(
    ({ issuer, issuingDistributionPoint }) =>
      issuer.key === certificate.issuer.key || issuingDistributionPoint?.isIndirect === true,
  );
  return isListed || ocsps.some((response) => speaksOf(response, certificate));
}

function speaksOf({ responses }: OcspResponse, certificate: Certificate): boolean {
  return responses.some(({ certId }) => {
    if (certId.hash === undefined || certId.serialNumber !== certificate.serialNumber) return false;
    const name = digestOf(certId.hash, certificate.issuerDer, 'buffer');
    return Buffer.compare(name, certId.issuerNameHash) === 0;
  });
}
