import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { OID, encodeNull, encodeOid, encodeSequence, readDer } from '../der/index.ts';
import { type ServiceRequest, type ServiceResponse, startService } from '../http/server.ts';
import {
  HASH_BYTES,
  type SignatureScheme,
  hashOfOid,
  readAlgorithm,
  readSignatureScheme,
} from '../x509/algorithm.ts';
import { signDigest } from './sign-digest.ts';
import {
  type Parameters,
  Refusal,
  isRecord,
  json,
  readParameters,
  text,
  texts,
} from './signing-service-messages.ts';
import type { TestSigner } from './test-pki.ts';

/** A key the service keeps. */
export interface TestCredential {
  readonly id: string;
  readonly signer: TestSigner;
  readonly pin?: string;
  /** A one-time password, "sent" when the service is told to. */
  readonly otp?: string;
  readonly mode?: 'explicit' | 'implicit' | 'oauth2code';
  /** `2` binds an authorisation to its hashes. Default: `1`. */
  readonly scal?: '1' | '2';
  readonly multisign?: number;
  /** Object identifiers of `key/algo`. Default: the key's own, without a hash. */
  readonly algorithms?: readonly string[];
}

/** Options of {@link startTestSigningService}. */
export interface TestSigningServiceOptions {
  readonly credentials: readonly TestCredential[];
  /** Version of the API. Default: 1. */
  readonly version?: 1 | 2;
  /** Answers signHash at once with a responseID, to be polled (version 2). */
  readonly isAsynchronous?: boolean;
  readonly sadLifetimeMs?: number;
}

/** A running service; the members that can be set say what goes wrong. */
export interface TestSigningService extends AsyncDisposable {
  readonly baseUrl: string;
  /** Access tokens that are accepted; scope `credential` with the second. */
  readonly accessToken: string;
  readonly credentialToken: string;
  /** Methods that were called, in order. */
  readonly calls: string[];
  /** What the person at the phone does; `silent` keeps everybody waiting. */
  phone: 'yes' | 'no' | 'silent';
  /** Signs with another hash than the one that was sent. */
  signsOtherThings: boolean;
  /** Gives ECDSA signatures as r and s side by side. */
  givesBareEcdsa: boolean;
  /** Answers the next call with this. */
  nextAnswer: ServiceResponse | undefined;
}

/** An authorisation that was given. */
interface Activation {
  readonly credential: TestCredential;
  readonly hashes: ReadonlySet<string>;
  readonly expiresMs: number;
  remaining: number;
}

interface State {
  readonly options: TestSigningServiceOptions;
  readonly service: TestSigningService;
  readonly activations: Map<string, Activation>;
  /** Authorisations that wait for the phone, by handle. */
  readonly pending: Map<string, Activation>;
  /** Signatures that are to be polled, by responseID. */
  readonly results: Map<string, readonly string[]>;
}

const SAD_LIFETIME_MS = 60_000;
const PHONE_POLL_MS = 5;

/**
 * Starts a signing service on this machine that speaks the API of the Cloud Signature Consortium,
 * version 1.0.4 or 2.0: for tests of ours and of those who sign remotely.
 */
export async function startTestSigningService(
  options: TestSigningServiceOptions,
): Promise<TestSigningService> {
  const prefix = `/csc/v${options.version ?? 1}`;
  const running = await startService({
    routes: new Map([[prefix, (request) => answer(state, request)]]),
  });
  const service: TestSigningService = {
    baseUrl: `${running.url}${prefix}`,
    accessToken: randomBytes(16).toString('base64url'),
    credentialToken: randomBytes(16).toString('base64url'),
    calls: [],
    phone: 'yes',
    signsOtherThings: false,
    givesBareEcdsa: false,
    nextAnswer: undefined,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
  const state: State = {
    options,
    service,
    activations: new Map(),
    pending: new Map(),
    results: new Map(),
  };
  return service;
}

async function answer(state: State, request: ServiceRequest): Promise<ServiceResponse> {
  const { service } = state;
  const method = request.rest.replace(/^\//, '');
  service.calls.push(method);
  const { nextAnswer } = service;
  service.nextAnswer = undefined;
  if (nextAnswer !== undefined) return nextAnswer;
  try {
    if (method !== 'info' && request.headers['authorization'] !== `Bearer ${service.accessToken}`) {
      throw new Refusal('invalid_token', 'The access token is not valid', 401);
    }
    return await dispatch(state, method, readParameters(request));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return json({ error: error.error, error_description: error.message }, error.status);
  }
}

function dispatch(
  state: State,
  method: string,
  parameters: Parameters,
): ServiceResponse | Promise<ServiceResponse> {
  switch (method) {
    case 'info':
      return info(state);
    case 'credentials/list':
      return json({ credentialIDs: state.options.credentials.map(({ id }) => id) });
    case 'credentials/info':
      return json(describeCredential(state, credentialOf(state, parameters)));
    case 'credentials/sendOTP':
    case 'credentials/getChallenge':
      credentialOf(state, parameters);
      return json({});
    case 'credentials/authorize':
      return authorize(state, parameters);
    case 'credentials/authorizeCheck':
      return authorizeCheck(state, text(parameters, 'handle'));
    case 'signatures/signHash':
      return signHash(state, parameters);
    case 'signatures/signPolling':
      return signPolling(state, text(parameters, 'requestID'));
    default:
      throw new Refusal('invalid_request', `Method ${method} is not known`, 404);
  }
}

function info({ options }: State): ServiceResponse {
  const isSecond = options.version === 2;
  return json({
    specs: isSecond ? '2.0.0.2' : '1.0.4.0',
    name: 'Dịch vụ ký số thử nghiệm',
    region: 'VN',
    lang: 'vi',
    description: 'For tests',
    authType: ['external'],
    ...(isSecond ? { asynchronousOperationMode: options.isAsynchronous === true } : {}),
    methods: [
      'credentials/list',
      'credentials/info',
      'credentials/authorize',
      'signatures/signHash',
    ],
  });
}

function describeCredential({ options }: State, credential: TestCredential): object {
  const { signer, mode = 'explicit', scal = '1', multisign = 1 } = credential;
  const { asymmetricKeyDetails } = signer.certificate.publicKey;
  const certificates = [signer.certificate, ...signer.chain];
  return {
    key: {
      status: 'enabled',
      algo: algorithmsOf(credential),
      len: asymmetricKeyDetails?.modulusLength ?? 256,
    },
    cert: {
      status: 'valid',
      certificates: certificates.map(({ der }) => Buffer.from(der).toString('base64')),
    },
    ...(options.version === 2
      ? { auth: { mode, objects: authenticationObjects(credential) } }
      : { authMode: mode, ...presences(credential) }),
    SCAL: scal,
    multisign,
  };
}

function algorithmsOf({ signer, algorithms }: TestCredential): readonly string[] {
  const isRsa = signer.certificate.publicKey.asymmetricKeyType === 'rsa';
  return algorithms ?? [isRsa ? OID.rsaEncryption : OID.ecPublicKey];
}

function presences({ pin, otp }: TestCredential): object {
  return {
    PIN: { presence: pin === undefined ? 'false' : 'true', label: 'Mã PIN' },
    OTP: { presence: otp === undefined ? 'false' : 'true', type: 'online', label: 'Mã OTP' },
  };
}

function authenticationObjects({ pin, otp }: TestCredential): object[] {
  const pinObject = { type: 'Password', id: 'PIN', format: 'N', label: 'Mã PIN' };
  const otpObject = { type: 'ChallengeResponse', id: 'OTP', format: 'N', label: 'Mã OTP' };
  return [...(pin === undefined ? [] : [pinObject]), ...(otp === undefined ? [] : [otpObject])];
}

async function authorize(state: State, parameters: Parameters): Promise<ServiceResponse> {
  const credential = credentialOf(state, parameters);
  const { numSignatures: count } = parameters;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw new Refusal('invalid_request', 'Invalid value for parameter numSignatures');
  }
  if (count > (credential.multisign ?? 1)) {
    throw new Refusal('invalid_request', 'Numbers of signatures is too high');
  }
  const hashes = texts(parameters, state.options.version === 2 ? 'hashes' : 'hash');
  if (credential.scal === '2' && hashes.length === 0) {
    throw new Refusal('invalid_request', 'Missing (or invalid type) array parameter hash');
  }
  checkSecrets(state, credential, parameters);
  const lifetimeMs = state.options.sadLifetimeMs ?? SAD_LIFETIME_MS;
  const expiresMs = Date.now() + lifetimeMs;
  const activation = { credential, hashes: new Set(hashes), expiresMs, remaining: count };
  if (state.options.version === 2 && state.service.phone !== 'yes') {
    const handle = randomBytes(12).toString('base64url');
    state.pending.set(handle, activation);
    return json({ handle }, 202);
  }
  // Version 1 knows no polling: the answer comes when the person has answered.
  while (state.service.phone === 'silent') await sleep(PHONE_POLL_MS);
  return activate(state, activation);
}

function checkSecrets(state: State, credential: TestCredential, parameters: Parameters): void {
  for (const [name, wanted] of [
    ['PIN', credential.pin],
    ['OTP', credential.otp],
  ] as const) {
    const given = state.options.version === 2 ? authData(parameters, name) : parameters[name];
    if (wanted !== undefined && given !== wanted) {
      // A careless service repeats what it got.
      const error =
        state.options.version === 2
          ? 'invalid_authentication_data'
          : `invalid_${name.toLowerCase()}`;
      throw new Refusal(error, `The ${name} ${String(given)} is invalid`);
    }
  }
}

function authData(parameters: Parameters, id: string): unknown {
  const list: unknown = parameters['authData'];
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  return entries.filter(isRecord).find((entry) => entry['id'] === id)?.['value'];
}

function authorizeCheck(state: State, handle: string): ServiceResponse {
  const activation = state.pending.get(handle);
  if (activation === undefined) throw new Refusal('invalid_request', 'Invalid parameter handle');
  if (state.service.phone === 'silent') return json({ handle }, 202);
  state.pending.delete(handle);
  return activate(state, activation);
}

function activate(state: State, activation: Activation): ServiceResponse {
  if (state.service.phone === 'no') throw new Refusal('access_denied', 'The user declined');
  const sad = randomBytes(24).toString('base64url');
  state.activations.set(sad, activation);
  return json({ SAD: sad, expiresIn: 60 });
}

function signHash(state: State, parameters: Parameters): ServiceResponse {
  const isSecond = state.options.version === 2;
  const credential = credentialOf(state, parameters);
  const hashes = texts(parameters, isSecond ? 'hashes' : 'hash');
  if (hashes.length === 0) throw new Refusal('invalid_request', 'Empty hash array');
  const scheme = schemeOf(credential, parameters, isSecond ? 'hashAlgorithmOID' : 'hashAlgo');
  const digests = hashes.map((text64) => Buffer.from(text64, 'base64'));
  if (digests.some(({ length }) => length !== HASH_BYTES[scheme.hash])) {
    throw new Refusal('invalid_request', 'Invalid digest value length');
  }
  useActivation(state, credential, text(parameters, 'SAD'), hashes);
  const signatures = digests.map((digest) => makeSignature(state, credential, scheme, digest));
  if (!isSecond || parameters['operationMode'] !== 'A') return json({ signatures });
  const responseID = randomBytes(12).toString('base64url');
  state.results.set(responseID, signatures);
  return json({ responseID });
}

function signPolling(state: State, requestId: string): ServiceResponse {
  const signatures = state.results.get(requestId);
  if (signatures === undefined) throw new Refusal('invalid_request', 'Invalid parameter requestID');
  if (state.service.phone !== 'silent') return json({ signatures });
  const error_description = 'The request has been accepted but is not completed yet';
  return json({ error: 'accepted_request', error_description }, 202);
}

function useActivation(
  state: State,
  credential: TestCredential,
  sad: string,
  hashes: readonly string[],
): void {
  if (credential.mode === 'oauth2code') {
    if (sad === state.service.credentialToken) return;
    throw new Refusal('invalid_request', 'Invalid parameter SAD');
  }
  const activation = state.activations.get(sad);
  if (activation === undefined || activation.credential !== credential) {
    throw new Refusal('invalid_request', 'Invalid parameter SAD');
  }
  if (Date.now() > activation.expiresMs) throw new Refusal('invalid_request', 'SAD expired');
  const isBound = credential.scal === '2';
  if (isBound && hashes.some((one) => !activation.hashes.has(one))) {
    throw new Refusal('invalid_request', 'Hash is not authorized by the SAD');
  }
  if (hashes.length > activation.remaining) {
    throw new Refusal('invalid_request', 'Numbers of signatures is too high');
  }
  activation.remaining -= hashes.length;
}

/** What `signAlgo`, its parameters and the hash algorithm mean together. */
function schemeOf(
  credential: TestCredential,
  parameters: Parameters,
  hashName: string,
): SignatureScheme {
  const signAlgo = text(parameters, 'signAlgo');
  if (!algorithmsOf(credential).includes(signAlgo)) {
    throw new Refusal('invalid_request', 'Invalid parameter signAlgo');
  }
  const hash = hashOfOid(text(parameters, hashName));
  if (hash === undefined) throw new Refusal('invalid_request', `Invalid parameter ${hashName}`);
  if (signAlgo === OID.rsaEncryption) return { family: 'rsa-pkcs1', hash };
  if (signAlgo === OID.ecPublicKey) return { family: 'ecdsa', hash };
  const given = parameters['signAlgoParams'];
  const none = signAlgo.startsWith('1.2.840.113549') ? encodeNull() : new Uint8Array(0);
  const extra = typeof given === 'string' ? Buffer.from(given, 'base64') : none;
  const scheme = readSignatureScheme(
    readAlgorithm(readDer(encodeSequence(encodeOid(signAlgo), extra))),
  );
  if (scheme === undefined || scheme.hash !== hash) {
    throw new Refusal('invalid_request', `Invalid parameter ${hashName}`);
  }
  return scheme;
}

function makeSignature(
  { service }: State,
  { signer }: TestCredential,
  scheme: SignatureScheme,
  digest: Uint8Array,
): string {
  const signed = service.signsOtherThings ? randomBytes(digest.length) : digest;
  const signature = signDigest(signer.keys.privateKey, scheme, signed);
  const isBare = scheme.family === 'ecdsa' && service.givesBareEcdsa;
  return Buffer.from(isBare ? bareEcdsa(signature, digest.length) : signature).toString('base64');
}

/** r and s side by side, for curves as long as the hash. */
function bareEcdsa(der: Uint8Array, bytes: number): Uint8Array {
  const numbers = readDer(der)
    .children()
    .map(({ content }) => Buffer.from(content));
  return Buffer.concat(
    numbers.map((number) => Buffer.concat([Buffer.alloc(bytes), number]).subarray(-bytes)),
  );
}

function credentialOf({ options }: State, parameters: Parameters): TestCredential {
  const id = text(parameters, 'credentialID');
  const credential = options.credentials.find((one) => one.id === id);
  if (credential === undefined)
    throw new Refusal('invalid_request', 'Invalid parameter credentialID');
  return credential;
}
