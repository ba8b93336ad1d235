import { setTimeout as sleep } from 'node:timers/promises';

import { SignerError } from '../../errors.ts';
import type { SignatureScheme } from '../../x509/algorithm.ts';
import type { Certificate } from '../../x509/certificate.ts';
import type { Handle } from './binding.ts';
import { CKF, CKR, CKU } from './constants.ts';
import { isLost, returnValueOf, tokenError } from './failure.ts';
import { type AskPin, logIn, obtainPin, usePin } from './login.ts';
import { type Attempt, attemptsFor } from './mechanism.ts';
import type { ModuleUser, TokenModule } from './module.ts';
import { type KeyChoice, type TokenKey, TokenObjects, pickKey } from './objects.ts';
import {
  type FoundToken,
  type PinState,
  type TokenChoice,
  type TokenDescription,
  absent,
  findToken,
  presentTokens,
} from './slots.ts';

/** A signature is tried this often when the token is lost on the way. */
const MAX_TRIES = 3;

/** What a module answers for a mechanism it lists but cannot use with this key. */
const TRY_ANOTHER: ReadonlySet<number> = new Set([
  CKR.MECHANISM_INVALID,
  CKR.MECHANISM_PARAM_INVALID,
  CKR.KEY_FUNCTION_NOT_PERMITTED,
]);

/** How a connection is made and kept. */
export interface ConnectionOptions {
  readonly token: TokenChoice;
  readonly key: KeyChoice;
  readonly ask: AskPin;
  /** How many signatures the token may work on at once. */
  readonly sessionCount: number;
  /** How long a signature waits for a token that was pulled out. */
  readonly waitMs: number;
  readonly pollMs: number;
  /** Hears of a PIN that is near to being locked, before it is asked for. */
  readonly onPinState: (state: PinState, token: TokenDescription) => void;
}

/** Sessions that were opened together, with a key that was found in them. */
interface Live {
  readonly generation: number;
  readonly token: FoundToken;
  readonly key: TokenKey;
  readonly sessions: Handle[];
  readonly supported: ReadonlySet<number>;
}

/**
 * The sessions of one open token. When the token is pulled out they are gone; the next signature
 * then waits for the same token, opens new ones and asks for the PIN again.
 */
export class TokenConnection implements ModuleUser {
  readonly #options: ConnectionOptions;
  #module: TokenModule | undefined;
  #live: Live | undefined;
  #connecting: Promise<Live> | undefined;
  /** From the first time on: this very token, this very key, this certificate. */
  #known: { readonly serialNumber: string; readonly key: KeyChoice } | undefined;
  #certificate: Certificate | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get serialNumber(): string | undefined {
    return this.#known?.serialNumber;
  }

  /** How many sessions the token gave. */
  get sessionCount(): number {
    return this.#live?.sessions.length ?? 0;
  }

  /**
   * Connects for the first time, without waiting for an absent token.
   *
   * @param identify - picks the certificate of the key that was found.
   */
  async open(
    module: TokenModule,
    identify: (objects: TokenObjects, key: TokenKey, token: TokenDescription) => Certificate,
  ): Promise<{ readonly certificate: Certificate; readonly token: TokenDescription }> {
    this.#module = module;
    const live = await this.#connect(module, 0);
    const [session] = live.sessions;
    if (session === undefined) throw new SignerError('SIGNER_SIGN_FAILED', 'no session');
    const { description } = live.token;
    try {
      const objects = new TokenObjects(module.binding, session);
      this.#certificate = identify(objects, live.key, description);
    } catch (error) {
      throw tokenError(error, description.label);
    }
    return { certificate: this.#certificate, token: description };
  }

  /** Signs in one lane's session; the result is in the form X.509 wants, and not yet checked. */
  async sign(scheme: SignatureScheme, tbs: Uint8Array, lane: number): Promise<Uint8Array> {
    const module = this.#module;
    if (module === undefined) throw new SignerError('SIGNER_SIGN_FAILED', 'the token is not open');
    for (let tryCount = 1; ; tryCount += 1) {
      const live = await this.#ensure(module);
      try {
        return await this.#signOn(module, live, scheme, tbs, lane);
      } catch (error) {
        const { label } = live.token.description;
        if (!isLost(error) || tryCount === MAX_TRIES) throw tokenError(error, label);
        if (this.#live === live) this.#live = undefined;
      }
    }
  }

  close(): void {
    const live = this.#live;
    this.#live = undefined;
    if (live !== undefined && this.#module !== undefined) closeSessions(this.#module, live);
  }

  async #ensure(module: TokenModule): Promise<Live> {
    const live = this.#live;
    if (live !== undefined && live.generation === module.generation) return live;
    this.#connecting ??= this.#connect(module, this.#options.waitMs).finally(() => {
      this.#connecting = undefined;
    });
    return await this.#connecting;
  }

  /** Opens sessions as soon as the token is there. */
  async #connect(module: TokenModule, waitMs: number): Promise<Live> {
    const deadlineMs = Date.now() + waitMs;
    for (;;) {
      const live = await this.#tryConnect(module);
      if (live !== undefined) {
        this.#live = live;
        return live;
      }
      if (this.#known !== undefined) {
        await module.reinitialise(this);
        const again = await this.#tryConnect(module);
        if (again !== undefined) {
          this.#live = again;
          return again;
        }
      }
      if (Date.now() >= deadlineMs) throw absent(this.#choice(), tokensLeft(module));
      await sleep(this.#options.pollMs);
    }
  }

  #choice(): TokenChoice {
    const { token } = this.#options;
    const { tokenLabel } = token;
    if (this.#known === undefined) return token;
    const { serialNumber } = this.#known;
    // Not the slot: it may be another one when the token is put back.
    return tokenLabel === undefined ? { serialNumber } : { tokenLabel, serialNumber };
  }

  /** @returns undefined when the token is not there, or goes while it is opened. */
  async #tryConnect(module: TokenModule): Promise<Live | undefined> {
    let label = '';
    try {
      const token = findToken(presentTokens(module.binding), this.#choice());
      if (token === undefined) return undefined;
      label = token.description.label;
      return await this.#openOn(module, token);
    } catch (error) {
      if (isLost(error)) return undefined;
      throw tokenError(error, label);
    }
  }

  async #openOn(module: TokenModule, token: FoundToken): Promise<Live> {
    const { binding, generation } = module;
    const { ask, sessionCount, onPinState } = this.#options;
    const { description } = token;
    const sessions = openSessions(module, token, sessionCount);
    const [session] = sessions;
    if (session === undefined) throw new SignerError('SIGNER_SIGN_FAILED', 'no session');
    try {
      if (description.pinState !== 'ok') onPinState(description.pinState, description);
      await logIn(module, token, session, ask);
      const objects = new TokenObjects(binding, session);
      const choice = this.#known?.key ?? this.#options.key;
      const key = pickKey(objects.keys(), choice, description.label);
      if (this.#certificate !== undefined && objects.isKeyOf(key, this.#certificate) === false) {
        throw mismatch(description.label, this.#certificate);
      }
      const { serialNumber } = description;
      this.#known ??= { serialNumber, key: { keyLabel: key.label, keyId: key.keyId } };
      const supported = new Set(binding.C_GetMechanismList(token.handle));
      return { generation, token, key, sessions, supported };
    } catch (error) {
      closeSessions(module, { sessions, generation });
      throw error;
    }
  }

  async #signOn(
    module: TokenModule,
    live: Live,
    scheme: SignatureScheme,
    tbs: Uint8Array,
    lane: number,
  ): Promise<Uint8Array> {
    const { token, key, generation, sessions } = live;
    const attempts = attemptsFor(scheme, tbs, live.supported);
    // Asked before the operation starts: a session in the middle of one is of no other use.
    const pin = key.alwaysAuthenticates
      ? await obtainPin(token, 'signature', this.#options.ask)
      : undefined;
    for (const [index, { mechanism, input, decode }] of attempts.entries()) {
      const session = sessions[lane % sessions.length];
      if (session === undefined) throw new SignerError('SIGNER_SIGN_FAILED', 'no session');
      const authenticate = (): void => {
        if (!key.alwaysAuthenticates) return;
        usePin(token, pin, () => module.binding.C_Login(session, CKU.CONTEXT_SPECIFIC, pin));
      };
      try {
        const keySession = { session, key: key.handle, generation };
        return decode(await module.sign(keySession, mechanism, input, authenticate));
      } catch (error) {
        if (isLost(error)) throw error;
        renewSession(module, live, lane);
        if (!mayTryAnother(error, attempts, index)) throw error;
      }
    }
    throw new SignerError('SIGNER_SIGN_FAILED', 'no mechanism of the token works with the key');
  }
}

/** For a message: a module that fails here has failed before, in the open. */
function tokensLeft(module: TokenModule): readonly FoundToken[] {
  try {
    return presentTokens(module.binding);
  } catch {
    return [];
  }
}

function mayTryAnother(error: unknown, attempts: readonly Attempt[], index: number): boolean {
  return TRY_ANOTHER.has(returnValueOf(error) ?? 0) && index < attempts.length - 1;
}

/** As many sessions as wanted and as the token gives, at least one. */
function openSessions(module: TokenModule, token: FoundToken, count: number): Handle[] {
  const sessions: Handle[] = [];
  while (sessions.length < count) {
    try {
      sessions.push(module.binding.C_OpenSession(token.handle, CKF.SERIAL_SESSION));
    } catch (error) {
      if (sessions.length === 0) throw error;
      break;
    }
  }
  return sessions;
}

/** Ends an operation that stopped half-way. The new session comes first, or the log-in might end. */
function renewSession(module: TokenModule, live: Live, lane: number): void {
  const index = lane % live.sessions.length;
  const old = live.sessions[index];
  if (old === undefined || live.generation !== module.generation) return;
  try {
    live.sessions[index] = module.binding.C_OpenSession(live.token.handle, CKF.SERIAL_SESSION);
    module.binding.C_CloseSession(old);
  } catch {
    // The next signature finds out.
  }
}

function closeSessions(
  module: TokenModule,
  { sessions, generation }: Pick<Live, 'sessions' | 'generation'>,
): void {
  if (generation !== module.generation) return; // their numbers may be another signer's by now
  for (const session of sessions) {
    try {
      module.binding.C_CloseSession(session);
    } catch {
      // Gone with the token.
    }
  }
}

/** The error for a key that is not the certificate's. */
export function mismatch(label: string, certificate: Certificate): SignerError {
  return new SignerError(
    'SIGNER_KEY_MISMATCH',
    `the key on token '${label}' does not belong to the certificate of '${certificate.subjectText}'`,
    { details: { token: label } },
  );
}
