import {
  OID,
  TAG,
  encodeBitString,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeImplicit,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../der/index.ts';
import { encodeX509SignatureAlgorithm } from '../keys/algorithm-identifier.ts';
import type { Signer } from '../keys/signer.ts';
import type { Certificate } from '../x509/certificate.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../x509/crl.ts';
import { type CertId, OCSP_ERRORS, type OcspErrorStatus, wrapBasicResponse } from './ocsp.ts';
import { encodeCertId, encodeNonceExtension, keyHashOf } from './ocsp-request.ts';

/** What a responder says about one certificate. */
export interface OcspStatement {
  /** As it stood in the request: the client looks for the same hashes. */
  readonly certId: CertId;
  readonly status:
    | 'good'
    | 'unknown'
    | {
        readonly revokedAt: Date;
        readonly reason?: RevocationReason | undefined;
        /** Since when the key is known to be unsafe; passed on as invalidityDate. */
        readonly invalidSince?: Date | undefined;
      };
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  /** Certificates that expired after this time are still answered for. */
  readonly archiveCutoff?: Date | undefined;
}

/** What a response is made of. */
export interface OcspContent {
  readonly responses: readonly OcspStatement[];
  readonly producedAt: Date;
  /** The issuer's own key, or one with a certificate for OCSP signing by the issuer. */
  readonly signer: Signer;
  /** The nonce of the request, to be repeated. */
  readonly nonce?: Uint8Array | undefined;
  /** Certificates to send along; default: that of the signer. */
  readonly certificates?: readonly Certificate[];
  /** How the signer is named; default: by the hash of its key. */
  readonly responderId?: 'name' | 'key';
}

/**
 * Builds and signs an OCSPResponse with the status successful (RFC 6960 §4.2.1). Returns DER.
 *
 * @throws {@link SignerError} what the signer throws.
 */
export async function buildOcspResponse(content: OcspContent): Promise<Uint8Array> {
  const { responses, producedAt, signer, nonce, responderId = 'key' } = content;
  const { certificate } = signer;
  const id =
    responderId === 'name'
      ? encodeExplicit(1, certificate.subjectDer)
      : encodeExplicit(2, encodeOctetString(keyHashOf(certificate, 'sha1')));
  const extensions =
    nonce === undefined
      ? new Uint8Array(0)
      : encodeExplicit(1, encodeSequence(encodeNonceExtension(nonce)));
  const tbs = encodeSequence(
    id,
    encodeGeneralizedTime(producedAt),
    encodeSequence(...responses.map(encodeStatement)),
    extensions,
  );
  const signature = await signer.sign(tbs, signer.algorithm);
  const certificates = content.certificates ?? [certificate];
  const basic = encodeSequence(
    tbs,
    encodeX509SignatureAlgorithm(signer.algorithm),
    encodeBitString(signature),
    certificates.length === 0
      ? new Uint8Array(0)
      : encodeExplicit(0, encodeSequence(...certificates.map(({ der }) => der))),
  );
  return wrapBasicResponse(basic);
}

/** An OCSPResponse that says why there is no answer; such responses are not signed. */
export function encodeOcspError(status: OcspErrorStatus): Uint8Array {
  return encodeSequence(encodeTlv(TAG.ENUMERATED, Uint8Array.of(OCSP_ERRORS[status])));
}

function encodeStatement(statement: OcspStatement): Uint8Array {
  const { certId, status, thisUpdate, nextUpdate, archiveCutoff } = statement;
  const invalidSince = typeof status === 'string' ? undefined : status.invalidSince;
  const extensions = [
    ...(archiveCutoff ? [encodeTimeExtension(OID.ocspArchiveCutoff, archiveCutoff)] : []),
    ...(invalidSince ? [encodeTimeExtension(OID.invalidityDate, invalidSince)] : []),
  ];
  return encodeSequence(
    encodeCertId(certId),
    encodeStatus(status),
    encodeGeneralizedTime(thisUpdate),
    nextUpdate ? encodeExplicit(0, encodeGeneralizedTime(nextUpdate)) : new Uint8Array(0),
    extensions.length === 0 ? new Uint8Array(0) : encodeExplicit(1, encodeSequence(...extensions)),
  );
}

function encodeStatus(status: OcspStatement['status']): Uint8Array {
  if (status === 'good') return encodeImplicit(0, new Uint8Array(0));
  if (status === 'unknown') return encodeImplicit(2, new Uint8Array(0));
  const { revokedAt, reason } = status;
  return encodeExplicit(
    1,
    encodeGeneralizedTime(revokedAt),
    reason === undefined
      ? new Uint8Array(0)
      : encodeExplicit(0, encodeInteger(REVOCATION_REASONS[reason], TAG.ENUMERATED)),
  );
}

function encodeTimeExtension(oid: string, time: Date): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeOctetString(encodeGeneralizedTime(time)));
}
