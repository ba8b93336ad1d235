import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';

import { httpFailed, isLoopback } from '../http/address.ts';
import { type RelayLog, describeError } from '../log.ts';
import type { AlertStore } from '../storage/alert-store.ts';
import { type Told, digest } from './digest.ts';
import type { AlertChange } from './ledger.ts';
import { type LookUpAll, lookupAllowed, refuseAddress } from './webhook-address.ts';

export interface Webhook {
  readonly url: string;
  readonly secret: string;
  /** Addresses inside the own network are wanted. */
  readonly privateNetwork: boolean;
}

export interface WebhookOptions {
  readonly store: AlertStore;
  readonly hooks: readonly Webhook[];
  readonly relay: string;
  readonly now: () => Date;
  readonly log: RelayLog;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Left out: as the machine looks names up. */
  readonly lookUp?: LookUpAll;
}

/** Of one address; the oldest go first, and the log says so. */
export const MAX_WAITING_MESSAGES = 1_000;
const MESSAGES_PER_TURN = 50;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 60 * 60_000;
const GIVE_UP_AFTER_MS = 3 * 24 * 60 * 60_000;
const TIMEOUT_MS = 10_000;

/**
 * Tells other systems of alerts: `POST` with JSON, in order, kept over restarts until somebody takes
 * it with a 2xx.
 *
 * `Congvan-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 of `SECONDS.BODY` with the secret of both: who
 * has it can tell that the message is ours, whole and new. Redirects are not followed.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #stop = new AbortController();
  #turn: Promise<void> | undefined;

  /** @throws {@link BusError} `BUS_HTTP_FAILED` for an address outside this machine without TLS. */
  constructor(options: WebhookOptions) {
    for (const { url } of options.hooks) {
      const { protocol, hostname } = new URL(url);
      if (protocol === 'https:' || isLoopback(bareHost(hostname))) continue;
      throw httpFailed(`webhooks: ${url}: https is wanted outside this machine`);
    }
    this.#options = options;
  }

  /** Puts changes into the queue; belongs into the transaction that makes them. */
  queue(changes: readonly AlertChange[]): void {
    const { hooks, store, now, relay, log } = this.#options;
    const bodies = digest(changes).map((told) => JSON.stringify({ relay, ...messageOf(told) }));
    for (const { url } of hooks) {
      let lost = 0;
      for (const body of bodies) {
        lost += store.addMessage(url, body, now().getTime(), MAX_WAITING_MESSAGES);
      }
      if (lost > 0) log('error', 'webhook queue full', { host: new URL(url).host, lost });
    }
  }

  /** Sends what is due; a turn that still runs is not doubled. */
  send(): Promise<void> {
    this.#turn ??= Promise.all(this.#options.hooks.map((hook) => this.#sendTo(hook)))
      .then(() => undefined)
      .finally(() => {
        this.#turn = undefined;
      });
    return this.#turn;
  }

  /** What waits stays in the queue. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#turn?.catch(() => undefined);
  }

  async #sendTo(hook: Webhook): Promise<void> {
    const { store, now, log, random = Math.random } = this.#options;
    const { host } = new URL(hook.url);
    for (let count = 0; count < MESSAGES_PER_TURN; count += 1) {
      if (this.#stop.signal.aborted) return;
      const message = store.firstMessage(hook.url);
      const nowMs = now().getTime();
      if (message === undefined || message.nextMs > nowMs) return;
      if (nowMs - message.createdMs > GIVE_UP_AFTER_MS) {
        log('error', 'webhook message given up', { host, tries: message.tryCount });
        store.removeMessage(message.id);
        continue;
      }
      try {
        const seconds = Math.floor(nowMs / 1_000);
        const status = await this.#post(hook, message.body, seconds);
        if (status >= 200 && status < 300) {
          store.removeMessage(message.id);
          continue;
        }
        log('warn', 'webhook refused', { host, status });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        log('warn', 'webhook not reached', { host, ...describeError(error) });
      }
      const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** message.tryCount, LONGEST_RETRY_MS);
      // Half of it by chance: receivers that come back are not overrun by all relays at once.
      store.retryMessage(message.id, nowMs + Math.floor(pauseMs * (0.5 + random() / 2)));
      return;
    }
  }

  /** @returns the status; the answer's body is not read, and a redirect is an answer like others. */
  #post(hook: Webhook, body: string, seconds: number): Promise<number> {
    const url = new URL(hook.url);
    const host = bareHost(url.hostname);
    const local = isLoopback(host);
    if (!local && isIP(host) !== 0) refuseAddress(host, hook.privateNetwork);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const lookup = lookupAllowed(hook.privateNetwork, this.#options.lookUp);
    return new Promise((resolve, reject) => {
      const asked = send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'congvan-relay',
          'congvan-signature': signMessage(hook.secret, seconds, body),
        },
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        agent: false,
        ...(local ? {} : { lookup }),
      });
      asked.on('response', (answer) => {
        answer.destroy();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

function messageOf(told: Told): object {
  if (!('alerts' in told)) return { event: `alert.${told.event}`, alert: told.alert };
  const { event, ...rest } = told;
  return { event: `alerts.${event}`, ...rest };
}

/** @returns the value of `Congvan-Signature`. */
function signMessage(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

function bareHost(hostname: string): string {
  return hostname.replaceAll(/[[\]]/g, '');
}
