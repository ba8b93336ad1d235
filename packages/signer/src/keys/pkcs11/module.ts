import { realpath } from 'node:fs/promises';

import { SignerError } from '../../errors.ts';
import { type Handle, type Mechanism, type Pkcs11Binding, createBinding } from './binding.ts';
import { CKF, CKR } from './constants.ts';
import { SessionGoneError, returnValueOf } from './failure.ts';

/** Room for the longest signature: RSA of 8192 bits. */
const MAX_SIGNATURE_BYTES = 1024;

/** Who uses a module: one open token each. */
export interface ModuleUser {
  /** Serial number of the user's token. */
  readonly serialNumber: string | undefined;
}

/** A key as one session sees it. */
export interface KeySession {
  readonly session: Handle;
  readonly key: Handle;
  /** {@link TokenModule.generation} when the session was opened. */
  readonly generation: number;
}

/**
 * A PKCS#11 module (a vendor's shared library), initialised.
 *
 * Modules are global to the process by the standard (C_Initialize may be called once), so all open
 * tokens of one library share one of these: the first initialises it, the last finalises it.
 */
export class TokenModule {
  readonly path: string;
  readonly binding: Pkcs11Binding;
  /** Grows when the module is initialised anew: older sessions are then gone. */
  generation = 0;
  readonly users = new Set<ModuleUser>();
  /** False for a module that must not be called from several threads: it then signs in place. */
  #isParallel = true;
  /** False when somebody else in this process initialised the module: it is not ours to end. */
  #isOurs = true;
  #runningCount = 0;
  #whenIdle: (() => void) | undefined;
  #reinitialising: Promise<void> | undefined;
  readonly #logins = new Map<string, Promise<unknown>>();

  constructor(path: string, binding: Pkcs11Binding) {
    this.path = path;
    this.binding = binding;
  }

  /** C_Initialize, with locks of the operating system where the module can. */
  initialise(): void {
    try {
      this.binding.C_Initialize({ flags: CKF.OS_LOCKING_OK });
    } catch (error) {
      const value = returnValueOf(error);
      if (value === CKR.CRYPTOKI_ALREADY_INITIALIZED) {
        this.#isOurs = false;
      } else if (value === CKR.CANT_LOCK || value === CKR.ARGUMENTS_BAD) {
        this.#isParallel = false;
        this.binding.C_Initialize();
      } else {
        throw libraryError(this.path, error);
      }
    }
    this.generation += 1;
  }

  finalise(): void {
    try {
      if (this.#isOurs) this.binding.C_Finalize();
    } catch {
      // A module that fails at its end has nothing left that we need.
    }
  }

  /** C_SignInit and C_Sign in one session; the second in a thread of its own. */
  async sign(
    { session, key, generation }: KeySession,
    mechanism: Mechanism,
    input: Buffer,
    afterInit: () => void,
  ): Promise<Uint8Array> {
    await this.#reinitialising;
    // After a new start the same number may be another signer's session.
    if (generation !== this.generation) throw new SessionGoneError();
    this.binding.C_SignInit(session, mechanism, key);
    afterInit();
    const out = Buffer.alloc(MAX_SIGNATURE_BYTES);
    if (!this.#isParallel) return Uint8Array.from(this.binding.C_Sign(session, input, out));
    this.#runningCount += 1;
    // The thread reads `input` and writes `out`, and pkcs11js does not keep the former alive.
    const held = { input, out };
    try {
      return Uint8Array.from(await this.binding.C_SignAsync(session, held.input, held.out));
    } finally {
      held.input = out;
      this.#runningCount -= 1;
      if (this.#runningCount === 0) this.#whenIdle?.();
    }
  }

  /**
   * C_Finalize and C_Initialize: some modules see a token that was put back only then. It ends the
   * sessions of all tokens, so it is done only when all users of the module wait for this one.
   */
  async reinitialise(user: ModuleUser): Promise<void> {
    const isAlone = [...this.users].every(({ serialNumber }) => serialNumber === user.serialNumber);
    if (!isAlone || !this.#isOurs) return;
    this.#reinitialising ??= this.#restart().finally(() => {
      this.#reinitialising = undefined;
    });
    await this.#reinitialising;
  }

  async #restart(): Promise<void> {
    if (this.#runningCount > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
      this.#whenIdle = undefined;
    }
    this.finalise();
    this.initialise();
  }

  /** Runs one log-in at a time per token: a second one then finds itself logged in already. */
  async inTurn<T>(serialNumber: string, work: () => Promise<T>): Promise<T> {
    const before = this.#logins.get(serialNumber) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.#logins.set(serialNumber, turn);
    try {
      return await turn;
    } finally {
      if (this.#logins.get(serialNumber) === turn) this.#logins.delete(serialNumber);
    }
  }
}

/** Loaded libraries stay loaded: several of them crash when they are unloaded. */
const bindings = new Map<string, Promise<Pkcs11Binding>>();
const modules = new Map<string, TokenModule>();

/**
 * Loads and initialises a module, or joins those who use it already.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_LIBRARY_MISSING`.
 */
export async function acquireModule(path: string, user: ModuleUser): Promise<TokenModule> {
  const file = await locate(path);
  const loading = bindings.get(file) ?? loadBinding(file);
  bindings.set(file, loading);
  let binding: Pkcs11Binding;
  try {
    binding = await loading;
  } catch (error) {
    bindings.delete(file);
    throw error;
  }
  // From here on nothing waits, so two callers cannot both initialise.
  let module = modules.get(file);
  if (module === undefined) {
    module = new TokenModule(file, binding);
    module.initialise();
    modules.set(file, module);
  }
  module.users.add(user);
  return module;
}

/** Leaves a module; the last one ends it. */
export function releaseModule(module: TokenModule, user: ModuleUser): void {
  if (!module.users.delete(user) || module.users.size > 0) return;
  modules.delete(module.path);
  module.finalise();
}

async function loadBinding(file: string): Promise<Pkcs11Binding> {
  const binding = await createBinding();
  try {
    binding.load(file);
  } catch (cause) {
    throw libraryError(file, cause);
  }
  return binding;
}

/** One name per library; a bare name is left to the system's search. */
async function locate(path: string): Promise<string> {
  if (!/[/\\]/.test(path)) return path;
  try {
    return await realpath(path);
  } catch (cause) {
    throw libraryError(path, cause);
  }
}

function libraryError(path: string, cause: unknown): SignerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `the PKCS#11 module '${path}' cannot be loaded: ${reason}`;
  return new SignerError('SIGNER_TOKEN_LIBRARY_MISSING', message, { cause, details: { path } });
}
