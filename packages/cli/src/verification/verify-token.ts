import { createHash } from 'node:crypto';

import {
  type TimeStampToken,
  type TrustStore,
  type ValidationData,
  SignerError,
  parseTimeStampToken,
  verifyTimeStamp,
} from '@congvan/signer';

import { NOT_IN_A_PDF, type VerificationReport, timeStampLineOf } from './report.ts';

/** What a token beside a file is verified with. */
export interface VerifyTokenOptions {
  /** Name of the file that is time-stamped, else of the token. */
  readonly name: string;
  readonly trust: TrustStore;
  readonly at: Date;
  readonly content?: Uint8Array;
  readonly data?: ValidationData;
}

/** The token, where a CMS message is one (RFC 3161 §2.4.2) and no signature of a person. */
export function readToken(cms: Uint8Array): TimeStampToken | undefined {
  try {
    return parseTimeStampToken(cms);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}

/** Verifies a time-stamp token that stands beside a file, as `congvan file timestamp` writes it. */
export function verifyToken(
  token: TimeStampToken,
  { name, trust, at, content, data }: VerifyTokenOptions,
): VerificationReport {
  const common = { format: 'time-stamp', packageDigest: null, at } as const;
  if (content === undefined) {
    const detail = `the token of ${token.genTime.toISOString()} does not carry what it time-stamps`;
    const verdict = {
      indication: 'INDETERMINATE',
      subIndication: 'SIGNED_DATA_NOT_FOUND',
    } as const;
    return { ...common, ...verdict, signatures: [], detail };
  }
  const verdict = verifyTimeStamp({
    token: token.der,
    digest: (hash) => createHash(hash).update(content).digest(),
    trust,
    at,
    ...(data !== undefined && { data }),
  });
  const { indication, subIndication, detail, certificate, path, time } = verdict;
  const line = {
    ...NOT_IN_A_PDF,
    of: name,
    kind: 'timestamp',
    indication,
    subIndication,
    level: null,
    signer: certificate?.subjectText ?? null,
    certificateSha256: certificate?.sha256 ?? null,
    provenAt: indication === 'TOTAL-PASSED' ? time : null,
    timeStamps: [timeStampLineOf(verdict, 'content')],
    certificates: path?.certificates ?? [],
    evidence: path?.evidence ?? [],
    detail,
  } as const;
  return { ...common, indication, subIndication, signatures: [line], detail };
}
