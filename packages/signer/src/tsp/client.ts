import { randomBytes } from 'node:crypto';

import { checkSignedData } from '../cms/verify.ts';
import { OID, encodeInteger, encodeOid } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { exchange } from '../http/client.ts';
import { objectionToPurpose } from '../path/purpose.ts';
import { HASH_BYTES, type HashName } from '../x509/algorithm.ts';
import { TIME_STAMP_QUERY, TIME_STAMP_REPLY, encodeTimeStampRequest } from './request.ts';
import type { TimeStampSource } from './source.ts';
import { type TimeStampResponse, readTimeStampResponse } from './status.ts';
import { readToken, requireImprint } from './token.ts';

/** How tokens are asked for. */
export interface TsaClientOptions {
  /** Authorities in the order they are asked; the next one is asked when one fails. */
  readonly urls: readonly string[];
  /** The hash that imprints are to be made with; default: that of the signature. */
  readonly hash?: HashName;
  /** OID of the policy to ask for; tokens under another one are refused. */
  readonly policy?: string;
  /** For each authority; default 10 seconds. */
  readonly timeoutMs?: number;
  /** Longer tokens are refused; default 12 KB. */
  readonly maxTokenBytes?: number;
  /** Hears of each authority that gave no token, also when a later one does. */
  readonly onFailure?: (failure: SignerError, url: string) => void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_TOKEN_BYTES = 12 * 1024;
/** Status and texts around the token. */
const REPLY_OVERHEAD_BYTES = 4_096;
const NONCE_BYTES = 16;

/**
 * Makes a source of time-stamps over HTTP (RFC 3161 §3.4).
 *
 * Each request has a new random nonce and asks for the certificates. A token is taken only when it is
 * over the digest, has the nonce and the policy, is signed by the certificate it carries, and that
 * certificate is for time-stamping. Whether it is trusted is for the verifier, at whatever time it
 * verifies.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` without an address or with a policy that is no OID.
 */
export function createTsaClient(options: TsaClientOptions): TimeStampSource {
  const { urls, hash, policy, maxTokenBytes = DEFAULT_MAX_TOKEN_BYTES } = options;
  if (urls.length === 0) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'no address of a time-stamping authority');
  }
  if (policy !== undefined) encodeOid(policy); // throws when it is none
  return {
    ...(hash && { hash }),
    maxTokenBytes,
    async timeStamp(digest, name) {
      if (digest.length !== HASH_BYTES[name]) {
        throw new SignerError('SIGNER_INPUT_INVALID', `${name} of ${digest.length} bytes`);
      }
      const failures: SignerError[] = [];
      for (const url of urls) {
        try {
          return await askOne(url, digest, name, { ...options, maxTokenBytes });
        } catch (error) {
          if (!(error instanceof SignerError)) throw error;
          failures.push(error);
          options.onFailure?.(error, url);
        }
      }
      throw unavailable(failures);
    },
  };
}

/** One failure as it is; several in one message, with the code that all share. */
function unavailable(failures: readonly SignerError[]): SignerError {
  const [first] = failures;
  const codes = new Set(failures.map(({ code }) => code));
  const shared = codes.size === 1 ? first?.code : undefined;
  const code =
    shared === 'SIGNER_TIMESTAMP_REFUSED' || shared === 'SIGNER_TIMESTAMP_INVALID'
      ? shared
      : 'SIGNER_TIMESTAMP_UNAVAILABLE';
  const reasons = failures.map(({ message }) => message).join('; ');
  const cause = failures.length === 1 ? first : new AggregateError(failures, reasons);
  return new SignerError(code, `no time-stamp: ${reasons}`, { cause });
}

async function askOne(
  url: string,
  digest: Uint8Array,
  hash: HashName,
  options: TsaClientOptions & { readonly maxTokenBytes: number },
): Promise<Uint8Array> {
  const { policy, timeoutMs = DEFAULT_TIMEOUT_MS, maxTokenBytes } = options;
  const nonce = encodeInteger(randomBytes(NONCE_BYTES)).subarray(2);
  const response = await exchange({
    url,
    headers: { 'content-type': TIME_STAMP_QUERY, accept: TIME_STAMP_REPLY },
    body: encodeTimeStampRequest({ hash, imprint: digest, nonce, ...(policy && { policy }) }),
    limits: { timeoutMs, maxBytes: maxTokenBytes + REPLY_OVERHEAD_BYTES },
  });
  const shown = url.split(/[?#]/)[0] ?? url; // queries may carry access tokens
  const invalid = (why: string, cause?: unknown): SignerError =>
    new SignerError('SIGNER_TIMESTAMP_INVALID', `'${shown}' ${why}`, {
      cause,
      details: { url: shown },
    });
  const { status, mediaType, body } = response;
  if (status !== 200) {
    const message = `'${shown}' answers with HTTP status ${status}`;
    throw new SignerError('SIGNER_FETCH_FAILED', message, { details: { url: shown } });
  }
  if (mediaType !== TIME_STAMP_REPLY) {
    throw invalid(`answers with media type '${mediaType.slice(0, 80)}'`);
  }
  try {
    const token = readReply(body, shown);
    if (token.length > maxTokenBytes) {
      throw invalid(`gives a token of ${token.length} bytes, more than ${maxTokenBytes}`);
    }
    checkToken(token, { digest, hash, nonce, policy });
    return token;
  } catch (error) {
    if (!(error instanceof SignerError) || error.details['url'] !== undefined) throw error;
    throw invalid(`gives an unusable answer: ${error.message}`, error);
  }
}

function readReply(body: Uint8Array, url: string): Uint8Array {
  const { status, detail, token }: TimeStampResponse = readTimeStampResponse(body);
  if (status !== 0 && status !== 1) {
    const message = `'${url}' refuses: ${detail}`;
    throw new SignerError('SIGNER_TIMESTAMP_REFUSED', message, { details: { url, status } });
  }
  if (token === undefined) {
    throw new SignerError('SIGNER_TIMESTAMP_INVALID', 'it grants, but there is no token');
  }
  return token;
}

/** What was asked for must stand in the token (RFC 3161 §2.2). */
function checkToken(
  der: Uint8Array,
  asked: {
    readonly digest: Uint8Array;
    readonly hash: HashName;
    readonly nonce: Uint8Array;
    readonly policy: string | undefined;
  },
): void {
  const { token, message } = readToken(der);
  const refuse = (why: string): never => {
    throw new SignerError('SIGNER_TIMESTAMP_INVALID', why);
  };
  requireImprint(token, asked.digest, asked.hash);
  if (token.nonce === undefined || Buffer.compare(token.nonce, asked.nonce) !== 0) {
    refuse('the nonce is not the one that was sent');
  }
  if (asked.policy !== undefined && token.policy !== asked.policy) {
    refuse(`the token is made under policy ${token.policy} instead of ${asked.policy}`);
  }
  const cms = checkSignedData(message, { type: OID.tstInfo, mode: 'token', candidates: [] });
  if (cms.indication !== 'TOTAL-PASSED' || cms.certificate === null) refuse(cms.detail);
  else {
    const objection = objectionToPurpose(cms.certificate, 'timestamp');
    if (objection !== undefined) refuse(objection.detail);
  }
}
