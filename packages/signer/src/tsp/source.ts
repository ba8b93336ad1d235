import type { HashName } from '../x509/algorithm.ts';

/** Whoever gives time-stamp tokens: a client of one or several TSAs, or a TSA in this process. */
export interface TimeStampSource {
  /** The hash that digests for this source are to be made with; default: that of the signature. */
  readonly hash?: HashName;
  /** No token of this source is longer; a PDF signature keeps so much room for it. */
  readonly maxTokenBytes: number;
  /**
   * Gets a token over a digest (RFC 3161 §2.4).
   *
   * @returns TimeStampToken, that is ContentInfo with SignedData, DER; checked against the request.
   * @throws {@link SignerError} `SIGNER_TIMESTAMP_UNAVAILABLE`, `SIGNER_TIMESTAMP_REFUSED`,
   *   `SIGNER_TIMESTAMP_INVALID`.
   */
  timeStamp(digest: Uint8Array, hash: HashName): Promise<Uint8Array>;
}
