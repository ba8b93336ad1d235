import { hash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import { type ExchangeResponse, exchange } from '../http/client.ts';
import type { TrustStore } from '../path/trust-store.ts';

/** Limits of one call that fetches validation data. */
export interface FetchLimits {
  /** Requests in all. */
  readonly maxFetches: number;
  /** Bytes of all answers together. */
  readonly maxBytes: number;
  /** For one request. */
  readonly timeoutMs: number;
  /** For the whole call: after it no further request is begun. */
  readonly totalTimeoutMs: number;
}

export const DEFAULT_FETCH_LIMITS: FetchLimits = {
  maxFetches: 64,
  maxBytes: 64 * 1024 * 1024,
  timeoutMs: 10_000,
  totalTimeoutMs: 30_000,
};

/** What is asked for, and what may come back. */
export interface FetchRequest {
  readonly url: string;
  /** With a body it is a POST of that media type. */
  readonly post?: { readonly body: Uint8Array; readonly mediaType: string };
  readonly maxBytes: number;
  /**
   * For a certificate that leads to no anchor so far: anybody can make such, so half of every limit is
   * kept for those that do.
   */
  readonly isGuess?: boolean;
}

/** Answers that proved usable, until they are out of date. */
const MAX_KEPT_ANSWERS = 256;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

interface KeptAnswer {
  readonly body: Uint8Array;
  readonly until: Date;
}

/** Answers and running requests that several calls with the same trust store share. */
class FetchCache {
  private readonly kept = new Map<string, KeptAnswer>();
  private readonly running = new Map<string, Promise<ExchangeResponse>>();
  private keptBytes = 0;

  get(key: string, at: Date): Uint8Array | undefined {
    const answer = this.kept.get(key);
    return answer !== undefined && at < answer.until ? answer.body : undefined;
  }

  /** Keeps an answer; the oldest ones give way. */
  keep(key: string, body: Uint8Array, until: Date): void {
    this.drop(key);
    if (body.length > MAX_KEPT_BYTES) return;
    this.kept.set(key, { body, until });
    this.keptBytes += body.length;
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT_ANSWERS && this.keptBytes <= MAX_KEPT_BYTES) break;
      this.drop(oldest);
    }
  }

  private drop(key: string): void {
    this.keptBytes -= this.kept.get(key)?.body.length ?? 0;
    this.kept.delete(key);
  }

  /** One request at a time for the same thing; whoever asks meanwhile gets the same answer. */
  share(key: string, send: () => Promise<ExchangeResponse>): Promise<ExchangeResponse> {
    const running = this.running.get(key);
    if (running !== undefined) return running;
    const sent = send().finally(() => this.running.delete(key));
    this.running.set(key, sent);
    return sent;
  }
}

const caches = new WeakMap<TrustStore, FetchCache>();

function cacheOf(trust: TrustStore): FetchCache {
  const cache = caches.get(trust) ?? new FetchCache();
  caches.set(trust, cache);
  return cache;
}

/** An answer, with a way to keep it for later once it has proved usable. */
export interface Fetched {
  readonly body: Uint8Array;
  readonly isFromCache: boolean;
  keepUntil(until: Date): void;
}

/** Fetches within the limits of one call. Failures are reported, not thrown. */
export class Fetcher {
  private readonly cache: FetchCache;
  private readonly at: Date;
  private readonly limits: FetchLimits;
  private readonly mayFetch: (url: URL) => boolean;
  private readonly onFailure: (failure: SignerError) => void;
  private readonly startedMs = performance.now();
  private fetchCount = 0;
  private byteCount = 0;

  constructor(options: {
    readonly trust: TrustStore;
    readonly at: Date;
    readonly limits: Partial<FetchLimits> | undefined;
    readonly mayFetch: ((url: URL) => boolean) | undefined;
    readonly onFailure: (failure: SignerError) => void;
  }) {
    this.cache = cacheOf(options.trust);
    this.at = options.at;
    this.limits = { ...DEFAULT_FETCH_LIMITS, ...options.limits };
    this.mayFetch = options.mayFetch ?? (() => true);
    this.onFailure = options.onFailure;
  }

  /**
   * Fetches over http or https; `undefined` after a failure.
   *
   * @param isFresh - asks the server even if an answer has been kept.
   */
  async fetch(request: FetchRequest, isFresh = false): Promise<Fetched | undefined> {
    const { url, post } = request;
    const key = post === undefined ? url : `${url}\n${hash('sha256', post.body)}`;
    const kept = isFresh ? undefined : this.cache.get(key, this.at);
    const keep = (body: Uint8Array) => (until: Date) => this.cache.keep(key, body, until);
    if (kept !== undefined) return { body: kept, isFromCache: true, keepUntil: keep(kept) };
    try {
      const { status, body } = await this.cache.share(key, () => this.send(request));
      if (status !== 200) {
        const message = `'${url}' answers with the status ${status}`;
        throw new SignerError('SIGNER_FETCH_FAILED', message, { details: { url, status } });
      }
      return { body, isFromCache: false, keepUntil: keep(body) };
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      this.onFailure(error);
      return undefined;
    }
  }

  private async send(request: FetchRequest): Promise<ExchangeResponse> {
    const { url, post, maxBytes, isGuess = false } = request;
    const { limits } = this;
    if (URL.canParse(url) && !this.mayFetch(new URL(url))) {
      const message = `'${url}' is not asked: the caller does not allow it`;
      throw new SignerError('SIGNER_FETCH_FAILED', message, { details: { url } });
    }
    const part = isGuess ? 0.5 : 1;
    const leftMs = part * (limits.totalTimeoutMs - (performance.now() - this.startedMs));
    const leftBytes = part * limits.maxBytes - this.byteCount;
    if (this.fetchCount >= part * limits.maxFetches || leftBytes <= 0 || leftMs < 1) {
      const message = `'${url}' is not asked: the limit of requests, bytes or time is reached`;
      throw new SignerError('SIGNER_FETCH_FAILED', message, { details: { url } });
    }
    this.fetchCount += 1;
    const response = await exchange({
      url,
      ...(post && { body: post.body, headers: { 'content-type': post.mediaType } }),
      // Whoever made up a certificate shall not send us on to a place that only we can reach.
      redirect: isGuess ? 'error' : 'follow',
      limits: {
        timeoutMs: Math.ceil(Math.min(limits.timeoutMs, leftMs)),
        maxBytes: Math.min(maxBytes, leftBytes),
      },
    });
    this.byteCount += response.body.length;
    return response;
  }
}
