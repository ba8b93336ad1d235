import { hash as digestOf, randomBytes } from 'node:crypto';

import { buildSignedData, hashOfSigner } from '../cms/sign.ts';
import { OID, encodeOid } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { ServiceHandler } from '../http/server.ts';
import type { Signer } from '../keys/signer.ts';
import { objectionToPurpose } from '../path/purpose.ts';
import { HASH_BYTES } from '../x509/algorithm.ts';
import {
  TIME_STAMP_QUERY,
  TIME_STAMP_REPLY,
  type TimeStampRequest,
  readTimeStampRequest,
} from './request.ts';
import type { TimeStampSource } from './source.ts';
import { type TimeStampFailure, encodeGranted, encodeRejection } from './status.ts';
import { encodeTstInfo } from './tst-info.ts';

/** What a time-stamping authority is made of. */
export interface TimeStampAuthorityOptions {
  /** Its certificate must be one for time-stamping, critical and alone. */
  readonly signer: Signer;
  /** OID of the policy that all tokens are made under. */
  readonly policy: string;
  /** The clock; its time goes into the tokens. */
  readonly now: () => Date;
  /** How far the clock may be off, in whole milliseconds; left out of the tokens when not given. */
  readonly accuracyMs?: number;
  /** Hears why a token could not be made; the client learns only that it could not. */
  readonly onError?: (error: unknown) => void;
}

/** A time-stamping authority in this process (RFC 3161). */
export interface TimeStampAuthority {
  /**
   * Answers a TimeStampReq with a TimeStampResp, both DER. Whatever is wrong with the request, or
   * with the key, stands in the answer; nothing is thrown.
   */
  answer(request: Uint8Array): Promise<Uint8Array>;
  /** The authority as a source of tokens, without HTTP. */
  readonly source: TimeStampSource;
}

/** What a token has beside certificates, names and signature; generously. */
const TOKEN_OVERHEAD_BYTES = 1_024;
/** A signature of the largest accepted RSA key. */
const MAX_SIGNATURE_BYTES = 1_024;
const SERIAL_BYTES = 16;
const MAX_ACCURACY_MS = 2 ** 31 - 1;

type WantedToken = Pick<TimeStampRequest, 'hash' | 'imprint' | 'nonce' | 'certReq'>;

/**
 * Makes a time-stamping authority for development, tests and provinces.
 *
 * Serial numbers are 128 random bits: unique without a counter that a restart could set back.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when the certificate is not for time-stamping,
 *   the policy is no OID or the accuracy out of range.
 */
export function createTimeStampAuthority(options: TimeStampAuthorityOptions): TimeStampAuthority {
  const { signer, policy, now, accuracyMs } = options;
  const objection = objectionToPurpose(signer.certificate, 'timestamp');
  if (objection !== undefined) throw new SignerError('SIGNER_INPUT_INVALID', objection.detail);
  encodeOid(policy); // throws when it is none
  if (accuracyMs !== undefined && !isAccuracy(accuracyMs)) {
    const message = `accuracy of ${accuracyMs} ms is not a whole number from 1 on`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  const makeToken = async (wanted: WantedToken): Promise<Uint8Array> => {
    const genTime = now();
    requireTime(genTime, signer);
    const { hash, imprint, nonce, certReq } = wanted;
    const serial = randomBytes(SERIAL_BYTES);
    const content = encodeTstInfo({ policy, hash, imprint, serial, genTime, accuracyMs, nonce });
    return buildSignedData(signer, {
      contentType: OID.tstInfo,
      digest: digestOf(hashOfSigner(signer), content, 'buffer'),
      content,
      certificates: certReq ? 'chain' : 'none',
    });
  };
  return {
    async answer(request) {
      const result = await decide(request, policy, makeToken, options.onError ?? (() => undefined));
      return 'token' in result
        ? encodeGranted(result.token)
        : encodeRejection(result.failure, result.text);
    },
    source: {
      maxTokenBytes: maxTokenBytesOf(signer),
      timeStamp(digest, hash) {
        if (digest.length !== HASH_BYTES[hash]) {
          const message = `${hash} of ${digest.length} bytes`;
          return Promise.reject(new SignerError('SIGNER_INPUT_INVALID', message));
        }
        return makeToken({ hash, imprint: digest, nonce: undefined, certReq: true });
      },
    },
  };
}

function isAccuracy(milliseconds: number): boolean {
  return Number.isInteger(milliseconds) && milliseconds >= 1 && milliseconds <= MAX_ACCURACY_MS;
}

/** The clock must give a time, and the certificate must be valid then. */
function requireTime(time: Date, { certificate }: Signer): void {
  const { notBefore, notAfter } = certificate;
  if (time >= notBefore && time <= notAfter) return;
  const message = 'the certificate of this time-stamping authority is not valid now';
  throw new SignerError('SIGNER_TIMESTAMP_REFUSED', message);
}

/** Why a request is not answered with a token, or the token. */
type Answer =
  { readonly token: Uint8Array } | { readonly failure: TimeStampFailure; readonly text: string };

async function decide(
  bytes: Uint8Array,
  policy: string,
  makeToken: (request: TimeStampRequest) => Promise<Uint8Array>,
  onError: (error: unknown) => void,
): Promise<Answer> {
  let request: TimeStampRequest;
  try {
    request = readTimeStampRequest(bytes);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const isHash = error.code === 'SIGNER_ALGORITHM_UNSUPPORTED';
    return { failure: isHash ? 'badAlg' : 'badDataFormat', text: error.message };
  }
  const { version, extensions } = request;
  if (version !== 1) return { failure: 'badRequest', text: `version ${version} is not supported` };
  if (request.policy !== undefined && request.policy !== policy) {
    return { failure: 'unacceptedPolicy', text: `the policy here is ${policy}` };
  }
  if (extensions.length > 0) {
    return { failure: 'unacceptedExtension', text: `extension ${extensions[0] ?? ''}` };
  }
  try {
    return { token: await makeToken(request) };
  } catch (error) {
    onError(error);
    return error instanceof SignerError && error.code === 'SIGNER_TIMESTAMP_REFUSED'
      ? { failure: 'timeNotAvailable', text: error.message }
      : { failure: 'systemFailure', text: 'the token could not be made' };
  }
}

function maxTokenBytesOf({ certificate, chain }: Signer): number {
  const certificates = [certificate, ...chain].reduce((sum, { der }) => sum + der.length, 0);
  return (
    TOKEN_OVERHEAD_BYTES + MAX_SIGNATURE_BYTES + 2 * certificate.issuerDer.length + certificates
  );
}

/** Serves an authority over HTTP (RFC 3161 §3.4): POST of `application/timestamp-query`. */
export function tsaHandler(authority: Pick<TimeStampAuthority, 'answer'>): ServiceHandler {
  return async ({ method, mediaType, body }) => {
    if (method !== 'POST') return refuseHttp(405, 'POST a time-stamp query\n', { allow: 'POST' });
    if (mediaType.toLowerCase() !== TIME_STAMP_QUERY) {
      return refuseHttp(415, `the media type must be ${TIME_STAMP_QUERY}\n`);
    }
    return { mediaType: TIME_STAMP_REPLY, body: await authority.answer(body) };
  };
}

function refuseHttp(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
  return { status, mediaType: 'text/plain', body: Buffer.from(text), headers };
}
