import { isIPv4 } from 'node:net';

import { SignerError } from '../../errors.ts';
import { type ExchangeResponse, exchange } from '../../http/client.ts';
import { calledOff } from '../lanes.ts';
import { JsonAnswer } from './json.ts';

/** Answers hold a few certificates or signatures, no more. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const CALL_TIMEOUT_MS = 15_000;
const MAX_SHOWN_LENGTH = 200;

/** Why an access token is asked for. */
export interface AccessTokenRequest {
  /** True when the service has just refused the one given before. */
  readonly wasRefused: boolean;
}

/** Gets an OAuth 2.0 access token with scope `service`; nothing here keeps it. */
export type GetAccessToken = (request: AccessTokenRequest) => Promise<string>;

/** One call's options. */
export interface CallOptions {
  /** Some services answer only when a person has pressed a button. Default: 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Texts that must not show up in an error, whatever the service repeats. */
  readonly secrets?: readonly string[];
}

/** Answer of a call: 200, or 202 when the service is still at it. */
export interface CallAnswer {
  readonly isPending: boolean;
  readonly value: JsonAnswer;
}

/** Speaks the protocol of the Cloud Signature Consortium (CSC API 1.0.4 and 2.0). */
export interface CscClient {
  /** The address without a slash at its end. */
  readonly baseUrl: string;
  /**
   * Posts a request.
   *
   * @throws {@link SignerError} `SIGNER_REMOTE_UNAUTHORIZED`, `SIGNER_REMOTE_REFUSED`,
   *   `SIGNER_REMOTE_INVALID`, `SIGNER_FETCH_FAILED`, `SIGNER_FETCH_TOO_LARGE`.
   */
  call(
    method: string,
    parameters: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<CallAnswer>;
}

/**
 * Makes a client.
 *
 * @param baseUrl - address up to the version, such as `https://service.example/csc/v1`. Without TLS
 *   only on this machine.
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID`.
 */
export function createCscClient(baseUrl: string, accessToken: GetAccessToken): CscClient {
  const address = readBaseUrl(baseUrl);
  return {
    baseUrl: address,
    async call(method, parameters, options = {}) {
      const post = async (wasRefused: boolean): Promise<[ExchangeResponse, string]> => {
        const token = await obtainToken(accessToken, wasRefused);
        if (!/^[\x21-\x7e]+$/.test(token)) {
          throw new SignerError('SIGNER_INPUT_INVALID', 'the access token is empty or has blanks');
        }
        return [await send(`${address}/${method}`, token, parameters, options), token];
      };
      let [response, token] = await post(false);
      if (response.status === 401) [response, token] = await post(true);
      return readAnswer(method, response, [token, ...(options.secrets ?? [])]);
    },
  };
}

async function obtainToken(accessToken: GetAccessToken, wasRefused: boolean): Promise<string> {
  try {
    return await accessToken({ wasRefused });
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    const message = 'no access token for the signing service';
    throw new SignerError('SIGNER_REMOTE_UNAUTHORIZED', message, { cause });
  }
}

function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      'the address of a signing service looks like https://service.example/csc/v1',
    );
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isThisMachine(url.hostname))) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `'${url.origin}' is no https address: tokens and PINs would travel in the clear`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

async function send(
  url: string,
  token: string,
  parameters: Readonly<Record<string, unknown>>,
  { timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions,
): Promise<ExchangeResponse> {
  try {
    return await exchange({
      url,
      body: JSON.stringify(parameters),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${token}`,
      },
      limits: { timeoutMs, maxBytes: MAX_ANSWER_BYTES },
      // A redirect would carry PIN and SAD to wherever it points.
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw calledOff(signal);
    throw error;
  }
}

function readAnswer(
  method: string,
  response: ExchangeResponse,
  secrets: readonly string[],
): CallAnswer {
  const { status, body } = response;
  if (status === 200 || status === 202) {
    return { isPending: status === 202, value: JsonAnswer.parse(body, method) };
  }
  const said = readError(body, secrets);
  const details = { call: method, status, ...(said.error === '' ? {} : { error: said.error }) };
  const words = [said.error, said.description].filter((text) => text !== '').join(': ');
  const shown = words === '' ? `status ${status}` : words;
  if (status === 401 || said.error === 'invalid_token') {
    throw new SignerError(
      'SIGNER_REMOTE_UNAUTHORIZED',
      `the signing service refuses the access token: ${shown}`,
      { details },
    );
  }
  if (status === 429 || status >= 500) {
    throw new SignerError('SIGNER_FETCH_FAILED', `the signing service cannot answer: ${shown}`, {
      details,
    });
  }
  if (status < 400) throw new SignerError('SIGNER_REMOTE_INVALID', `status ${status}`, { details });
  throw new SignerError('SIGNER_REMOTE_REFUSED', `the signing service refuses: ${shown}`, {
    details,
  });
}

/** `error` and `error_description` (CSC API 1.0.4 §10.1), without what must stay secret. */
function readError(
  body: Uint8Array,
  secrets: readonly string[],
): { readonly error: string; readonly description: string } {
  try {
    const answer = JsonAnswer.parse(body, 'error');
    const show = (member: string): string => {
      let text = answer.text(member) ?? '';
      for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '…');
      return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, MAX_SHOWN_LENGTH);
    };
    return { error: show('error'), description: show('error_description') };
  } catch {
    return { error: '', description: '' };
  }
}
