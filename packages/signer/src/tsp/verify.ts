import { checkSignedData } from '../cms/verify.ts';
import type { SignedData } from '../cms/signed-data.ts';
import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { type PathVerdict, validatePath } from '../path/validate.ts';
import type { RevocationMode } from '../revocation/evidence.ts';
import type { ValidationData } from '../revocation/validation-data.ts';
import { type Judgement, type Objection, failed, indeterminate } from '../verdict.ts';
import type { HashName } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type TimeStampToken, isSameDigest, readToken } from './token.ts';

/**
 * A token that says to be younger than the time of validation by more than this is refused: clocks
 * differ by seconds, not by more.
 */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Verdict on a time-stamp token. Only with `TOTAL-PASSED` is its time proven. */
export interface TimeStampVerdict extends Judgement {
  /** genTime as the token says it, proven or not; `null` when it cannot be read. */
  readonly time: Date | null;
  readonly token: TimeStampToken | null;
  /** The certificate of the time-stamping authority. */
  readonly certificate: Certificate | null;
  /** How that certificate was judged; `null` when it did not come to that. */
  readonly path: PathVerdict | null;
}

/** What a token is verified against. */
export interface VerifyTimeStampInput {
  /** ContentInfo, as `TimeStampSource` gives it. */
  readonly token: Uint8Array;
  /** Digests, with the hash asked for, what the token should be about. */
  readonly digest: (hash: HashName) => Uint8Array;
  readonly trust: TrustStore;
  /** When the token is known to have existed: now, or the time that a later token proves. */
  readonly at: Date;
  readonly revocation?: RevocationMode;
  /** Certificates, CRLs and OCSP responses that may help; not trusted. */
  readonly data?: ValidationData;
}

/**
 * Verifies a time-stamp token (RFC 3161 §2.2, RFC 5816; ETSI EN 319 102-1 §5.4). Never throws for
 * what stands in the token.
 *
 * In turn: SignedData over TSTInfo (a signature over anything else is no token), the certificate
 * bound by signing-certificate version 1 or 2, the signature; the imprint; extended key usage
 * timeStamping, critical and alone; the path of the authority's certificate with revocation at `at`,
 * and its validity at the time it vouched for. A certificate that was revoked after the token's time
 * makes the verdict `INDETERMINATE/REVOKED_NO_POE`, since whoever had the key then could have written
 * an earlier time; unless it was revoked because the authority ended in an orderly way.
 */
export function verifyTimeStamp(input: VerifyTimeStampInput): TimeStampVerdict {
  let token: TimeStampToken;
  let message: SignedData;
  try {
    ({ token, message } = readToken(input.token));
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const isWeak = error.code === 'SIGNER_ALGORITHM_UNSUPPORTED';
    const objection = isWeak
      ? indeterminate('CRYPTO_CONSTRAINTS_FAILURE', error.message)
      : failed('FORMAT_FAILURE', error.message);
    return { ...objection, time: null, token: null, certificate: null, path: null };
  }
  const found = { time: token.genTime, token, path: null };
  const candidates = input.data?.certificates ?? [];
  const cms = checkSignedData(message, { type: OID.tstInfo, mode: 'token', candidates });
  const { certificate } = cms;
  if (cms.indication !== 'TOTAL-PASSED' || certificate === null) {
    const { indication, subIndication, detail } = cms;
    return { indication, subIndication, detail, ...found, certificate };
  }
  const objection =
    objectionToImprint(token, input.digest) ?? objectionToTime(token, certificate, input.at);
  if (objection !== undefined) return { ...objection, ...found, certificate };
  const path = judgePath(validateTsa(certificate, token, input, false), certificate, token, input);
  const { indication, subIndication } = path;
  const detail =
    indication === 'TOTAL-PASSED'
      ? `the time-stamp proves the time ${token.genTime.toISOString()}`
      : path.detail;
  return { indication, subIndication, detail, ...found, certificate, path };
}

function objectionToImprint(
  { hash, imprint }: TimeStampToken,
  digest: (hash: HashName) => Uint8Array,
): Objection | undefined {
  if (isSameDigest(imprint, digest(hash))) return undefined;
  return failed('HASH_FAILURE', 'the time-stamp is one over other bytes');
}

function objectionToTime(
  { genTime }: TimeStampToken,
  { notBefore, notAfter, subjectText }: Certificate,
  at: Date,
): Objection | undefined {
  const time = genTime.toISOString();
  if (genTime < notBefore || genTime > notAfter) {
    const detail = `the certificate of '${subjectText}' is not valid at the time-stamp's time ${time}`;
    return failed('SIG_CONSTRAINTS_FAILURE', detail);
  }
  if (Number(genTime) > Number(at) + MAX_CLOCK_SKEW_MS) {
    const detail = `the time-stamp of ${time} is later than the time of validation`;
    return indeterminate('TIMESTAMP_ORDER_FAILURE', detail);
  }
  return undefined;
}

function validateTsa(
  certificate: Certificate,
  token: TimeStampToken,
  { trust, at, revocation, data }: VerifyTimeStampInput,
  isProven: boolean,
): PathVerdict {
  const extra = token.certificates.filter(
    ({ sha256, basicConstraints }) =>
      sha256 !== certificate.sha256 && basicConstraints?.cA === true,
  );
  return validatePath(certificate, {
    trust,
    at,
    isProven,
    extra,
    purpose: 'timestamp',
    ...(revocation && { revocation }),
    ...(data && { data }),
  });
}

/**
 * Reasons for which an authority stops that say nothing against its key: tokens from before stay
 * valid (RFC 3161 §4, point 1).
 */
const ORDERLY_ENDS: ReadonlySet<string> = new Set([
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
]);

/** Revoked before the token was made, or only since: the former is certain, the latter is not. */
function judgePath(
  path: PathVerdict,
  certificate: Certificate,
  token: TimeStampToken,
  input: VerifyTimeStampInput,
): PathVerdict {
  const revoked = path.certificates.find(({ state }) => state === 'revoked');
  if (revoked === undefined) return path;
  const then = validateTsa(certificate, token, { ...input, at: token.genTime }, true);
  if (then.subIndication === 'REVOKED') return then;
  const isOrderly =
    revoked.sha256 === certificate.sha256 && ORDERLY_ENDS.has(revoked.revocationReason ?? '');
  return isOrderly ? then : path;
}
