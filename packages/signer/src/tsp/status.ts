import {
  DerFields,
  TAG,
  encodeInteger,
  encodeNamedBits,
  encodeSequence,
  encodeUtf8String,
  readNamedBits,
  readDer,
  readSmallInteger,
  readText,
} from '../der/index.ts';

/** Bits of PKIFailureInfo that RFC 3161 §2.4.2 uses, in words. */
const FAILURES: ReadonlyMap<number, readonly [name: string, words: string]> = new Map([
  [0, ['badAlg', 'the hash algorithm is unknown or not accepted']],
  [2, ['badRequest', 'the request is not allowed or supported']],
  [5, ['badDataFormat', 'the request has the wrong form']],
  [14, ['timeNotAvailable', 'the time source is not available']],
  [15, ['unacceptedPolicy', 'the policy is not supported']],
  [16, ['unacceptedExtension', 'the extension is not supported']],
  [17, ['addInfoNotAvailable', 'the additional information is not understood or available']],
  [25, ['systemFailure', 'the request cannot be handled because of a system failure']],
]);

/** Names of failures as RFC 3161 §2.4.2 has them. */
export type TimeStampFailure =
  | 'badAlg'
  | 'badRequest'
  | 'badDataFormat'
  | 'timeNotAvailable'
  | 'unacceptedPolicy'
  | 'unacceptedExtension'
  | 'systemFailure';

const STATUS_WORDS = [
  'granted',
  'granted with changes',
  'rejected',
  'waiting',
  'revocation warning',
  'revocation notification',
] as const;

const MAX_TEXT_CHARACTERS = 200;

/** PKIStatusInfo with the token, as a server answered. */
export interface TimeStampResponse {
  /** 0 granted, 1 granted with changes, all others are refusals. */
  readonly status: number;
  /** Status, reason and the server's own words, for people. */
  readonly detail: string;
  readonly token: Uint8Array | undefined;
}

/**
 * Reads a TimeStampResp (RFC 3161 §2.4.2).
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID`.
 */
export function readTimeStampResponse(der: Uint8Array): TimeStampResponse {
  // BER, since the token inside may be.
  const fields = new DerFields(readDer(der, { rules: 'BER' }), 'TimeStampResp');
  const info = new DerFields(fields.any('status'), 'PKIStatusInfo');
  const token = fields.optional(TAG.SEQUENCE);
  fields.end();
  const status = readSmallInteger(info.take(TAG.INTEGER, 'status'));
  const texts = info.optional(TAG.SEQUENCE)?.children() ?? [];
  const failInfo = info.optional(TAG.BIT_STRING);
  info.end();
  const reasons = [...(failInfo ? readNamedBits(failInfo) : [])].map((bit) => {
    const [name, words] = FAILURES.get(bit) ?? [
      `failure ${bit}`,
      'a reason that is not known here',
    ];
    return `${name}: ${words}`;
  });
  const own = texts.flatMap((text) => readText(text) ?? []).map(quoteText);
  const parts = [STATUS_WORDS[status] ?? `status ${status}`, ...reasons, ...own];
  return { status, detail: parts.join('; '), token: token?.raw };
}

/** Words of a server for a message: bounded, in one line, without control characters. */
function quoteText(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const short = line.length > MAX_TEXT_CHARACTERS ? `${line.slice(0, MAX_TEXT_CHARACTERS)}…` : line;
  return `'${short}'`;
}

/** A TimeStampResp that gives a token. */
export function encodeGranted(token: Uint8Array): Uint8Array {
  return encodeSequence(encodeSequence(encodeInteger(0)), token);
}

/** A TimeStampResp that refuses, with one reason and a text. */
export function encodeRejection(failure: TimeStampFailure, text: string): Uint8Array {
  const bits = [...FAILURES].filter(([, [name]]) => name === failure).map(([bit]) => bit);
  return encodeSequence(
    encodeSequence(encodeInteger(2), encodeSequence(encodeUtf8String(text)), encodeNamedBits(bits)),
  );
}
