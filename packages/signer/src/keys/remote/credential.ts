import { SignerError } from '../../errors.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import type { CscClient } from './client.ts';
import { type JsonAnswer, invalidAnswer } from './json.ts';

/** Which of the two protocols a service speaks; they differ in names, and 2 can work in steps. */
export type CscVersion = 1 | 2;

/** What a service says about itself. */
export interface ServiceInfo {
  readonly version: CscVersion;
  readonly name: string;
  /** signatures/signHash may be asked for later (operationMode A). */
  readonly isAsynchronous: boolean;
}

/** How a person allows a signature. */
export interface AuthorizationRules {
  /** `explicit`: PIN and OTP through us; `implicit`: by other means; `oauth2code`: in the browser. */
  readonly mode: 'explicit' | 'implicit' | 'oauth2code';
  readonly secrets: readonly SecretRule[];
}

/** One thing the person is asked for. */
export interface SecretRule {
  readonly kind: 'pin' | 'otp';
  /** Name of the authentication object. */
  readonly id: string;
  /** What the service calls it, for the prompt. */
  readonly label: string;
  readonly isOptional: boolean;
  /** The service sends it (SMS) or shows a challenge, when told to. */
  readonly isRequested: boolean;
}

/** A key in the service, with what is needed to use it. */
export interface Credential {
  readonly id: string;
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  /** Object identifiers of the signature algorithms. */
  readonly algorithms: ReadonlySet<string>;
  readonly authorization: AuthorizationRules;
  /** How many signatures one authorisation may be for. */
  readonly maxSignatures: number;
}

const MAX_CERTIFICATES = 16;

/** Calls `info` (CSC API 1.0.4 §11.1). */
export async function readServiceInfo(client: CscClient): Promise<ServiceInfo> {
  const { value } = await client.call('info', {});
  const specs = value.text('specs') ?? '';
  const major = /^(\d+)\./.exec(specs)?.[1] ?? /\/v(\d+)$/.exec(client.baseUrl)?.[1];
  if (major !== '1' && major !== '2') {
    throw invalidAnswer('info', `version '${specs}' is neither 1 nor 2`);
  }
  return {
    version: major === '1' ? 1 : 2,
    name: value.text('name') ?? client.baseUrl,
    isAsynchronous: value.isTrue('asynchronousOperationMode'),
  };
}

/** Calls `credentials/list`: the keys the access token's owner has (CSC API 1.0.4 §11.4). */
export async function readCredentialIds(client: CscClient): Promise<string[]> {
  const { value } = await client.call('credentials/list', {});
  return value.texts('credentialIDs');
}

/**
 * Calls `credentials/info` (CSC API 1.0.4 §11.5).
 *
 * @throws {@link SignerError} `SIGNER_REMOTE_REFUSED` when the key is disabled, `SIGNER_REMOTE_INVALID`.
 */
export async function readCredential(client: CscClient, id: string): Promise<Credential> {
  const { value } = await client.call('credentials/info', {
    credentialID: id,
    certificates: 'chain',
    certInfo: false,
    authInfo: true,
  });
  const key = value.object('key');
  if (key?.text('status') === 'disabled') {
    throw new SignerError(
      'SIGNER_REMOTE_REFUSED',
      `the signing service has disabled the key '${id}'`,
    );
  }
  const [certificate, ...chain] = readCertificates(value);
  if (certificate === undefined) throw invalidAnswer('credentials/info', 'no certificate');
  const maxSignatures = value.number('multisign') ?? 1;
  return {
    id,
    certificate,
    chain,
    algorithms: new Set(key?.texts('algo')),
    authorization: readAuthorization(value),
    maxSignatures: Number.isInteger(maxSignatures) && maxSignatures >= 1 ? maxSignatures : 1,
  };
}

function readCertificates(value: JsonAnswer): Certificate[] {
  const texts = value.object('cert')?.texts('certificates') ?? [];
  if (texts.length > MAX_CERTIFICATES) {
    throw invalidAnswer('credentials/info', `${texts.length} certificates`);
  }
  return texts.map((text) => {
    try {
      return parseCertificate(Buffer.from(text, 'base64'));
    } catch (cause) {
      throw invalidAnswer('credentials/info', 'a certificate cannot be read', cause);
    }
  });
}

function readAuthorization(value: JsonAnswer): AuthorizationRules {
  const auth = value.object('auth');
  const mode = auth === undefined ? value.text('authMode') : auth.text('mode');
  if (mode !== 'explicit' && mode !== 'implicit' && mode !== 'oauth2code') {
    throw invalidAnswer('credentials/info', `authorisation mode '${mode ?? ''}'`);
  }
  if (mode !== 'explicit') return { mode, secrets: [] };
  return { mode, secrets: auth === undefined ? readSecrets1(value) : readSecrets2(auth) };
}

/** Version 1: members PIN and OTP. */
function readSecrets1(value: JsonAnswer): SecretRule[] {
  return (['PIN', 'OTP'] as const).flatMap((id) => {
    const rule = value.object(id);
    const presence = rule?.text('presence');
    if (rule === undefined || (presence !== 'true' && presence !== 'optional')) return [];
    return [
      {
        kind: id === 'PIN' ? 'pin' : 'otp',
        id,
        label: rule.text('label') ?? id,
        isOptional: presence === 'optional',
        isRequested: rule.text('type') === 'online',
      } as const,
    ];
  });
}

/** Version 2: authentication objects, each with a type of its own. */
function readSecrets2(auth: JsonAnswer): SecretRule[] {
  return auth.objects('objects').map((object) => {
    const id = object.text('id') ?? '';
    const type = object.text('type') ?? '';
    const isOneTime = object.text('generator') !== undefined || /otp/i.test(id);
    if (id === '') throw invalidAnswer('credentials/info', 'an authentication object without id');
    if (type !== 'Password' && type !== 'ChallengeResponse') {
      throw invalidAnswer('credentials/info', `authentication by '${type}' is not known here`);
    }
    return {
      kind: isOneTime || type === 'ChallengeResponse' ? 'otp' : 'pin',
      id,
      label: object.text('label') ?? id,
      isOptional: false,
      isRequested: type === 'ChallengeResponse',
    };
  });
}
