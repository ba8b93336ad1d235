import { SignerError } from '../errors.ts';

/** Limits of one exchange with a TSA, an OCSP responder, a CRL server or a signing service. */
export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const DEFAULT_EXCHANGE_LIMITS: ExchangeLimits = {
  timeoutMs: 15_000,
  maxBytes: 16 * 1024 * 1024,
};

/** One request; a body makes it a POST. */
export interface ExchangeRequest {
  readonly url: string;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits?: ExchangeLimits;
  /** `error` for requests with secrets in them. Default: `follow`. */
  readonly redirect?: 'follow' | 'error';
  readonly signal?: AbortSignal;
}

export interface ExchangeResponse {
  readonly status: number;
  /** Without its parameters, in lower case. */
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/**
 * One HTTP exchange with bounded time and size. Any status is an answer; the caller judges it.
 *
 * Redirects are followed, by `fetch` only to http and https addresses.
 *
 * @throws {@link SignerError} `SIGNER_FETCH_FAILED`, `SIGNER_FETCH_TOO_LARGE`; both name the URL
 *   without its query.
 */
export async function exchange(request: ExchangeRequest): Promise<ExchangeResponse> {
  const { timeoutMs, maxBytes } = request.limits ?? DEFAULT_EXCHANGE_LIMITS;
  const url = readUrl(request.url);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: request.body === undefined ? 'GET' : 'POST',
      headers: request.headers ?? {},
      body: request.body ?? null,
      redirect: request.redirect ?? 'follow',
      signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
    });
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const body = await readBody(response, maxBytes, url);
    return { status: response.status, mediaType: mediaType.trim().toLowerCase(), body };
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    const shown = withoutQuery(url);
    throw new SignerError('SIGNER_FETCH_FAILED', `'${shown}' does not answer: ${reasonOf(cause)}`, {
      cause,
      details: { url: shown },
    });
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new SignerError('SIGNER_FETCH_FAILED', `'${text}' is no http or https address`, {
      details: { url: text },
    });
  }
  if (url.username !== '' || url.password !== '') {
    // `fetch` would refuse it too, and say the password in its error.
    const shown = withoutQuery(url);
    const message = `the address of '${shown}' holds a user name or password`;
    throw new SignerError('SIGNER_FETCH_FAILED', message, { details: { url: shown } });
  }
  return url;
}

/** Queries may carry access tokens. */
function withoutQuery(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function readBody(response: Response, maxBytes: number, url: URL): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
  for await (const part of stream ?? []) {
    bytes += part.length;
    if (bytes > maxBytes) {
      const shown = withoutQuery(url);
      const message = `'${shown}' answers with more than ${maxBytes} bytes`;
      throw new SignerError('SIGNER_FETCH_TOO_LARGE', message, {
        details: { url: shown, maxBytes },
      });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** `fetch` hides why it failed in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
