import { setTimeout as sleep } from 'node:timers/promises';

import { SignerError } from '../../errors.ts';
import type { HashName } from '../../x509/algorithm.ts';
import { calledOff } from '../lanes.ts';
import { hashOid } from './algorithms.ts';
import type { CallAnswer, CallOptions, CscClient } from './client.ts';
import type { Credential, CscVersion, SecretRule } from './credential.ts';
import { invalidAnswer } from './json.ts';

/** What a PIN or a one-time password is asked for. */
export interface SecretRequest {
  readonly credentialId: string;
  /** What the service calls the secret. */
  readonly label: string;
  /** A question of the service that this is the answer to. */
  readonly challenge: string | undefined;
  /** How many signatures it will allow. */
  readonly signatureCount: number;
}

/** What is to be authorised, for a page where the person says yes. */
export interface AuthorizationRequest {
  readonly credentialId: string;
  /** Hashes in base64. */
  readonly hashes: readonly string[];
  /** Object identifier of the hash. */
  readonly hashAlgorithm: string;
  readonly signatureCount: number;
}

/** What the service waits for. */
export interface RemoteProgress {
  /** `authorizing`: a person, mostly at a phone; `signing`: the service itself. */
  readonly phase: 'authorizing' | 'signing';
  readonly elapsedMs: number;
}

/** How to get at one credential, and how patient to be. */
export interface RemoteContext {
  readonly client: CscClient;
  readonly version: CscVersion;
  readonly credential: Credential;
  readonly pin: ((request: SecretRequest) => Promise<string>) | undefined;
  readonly otp: ((request: SecretRequest) => Promise<string>) | undefined;
  readonly credentialToken: ((request: AuthorizationRequest) => Promise<string>) | undefined;
  readonly patienceMs: number;
  readonly pollMs: number;
  readonly onProgress: (progress: RemoteProgress) => void;
}

/** Names of the hash parameters: `hash` and `hashAlgo` in version 1, `hashes` and more in 2. */
export function hashParameters(
  version: CscVersion,
  hashes: readonly string[],
  hash: HashName,
): Readonly<Record<string, unknown>> {
  return version === 1
    ? { hash: hashes, hashAlgo: hashOid(hash) }
    : { hashes, hashAlgorithmOID: hashOid(hash) };
}

/**
 * Has the person allow the signatures, and waits for it.
 *
 * Source: CSC API 1.0.4 §11.6, 2.0 §11.6 and §11.7 (`credentials/authorizeCheck`).
 *
 * @returns the signature activation data.
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when a prompt is missing; see the client for more.
 */
export async function authorize(
  context: RemoteContext,
  hashes: readonly string[],
  hash: HashName,
  signal: AbortSignal,
): Promise<string> {
  const { client, version, credential } = context;
  const signatureCount = hashes.length;
  if (credential.authorization.mode === 'oauth2code') {
    if (context.credentialToken === undefined) {
      throw missing('this key is authorised in the browser', 'credentialToken');
    }
    const request = { credentialId: credential.id, hashes, hashAlgorithm: hashOid(hash) };
    const { credentialToken } = context;
    return await prompt(() => credentialToken({ ...request, signatureCount }), 'browser', signal);
  }
  const secrets = await collectSecrets(context, signatureCount, signal);
  const values = [...secrets.values()];
  const first = await client.call(
    'credentials/authorize',
    {
      credentialID: credential.id,
      numSignatures: signatureCount,
      ...hashParameters(version, hashes, hash),
      ...(version === 1
        ? Object.fromEntries(secrets)
        : { authData: [...secrets].map(([id, value]) => ({ id, value })) }),
    },
    { timeoutMs: context.patienceMs, signal, secrets: values },
  );
  const { value } = await untilDone(
    context,
    'authorizing',
    first,
    signal,
    async (pending, options) => {
      const handle = pending.value.text('handle');
      if (handle === undefined) throw invalidAnswer('credentials/authorize', "no 'handle'");
      return await client.call('credentials/authorizeCheck', { handle }, options);
    },
  );
  const sad = value.text('SAD');
  if (sad === undefined || sad === '') throw invalidAnswer('credentials/authorize', "no 'SAD'");
  return sad;
}

async function collectSecrets(
  context: RemoteContext,
  signatureCount: number,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const { credential } = context;
  const secrets = new Map<string, string>();
  for (const rule of credential.authorization.secrets) {
    const ask = rule.kind === 'pin' ? context.pin : context.otp;
    if (ask === undefined) {
      if (rule.isOptional) continue;
      throw missing(`the signing service wants '${rule.label}'`, rule.kind);
    }
    const challenge = rule.isRequested ? await requestSecret(context, rule, signal) : undefined;
    const { id: credentialId } = credential;
    const request = { credentialId, label: rule.label, challenge, signatureCount };
    secrets.set(rule.id, await prompt(() => ask(request), rule.label, signal));
  }
  return secrets;
}

/** Tells the service to send a one-time password, or to show its question. */
async function requestSecret(
  { client, version, credential }: RemoteContext,
  rule: SecretRule,
  signal: AbortSignal,
): Promise<string | undefined> {
  const parameters = { credentialID: credential.id };
  if (version === 1) {
    await client.call('credentials/sendOTP', parameters, { signal });
    return undefined;
  }
  const named = { ...parameters, authObjectID: rule.id };
  const { value } = await client.call('credentials/getChallenge', named, { signal });
  return value.text('challenge');
}

/**
 * Asks again and again until the answer is there, with pauses, progress and an end.
 *
 * @throws {@link SignerError} `SIGNER_REMOTE_REFUSED` when nobody answered in time.
 */
export async function untilDone(
  context: RemoteContext,
  phase: RemoteProgress['phase'],
  first: CallAnswer,
  signal: AbortSignal,
  askAgain: (pending: CallAnswer, options: CallOptions) => Promise<CallAnswer>,
): Promise<CallAnswer> {
  const startedMs = Date.now();
  let answer = first;
  while (answer.isPending) {
    const elapsedMs = Date.now() - startedMs;
    if (elapsedMs > context.patienceMs) {
      throw new SignerError(
        'SIGNER_REMOTE_REFUSED',
        `nobody confirmed within ${Math.round(context.patienceMs / 1000)} s`,
        { details: { phase } },
      );
    }
    context.onProgress({ phase, elapsedMs });
    await sleep(context.pollMs, undefined, { signal }).catch(() => {
      throw calledOff(signal);
    });
    answer = await askAgain(answer, { signal });
  }
  return answer;
}

/** Asks a person; stops waiting when nobody wants the answer any more. */
async function prompt(
  ask: () => Promise<string>,
  label: string,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted) throw calledOff(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(calledOff(signal));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([ask(), promise]);
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    throw new SignerError('SIGNER_SIGN_FAILED', `'${label}' was not given`, { cause });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function missing(why: string, option: string): SignerError {
  return new SignerError('SIGNER_INPUT_INVALID', `${why}: give \`${option}\``);
}
