/**
 * Every code this package raises. Codes are stable, messages are not. `retryable` says whether
 * the same call may succeed later without anything being changed.
 */
export const SIGNER_ERRORS = {
  SIGNER_DER_INVALID: { retryable: false }, // bytes are not the DER (or BER) they should be
  SIGNER_CERTIFICATE_INVALID: { retryable: false }, // not an X.509 certificate of RFC 5280
  SIGNER_CRL_INVALID: { retryable: false }, // not an X.509 certificate revocation list
  SIGNER_INPUT_INVALID: { retryable: false }, // an argument of the caller is out of range
  SIGNER_FILE_CHANGED: { retryable: true }, // a file changed between its digest and its copy
  SIGNER_ALGORITHM_UNSUPPORTED: { retryable: false }, // key type or algorithm this package refuses
  SIGNER_KEY_INVALID: { retryable: false }, // key material cannot be read
  SIGNER_KEY_MISMATCH: { retryable: false }, // private key and certificate do not belong together
  SIGNER_SIGN_FAILED: { retryable: true }, // the key store answered with an error
  SIGNER_P12_INVALID: { retryable: false }, // not a PKCS#12 file, or without key or certificate
  SIGNER_P12_UNSUPPORTED: { retryable: false }, // a PKCS#12 feature this package does not know
  SIGNER_P12_PASSPHRASE_WRONG: { retryable: false }, // the integrity check of the file failed
  SIGNER_TRUST_STORE_INVALID: { retryable: false }, // a file of the trust store folder is unusable
  SIGNER_AUTHORITY_EXISTS: { retryable: false }, // the folder already holds an authority
  SIGNER_AUTHORITY_MISSING: { retryable: false }, // the folder holds no authority
  SIGNER_AUTHORITY_DAMAGED: { retryable: false }, // a file of the authority is missing or unreadable
  SIGNER_AUTHORITY_LOCKED: { retryable: true }, // another command works on the authority
  SIGNER_AUTHORITY_PASSPHRASE_WRONG: { retryable: false }, // the CA key does not open
  SIGNER_AUTHORITY_SERIAL_UNKNOWN: { retryable: false }, // no such certificate was issued here
  SIGNER_AUTHORITY_ALREADY_REVOKED: { retryable: false }, // the certificate is on the CRL already
  SIGNER_PDF_NOT_PDF: { retryable: false }, // no %PDF- header
  SIGNER_PDF_TOO_LARGE: { retryable: false }, // more bytes than the limit
  SIGNER_PDF_TOO_COMPLEX: { retryable: false }, // another limit: objects, revisions, nesting, inflated size
  SIGNER_PDF_BROKEN: { retryable: false }, // damaged cross-reference, object or stream
  SIGNER_PDF_ENCRYPTED: { retryable: false }, // encrypted files are not signed
  SIGNER_PDF_XFA: { retryable: false }, // XFA forms draw the pages by script
  SIGNER_PDF_LOCKED: { retryable: false }, // certified with DocMDP P=1: no further signature allowed
  SIGNER_PDF_ACTIVE_CONTENT: { retryable: false }, // JavaScript or an action that runs by itself
  SIGNER_PDF_HIDDEN_PAGE: { retryable: false }, // a page that the document holds but does not show
  SIGNER_PDF_NO_PAGES: { retryable: false }, // no page to put the signature field on
  SIGNER_PDF_TAMPERED: { retryable: false }, // an earlier signature of the file no longer holds
  SIGNER_PDF_FIELD_EXISTS: { retryable: false }, // the wanted field name is taken
  SIGNER_OCSP_INVALID: { retryable: false }, // not an OCSP response of RFC 6960
  SIGNER_CSR_INVALID: { retryable: false }, // not a PKCS#10 request, or its own signature is wrong
  SIGNER_FETCH_FAILED: { retryable: true }, // a server gave no usable answer; details.url
  SIGNER_FETCH_TOO_LARGE: { retryable: false }, // a server answered with more bytes than the limit
  SIGNER_REVOCATION_MISSING: { retryable: true }, // no fresh CRL or OCSP response for a certificate
  SIGNER_TIMESTAMP_INVALID: { retryable: false }, // not an RFC 3161 token, or over other bytes
  SIGNER_TIMESTAMP_REFUSED: { retryable: false }, // the time-stamping authority rejected the request
  SIGNER_TIMESTAMP_UNAVAILABLE: { retryable: true }, // no time-stamping authority of the list gave a token
  SIGNER_TOKEN_LIBRARY_MISSING: { retryable: false }, // pkcs11js or the PKCS#11 module cannot be loaded
  SIGNER_TOKEN_ABSENT: { retryable: true }, // no token in the reader, or not the one named
  SIGNER_TOKEN_PIN_WRONG: { retryable: false }, // the token refused the PIN
  SIGNER_TOKEN_PIN_LOCKED: { retryable: false }, // the PIN is locked after too many wrong tries
  SIGNER_TOKEN_KEY_NOT_FOUND: { retryable: false }, // the token has no such key or certificate
  SIGNER_REMOTE_UNAUTHORIZED: { retryable: false }, // the signing service refused the access token
  SIGNER_REMOTE_REFUSED: { retryable: false }, // the signing service refused the request
  SIGNER_REMOTE_INVALID: { retryable: false }, // the signing service answered outside its protocol
  SIGNER_PDF_NO_SIGNATURE: { retryable: false }, // the file has no signature to extend
  SIGNER_PDF_REVISION_UNKNOWN: { retryable: false }, // the file has no signed revision of this number
  SIGNER_STAMP_GLYPH_MISSING: { retryable: false }, // the font of the stamp lacks a letter of the text
  SIGNER_STAMP_PICTURE_INVALID: { retryable: false }, // not a PNG, or larger than the limits
  SIGNER_SEAL_MALFORMED: { retryable: false }, // not a sealed file, or with parts missing
  SIGNER_SEAL_TAMPERED: { retryable: false }, // a tag is wrong: nothing of that part was released
  SIGNER_SEAL_NOT_RECIPIENT: { retryable: false }, // the file is sealed for other certificates
  SIGNER_ASIC_MALFORMED: { retryable: false }, // not a strict ZIP, or not an ASiC-E with CAdES
  SIGNER_ASIC_LIMIT: { retryable: false }, // more entries or bytes than the limits
  SIGNER_ASIC_NAME_INVALID: { retryable: false }, // an entry name that is unsafe or stands twice
  SIGNER_ASIC_MANIFEST_INVALID: { retryable: false }, // the manifest is malformed or lists other files
  SIGNER_ASIC_DIGEST_MISMATCH: { retryable: false }, // a file is not the one the manifest names
} as const;

/** A code of {@link SIGNER_ERRORS}. */
export type SignerErrorCode = keyof typeof SIGNER_ERRORS;

/** What an operator needs to find the cause again; never secrets or document content. */
export type SignerErrorDetails = Readonly<Record<string, string | number>>;

/** Options of {@link SignerError}: details for the log, and the error that caused this one. */
export type SignerErrorOptions = ErrorOptions & { readonly details?: SignerErrorDetails };

/** The only error class this package throws. */
export class SignerError extends Error {
  override readonly name = 'SignerError';
  readonly code: SignerErrorCode;
  readonly details: SignerErrorDetails;

  constructor(code: SignerErrorCode, message: string, options: SignerErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }
}
