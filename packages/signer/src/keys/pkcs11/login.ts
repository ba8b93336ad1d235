import { createHmac, randomBytes } from 'node:crypto';

import { SignerError } from '../../errors.ts';
import type { Handle } from './binding.ts';
import { CKF, CKR, CKU, LOGGED_IN_STATES } from './constants.ts';
import { returnValueOf, tokenError } from './failure.ts';
import type { TokenModule } from './module.ts';
import type { FoundToken, TokenDescription } from './slots.ts';

/** What a PIN is asked for. */
export interface PinRequest {
  readonly token: TokenDescription;
  /** `login` once per token; `signature` each time, for keys that want it so. */
  readonly purpose: 'login' | 'signature';
}

/** Gets the PIN from a person or a store; nothing here keeps it. */
export type AskPin = (request: PinRequest) => Promise<string>;

/**
 * The last PIN each token refused, as a keyed hash. A program that gets its PIN from a file would
 * otherwise lock the token by asking for three signatures.
 */
const refusedPins = new Map<string, string>();
const refusedPinKey = randomBytes(32);

/**
 * Logs a session's user in, which then holds for all sessions of this process with the token. Asks
 * for no PIN when that was done already, when the token needs none, or when it has keys of its own
 * to type it in.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_PIN_WRONG`, `SIGNER_TOKEN_PIN_LOCKED`; what the module
 *   says otherwise as it is.
 */
export async function logIn(
  module: TokenModule,
  token: FoundToken,
  session: Handle,
  ask: AskPin,
): Promise<void> {
  if ((token.info.flags & CKF.LOGIN_REQUIRED) === 0) return;
  await module.inTurn(token.description.serialNumber, async () => {
    if (LOGGED_IN_STATES.has(module.binding.C_GetSessionInfo(session).state)) return;
    const pin = await obtainPin(token, 'login', ask);
    usePin(token, pin, () => {
      try {
        module.binding.C_Login(session, CKU.USER, pin);
      } catch (error) {
        if (returnValueOf(error) !== CKR.USER_ALREADY_LOGGED_IN) throw error;
      }
    });
  });
}

/**
 * Gets the PIN, unless the token has its own way to ask for it.
 *
 * @returns undefined when the person types it at the reader.
 */
export async function obtainPin(
  { description, info }: FoundToken,
  purpose: PinRequest['purpose'],
  ask: AskPin,
): Promise<string | undefined> {
  if (description.pinState === 'locked') {
    throw new SignerError(
      'SIGNER_TOKEN_PIN_LOCKED',
      `token '${description.label}': the PIN is locked after too many wrong tries`,
      { details: { token: description.label } },
    );
  }
  if ((info.flags & CKF.PROTECTED_AUTHENTICATION_PATH) !== 0) return undefined;
  return await ask({ token: description, purpose });
}

/**
 * Hands a PIN to the token, and remembers it when it is refused.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_PIN_WRONG` without asking the token when it refused this
 *   very PIN before.
 */
export function usePin(token: FoundToken, pin: string | undefined, use: () => void): void {
  const { serialNumber, label } = token.description;
  const mark = markOf(serialNumber, pin ?? '');
  if (pin !== undefined && refusedPins.get(serialNumber) === mark) {
    throw new SignerError(
      'SIGNER_TOKEN_PIN_WRONG',
      `token '${label}': it refused this PIN before, so it was not tried again`,
      { details: { token: label } },
    );
  }
  try {
    use();
    refusedPins.delete(serialNumber);
  } catch (error) {
    if (returnValueOf(error) !== CKR.PIN_INCORRECT) throw error;
    refusedPins.set(serialNumber, mark);
    throw tokenError(error, label);
  }
}

function markOf(serialNumber: string, pin: string): string {
  return createHmac('sha256', refusedPinKey).update(`${serialNumber}\0${pin}`).digest('hex');
}
