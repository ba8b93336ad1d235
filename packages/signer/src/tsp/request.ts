import {
  DerFields,
  TAG,
  contextConstructed,
  encodeBoolean,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeTlv,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { readExtensions } from '../x509/extensions.ts';
import {
  type MessageImprint,
  encodeMessageImprint,
  readMessageImprint,
  readNumber,
} from './tst-info.ts';

export const TIME_STAMP_QUERY = 'application/timestamp-query';
export const TIME_STAMP_REPLY = 'application/timestamp-reply';

/** Larger requests are refused; usual ones have 40 to 100 bytes. */
const MAX_REQUEST_BYTES = 16 * 1024;

/** What a token is asked for with (RFC 3161 §2.4.1). */
export interface TimeStampRequest extends MessageImprint {
  readonly version: number;
  readonly policy: string | undefined;
  /** Content octets of the INTEGER. */
  readonly nonce: Uint8Array | undefined;
  /** The certificates shall travel in the token. */
  readonly certReq: boolean;
  /** OIDs. */
  readonly extensions: readonly string[];
}

/** Encodes a TimeStampReq without extensions. */
export function encodeTimeStampRequest(
  request: MessageImprint & { readonly policy?: string; readonly nonce?: Uint8Array },
): Uint8Array {
  const { policy, nonce } = request;
  return encodeSequence(
    encodeInteger(1),
    encodeMessageImprint(request),
    policy === undefined ? new Uint8Array(0) : encodeOid(policy),
    nonce === undefined ? new Uint8Array(0) : encodeTlv(TAG.INTEGER, nonce),
    encodeBoolean(true),
  );
}

/**
 * Reads a TimeStampReq.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID`; `SIGNER_ALGORITHM_UNSUPPORTED` for an unknown hash.
 */
export function readTimeStampRequest(der: Uint8Array): TimeStampRequest {
  const fields = new DerFields(readDer(der, { maxBytes: MAX_REQUEST_BYTES }), 'TimeStampReq');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const imprint = fields.take(TAG.SEQUENCE, 'messageImprint');
  const policy = fields.optional(TAG.OID);
  const nonce = fields.optional(TAG.INTEGER);
  const certReq = fields.optional(TAG.BOOLEAN);
  const extensions = fields.optional(contextConstructed(0));
  fields.end();
  return {
    version,
    ...readMessageImprint(imprint),
    policy: policy && readOid(policy),
    nonce: nonce && readNumber(nonce, 'nonce'),
    certReq: certReq !== undefined && readBoolean(certReq),
    extensions: extensions === undefined ? [] : [...readExtensions(extensions).keys()],
  };
}
