import { hash } from 'node:crypto';

import { SignerError } from '../../errors.ts';
import type { Certificate } from '../../x509/certificate.ts';
import type { SignatureScheme } from '../../x509/algorithm.ts';
import { verifyRaw } from '../../x509/public-key.ts';
import { chainOf } from '../chain.ts';
import { ecdsaToDer } from '../ecdsa.ts';
import {
  SIGNATURE_SCHEMES,
  type SignatureAlgorithm,
  type Signer,
  chooseAlgorithm,
} from '../signer.ts';
import { chooseRemoteAlgorithm, signHashAlgorithm } from './algorithms.ts';
import {
  type AuthorizationRequest,
  type RemoteContext,
  type RemoteProgress,
  type SecretRequest,
  authorize,
  hashParameters,
  untilDone,
} from './authorize.ts';
import { Batches } from './batches.ts';
import { type GetAccessToken, createCscClient } from './client.ts';
import {
  type ServiceInfo,
  readCredential,
  readCredentialIds,
  readServiceInfo,
} from './credential.ts';
import { invalidAnswer } from './json.ts';

/** How long a person has to confirm, unless told otherwise. */
const PATIENCE_MS = 180_000;
const POLL_MS = 2_000;
/** More signatures are not put into one authorisation, whatever the service allows. */
const MAX_BATCH = 100;

/** Where the service is and how to get at it. */
export interface RemoteServiceOptions {
  /** Address up to the version, such as `https://service.example/csc/v1`. */
  readonly baseUrl: string;
  /** Gets an OAuth 2.0 access token; asked anew when the service refuses one. */
  readonly accessToken: GetAccessToken;
}

/** Which key, and how the person allows its use. */
export interface OpenRemoteSignerOptions extends RemoteServiceOptions {
  readonly credentialId: string;
  /** Asks for the PIN of the key, where the service wants one. */
  readonly pin?: (request: SecretRequest) => Promise<string>;
  /** Asks for a one-time password, where the service wants one. */
  readonly otp?: (request: SecretRequest) => Promise<string>;
  /** Gets an access token with scope `credential`, for keys that are authorised in the browser. */
  readonly credentialToken?: (request: AuthorizationRequest) => Promise<string>;
  /** Issuers, when the service does not give them. */
  readonly chain?: readonly Certificate[];
  /** What {@link Signer.algorithm} shall be. */
  readonly algorithm?: SignatureAlgorithm;
  /** How long a person has to confirm. Default: 3 minutes. */
  readonly patienceMs?: number;
  /** How often the service is asked whether that was done. Default: 2 s. */
  readonly pollMs?: number;
  /** Hears each time before the service is asked again. */
  readonly onProgress?: (progress: RemoteProgress) => void;
}

/** A signer whose key a service keeps. Disposing it calls off what is under way. */
export interface RemoteSigner extends Signer, AsyncDisposable {
  /** What the service calls itself. */
  readonly serviceName: string;
}

/** One signature of a batch. */
interface RemoteInput {
  readonly tbs: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

/**
 * Opens a key that a signing service keeps, by the API of the Cloud Signature Consortium (1.0.4 and
 * 2.0): a hash is sent, a person confirms (PIN, one-time password, a tap on the phone), the
 * signature comes back.
 *
 * Signatures that are asked for together are confirmed together, as many as the service allows at
 * once. Each is checked against the certificate before it is given out.
 *
 * @throws {@link SignerError} `SIGNER_REMOTE_UNAUTHORIZED`, `SIGNER_REMOTE_REFUSED`,
 *   `SIGNER_REMOTE_INVALID`, `SIGNER_FETCH_FAILED`, `SIGNER_FETCH_TOO_LARGE`,
 *   `SIGNER_ALGORITHM_UNSUPPORTED`, `SIGNER_INPUT_INVALID`.
 */
export async function openRemoteSigner(options: OpenRemoteSignerOptions): Promise<RemoteSigner> {
  const client = createCscClient(options.baseUrl, options.accessToken);
  const service = await readServiceInfo(client);
  const credential = await readCredential(client, options.credentialId);
  const { certificate } = credential;
  const context: RemoteContext = {
    client,
    version: service.version,
    credential,
    pin: options.pin,
    otp: options.otp,
    credentialToken: options.credentialToken,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    pollMs: options.pollMs ?? POLL_MS,
    onProgress: options.onProgress ?? (() => undefined),
  };
  const batches = new Batches<RemoteInput>({
    maxCount: Math.min(credential.maxSignatures, MAX_BATCH),
    belongTogether: (a, b) => a.algorithm === b.algorithm,
    run: (inputs, signal) => signBatch(context, service, inputs, signal),
  });
  return {
    certificate,
    chain: chainOf(certificate, [...credential.chain, ...(options.chain ?? [])]),
    algorithm: chooseRemoteAlgorithm(certificate, credential.algorithms, options.algorithm),
    serviceName: service.name,
    async sign(tbs, wanted, { signal } = {}) {
      const algorithm = chooseAlgorithm(certificate, wanted);
      return await batches.add({ tbs, algorithm }, signal);
    },
    async [Symbol.asyncDispose]() {
      await batches.close();
    },
  };
}

/** A key of a service, for a list to choose from. */
export interface ListedCredential {
  readonly credentialId: string;
  readonly certificate: Certificate;
}

/** Lists the keys that the owner of the access token has in a service. */
export async function listRemoteCredentials(
  options: RemoteServiceOptions,
): Promise<ListedCredential[]> {
  const client = createCscClient(options.baseUrl, options.accessToken);
  const listed: ListedCredential[] = [];
  for (const credentialId of await readCredentialIds(client)) {
    const { certificate } = await readCredential(client, credentialId);
    listed.push({ credentialId, certificate });
  }
  return listed;
}

async function signBatch(
  context: RemoteContext,
  service: ServiceInfo,
  inputs: readonly RemoteInput[],
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  const scheme = SIGNATURE_SCHEMES[first.algorithm];
  const hashes = inputs.map(({ tbs }) => hash(scheme.hash, tbs, 'base64'));
  const { certificate, algorithms } = context.credential;
  const named = signHashAlgorithm(first.algorithm, algorithms);
  if (named === undefined) {
    const message = `the signing service does not offer '${first.algorithm}'`;
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', message);
  }
  const signatures = await signHashes(context, service, hashes, { scheme, named }, signal);
  return inputs.map(({ tbs }, index) => {
    const signature = readSignature(scheme, certificate, tbs, signatures[index] ?? '');
    if (signature !== undefined) return signature;
    throw invalidAnswer('signatures/signHash', 'a signature does not fit the certificate');
  });
}

/** Calls `signatures/signHash` (CSC API 1.0.4 §11.9, 2.0 §11.10), with polling where it is offered. */
async function signHashes(
  context: RemoteContext,
  service: ServiceInfo,
  hashes: readonly string[],
  how: { readonly scheme: SignatureScheme; readonly named: object },
  signal: AbortSignal,
): Promise<string[]> {
  const { client, version, credential, patienceMs } = context;
  const sad = await authorize(context, hashes, how.scheme.hash, signal);
  const first = await client.call(
    'signatures/signHash',
    {
      credentialID: credential.id,
      SAD: sad,
      ...hashParameters(version, hashes, how.scheme.hash),
      ...how.named,
      ...(service.isAsynchronous && version === 2 ? { operationMode: 'A' } : {}),
    },
    { timeoutMs: patienceMs, signal, secrets: [sad] },
  );
  const responseId = first.value.text('responseID');
  const answer =
    responseId === undefined
      ? first
      : await untilDone(
          context,
          'signing',
          { ...first, isPending: true },
          signal,
          async (_, pollOptions) =>
            await client.call('signatures/signPolling', { requestID: responseId }, pollOptions),
        );
  const signatures = answer.value.texts('signatures');
  if (signatures.length !== hashes.length) {
    const reason = `${signatures.length} signatures for ${hashes.length} hashes`;
    throw invalidAnswer('signatures/signHash', reason);
  }
  return signatures;
}

/** The API does not say in which form ECDSA signatures come: some services give r and s side by side. */
function readSignature(
  scheme: SignatureScheme,
  certificate: Certificate,
  tbs: Uint8Array,
  text: string,
): Uint8Array | undefined {
  const given = Buffer.from(text, 'base64');
  if (verifyRaw(scheme, certificate.publicKey, tbs, given)) return given;
  if (scheme.family !== 'ecdsa' || given.length === 0 || given.length % 2 !== 0) return undefined;
  const der = ecdsaToDer(given);
  return verifyRaw(scheme, certificate.publicKey, tbs, der) ? der : undefined;
}
