import {
  DerFields,
  OID,
  TAG,
  contextConstructed,
  readDer,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type Certificate, parseCertificate, parseCertificates } from './certificate.ts';
import { decodePem, looksLikePem } from './pem.ts';

/** Larger files of certificates are refused. */
export const MAX_CERTIFICATE_FILE_BYTES = 1024 * 1024;
/** More certificates in one file are not looked at. */
const MAX_FILE_CERTIFICATES = 32;

/**
 * Reads what lies at a caIssuers address (RFC 5280 §4.2.2.1): one certificate, PEM, or certificates in
 * a certs-only CMS message (RFC 5652 §5, `.p7c`). Unreadable members of a message are left out.
 *
 * @throws {@link SignerError} `SIGNER_CERTIFICATE_INVALID`, `SIGNER_DER_INVALID`.
 */
export function parseCertificateFile(bytes: Uint8Array): readonly Certificate[] {
  if (looksLikePem(bytes)) {
    const [message] = decodePem(Buffer.from(bytes).toString('latin1'), 'PKCS7', 'CMS');
    return message === undefined ? parseCertificates(bytes) : readCertsOnly(message);
  }
  return startsWithOid(bytes) ? readCertsOnly(bytes) : [parseCertificate(bytes)];
}

/** ContentInfo begins with an OBJECT IDENTIFIER, a certificate with a SEQUENCE. */
function startsWithOid(bytes: Uint8Array): boolean {
  const outer = readDer(bytes, { rules: 'BER', maxBytes: MAX_CERTIFICATE_FILE_BYTES });
  const [first] = outer.isConstructed ? outer.members() : [];
  return first?.tag === TAG.OID;
}

function readCertsOnly(bytes: Uint8Array): readonly Certificate[] {
  const message = readDer(bytes, { rules: 'BER', maxBytes: MAX_CERTIFICATE_FILE_BYTES });
  const contentInfo = new DerFields(message, 'ContentInfo');
  if (readOid(contentInfo.take(TAG.OID, 'contentType')) !== OID.signedData) {
    throw new SignerError('SIGNER_DER_INVALID', 'the message is not SignedData');
  }
  const [content] = contentInfo.take(contextConstructed(0), 'content').children();
  if (content === undefined) throw new SignerError('SIGNER_DER_INVALID', 'the message is empty');
  const fields = new DerFields(content, 'SignedData');
  readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  fields.take(TAG.SET, 'digestAlgorithms');
  fields.take(TAG.SEQUENCE, 'encapContentInfo');
  const members = fields.optional(contextConstructed(0))?.children() ?? [];
  return members.slice(0, MAX_FILE_CERTIFICATES).flatMap((member) => {
    try {
      return [parseCertificate(member.raw)];
    } catch (error) {
      if (error instanceof SignerError) return [];
      throw error;
    }
  });
}
