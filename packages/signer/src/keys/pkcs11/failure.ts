import { SignerError, type SignerErrorCode } from '../../errors.ts';
import { CKR } from './constants.ts';

/** The return value behind an error of pkcs11js; undefined for every other error. */
export function returnValueOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') {
    return undefined;
  }
  return error.code === 0 ? undefined : error.code;
}

/**
 * What a module answers when the token was pulled out, reset, or logged out by somebody else. Some
 * modules have no better word for it than a general error.
 */
const LOST: ReadonlySet<number> = new Set([
  CKR.DEVICE_REMOVED,
  CKR.TOKEN_NOT_PRESENT,
  CKR.TOKEN_NOT_RECOGNIZED,
  CKR.SESSION_HANDLE_INVALID,
  CKR.SESSION_CLOSED,
  CKR.USER_NOT_LOGGED_IN,
  CKR.CRYPTOKI_NOT_INITIALIZED,
  CKR.KEY_HANDLE_INVALID,
  CKR.OBJECT_HANDLE_INVALID,
  CKR.SLOT_ID_INVALID,
  CKR.DEVICE_ERROR,
  CKR.GENERAL_ERROR,
  CKR.FUNCTION_FAILED,
]);

/** A session of before the module was started anew; it looks like the module's own word for it. */
export class SessionGoneError extends Error {
  override readonly name = 'SessionGoneError';
  readonly code = CKR.SESSION_HANDLE_INVALID;
}

/** True when new sessions may help. */
export function isLost(error: unknown): boolean {
  const value = returnValueOf(error);
  return value !== undefined && LOST.has(value);
}

const CODES: ReadonlyMap<number, readonly [SignerErrorCode, string]> = new Map([
  [CKR.PIN_INCORRECT, ['SIGNER_TOKEN_PIN_WRONG', 'the PIN is wrong']],
  [CKR.PIN_INVALID, ['SIGNER_TOKEN_PIN_WRONG', 'the PIN has characters the token does not take']],
  [CKR.PIN_LEN_RANGE, ['SIGNER_TOKEN_PIN_WRONG', 'the PIN is too short or too long']],
  [CKR.PIN_EXPIRED, ['SIGNER_TOKEN_PIN_WRONG', 'the PIN must be changed first']],
  [CKR.USER_PIN_NOT_INITIALIZED, ['SIGNER_TOKEN_PIN_WRONG', 'no PIN was set yet']],
  [CKR.PIN_LOCKED, ['SIGNER_TOKEN_PIN_LOCKED', 'the PIN is locked after too many wrong tries']],
  [CKR.DEVICE_REMOVED, ['SIGNER_TOKEN_ABSENT', 'it was removed']],
  [CKR.TOKEN_NOT_PRESENT, ['SIGNER_TOKEN_ABSENT', 'it is not in the reader']],
]);

/** Turns an error of the module into one of ours; errors of ours pass. */
export function tokenError(error: unknown, token: string): SignerError {
  if (error instanceof SignerError) return error;
  const value = returnValueOf(error);
  const known = value === undefined ? undefined : CODES.get(value);
  const [code, words] = known ?? (['SIGNER_SIGN_FAILED', 'it could not sign'] as const);
  const name = error instanceof Error ? error.message : String(error);
  return new SignerError(code, `token '${token}': ${words} (${name})`, {
    cause: error,
    details: { token, returnValue: value ?? 0 },
  });
}
