import { SignerError } from '../../errors.ts';
import type { Handle, Pkcs11Binding, TokenInfo } from './binding.ts';
import { CKF } from './constants.ts';

/** Which token is meant; without any of these, the only one there is. */
export interface TokenChoice {
  readonly tokenLabel?: string;
  readonly serialNumber?: string;
  /** The module's number of the slot. */
  readonly slot?: number;
}

/** How near the PIN is to being locked, as far as the token tells. */
export type PinState = 'ok' | 'low' | 'last-try' | 'locked';

/** A token in its slot. */
export interface TokenDescription {
  readonly slot: number;
  readonly label: string;
  readonly serialNumber: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly pinState: PinState;
}

/** A token that is there. */
export interface FoundToken {
  readonly handle: Handle;
  readonly info: TokenInfo;
  readonly description: TokenDescription;
}

/** All initialised tokens; slots that do not answer are passed over. */
export function presentTokens(binding: Pkcs11Binding): FoundToken[] {
  return binding.C_GetSlotList(true).flatMap((handle) => {
    let info: TokenInfo;
    try {
      info = binding.C_GetTokenInfo(handle);
    } catch {
      return []; // pulled out just now, or not one that this module knows
    }
    if ((info.flags & CKF.TOKEN_INITIALIZED) === 0) return [];
    return [{ handle, info, description: describe(handle, info) }];
  });
}

function describe(handle: Handle, info: TokenInfo): TokenDescription {
  return {
    slot: numberOf(handle),
    label: unpad(info.label),
    serialNumber: unpad(info.serialNumber),
    manufacturer: unpad(info.manufacturerID),
    model: unpad(info.model),
    pinState: pinStateOf(info.flags),
  };
}

function pinStateOf(flags: number): PinState {
  if ((flags & CKF.USER_PIN_LOCKED) !== 0) return 'locked';
  if ((flags & CKF.USER_PIN_FINAL_TRY) !== 0) return 'last-try';
  return (flags & CKF.USER_PIN_COUNT_LOW) === 0 ? 'ok' : 'low';
}

/** CK_ULONG: four or eight bytes, little-endian on every machine Node runs on but s390x. */
function numberOf(handle: Handle): number {
  return handle.length === 8 ? Number(handle.readBigUInt64LE()) : handle.readUInt32LE();
}

/** Padded with blanks; some tokens end their texts like C. */
function unpad(text: string): string {
  return (text.split('\0')[0] ?? '').trim();
}

/**
 * Finds the token that is meant.
 *
 * @returns undefined when it is not there.
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when several fit.
 */
export function findToken(
  tokens: readonly FoundToken[],
  wanted: TokenChoice,
): FoundToken | undefined {
  const fitting = tokens.filter(
    ({ description: { label, serialNumber, slot } }) =>
      (wanted.tokenLabel === undefined || wanted.tokenLabel.normalize() === label.normalize()) &&
      (wanted.serialNumber === undefined || wanted.serialNumber === serialNumber) &&
      (wanted.slot === undefined || wanted.slot === slot),
  );
  if (fitting.length > 1) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `${fitting.length} tokens fit (${listOf(fitting)}): say which by its serial number`,
    );
  }
  return fitting[0];
}

/** The error for a token that is not there; says what is. */
export function absent(wanted: TokenChoice, tokens: readonly FoundToken[]): SignerError {
  const { tokenLabel, serialNumber, slot } = wanted;
  const name = tokenLabel ?? serialNumber ?? (slot === undefined ? undefined : `in slot ${slot}`);
  const there = tokens.length === 0 ? 'no token is in a reader' : `there is ${listOf(tokens)}`;
  const what = name === undefined ? 'no token' : `token '${name}' is not there`;
  return new SignerError('SIGNER_TOKEN_ABSENT', `${what}: ${there}`, {
    details: name === undefined ? {} : { token: name },
  });
}

function listOf(tokens: readonly FoundToken[]): string {
  return tokens
    .map(({ description: { label, serialNumber } }) => `'${label}' (${serialNumber})`)
    .join(', ');
}
