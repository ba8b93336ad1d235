import * as z from 'zod';

import { BusError } from '../errors.ts';
import { MONITOR_INBOX_PREFIX } from '../permission/user.ts';
import type { ClaimsOptions } from './claims.ts';
import { openConnection } from './connection.ts';
import { type PeerState, toPeerState } from './peer-state.ts';
import { request } from './request.ts';

const REQUEST_TIMEOUT_MS = 2_000;
/** A server says nothing at all of an account that it does not know. */
const LOOKUP_TIMEOUT_MS = 1_000;

/** What one server says of its own JetStream. */
export interface JetStreamState {
  readonly usedBytes: number;
  readonly maxBytes: number;
  /** Of the servers together; `null`: this one knows of none. A server alone leads itself. */
  readonly leader: string | null;
  /** The other servers, where this one knows how they are: the leader does, from 2.10 on all do. */
  readonly peers: readonly PeerState[];
}

export interface ServerState {
  /** The server's clock minus ours, in milliseconds; half the round trip is not known. */
  readonly clockDifferenceMs: number;
  /** `null`: it runs without, as after a write that failed. */
  readonly jetStream: JetStreamState | null;
}

/** Reads how one server is, and changes nothing. */
export interface ServerMonitor extends AsyncDisposable {
  /** @throws {@link BusError} `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`. */
  state(now: () => Date): Promise<ServerState>;
  /**
   * The JWT of an account that this server goes by. Of one that it has not needed yet, that of any
   * server of its cluster: they give each other the newer one every two minutes.
   */
  readAccount(publicKey: string): Promise<string | undefined>;
}

const replicaSchema = z.object({
  name: z.string().max(256),
  current: z.boolean().default(false),
  offline: z.boolean().default(false),
  active: z.number().default(0),
  lag: z.number().nonnegative().default(0),
});
const stateSchema = z.object({
  server: z.object({ time: z.iso.datetime({ offset: true }) }),
  data: z.object({
    disabled: z.boolean().default(false),
    storage: z.number().nonnegative().default(0),
    config: z.object({ max_storage: z.number().nonnegative() }).optional(),
    meta_cluster: z
      .object({
        leader: z.string().max(256).default(''),
        replicas: z.array(replicaSchema).default([]),
      })
      .optional(),
  }),
});
const accountSchema = z.object({
  data: z.object({ account_detail: z.object({ jwt: z.string().min(1) }) }),
});

/** @throws {@link BusError} `BUS_CONNECT_FAILED`. */
export async function openMonitor(options: ClaimsOptions): Promise<ServerMonitor> {
  const { nats, close } = await openConnection(options, 'server monitor', MONITOR_INBOX_PREFIX);
  const ask = async <T>(schema: z.ZodType<T>, what: string, body = ''): Promise<T | undefined> => {
    const subject = `$SYS.REQ.SERVER.${nats.info?.server_id ?? ''}.${what}`;
    const { data } = await request(nats, subject, body, REQUEST_TIMEOUT_MS);
    const read = z.safeParse(schema, parseJson(data));
    return read.success ? read.data : undefined;
  };
  return {
    state: async (now) => {
      const startedMs = performance.now();
      const sentMs = now().getTime();
      const answer = await ask(stateSchema, 'JSZ');
      if (answer === undefined) {
        const message = 'the server does not say how its JetStream is';
        throw new BusError('BUS_REQUEST_UNANSWERED', message, { details: {} });
      }
      const { server, data } = answer;
      const halfTripMs = (performance.now() - startedMs) / 2;
      const clockDifferenceMs = Math.round(Date.parse(server.time) - sentMs - halfTripMs);
      if (data.disabled || data.config === undefined) return { clockDifferenceMs, jetStream: null };
      const { leader = nats.info?.server_name ?? '', replicas = [] } = data.meta_cluster ?? {};
      return {
        clockDifferenceMs,
        jetStream: {
          usedBytes: data.storage,
          maxBytes: data.config.max_storage,
          leader: leader === '' ? null : leader,
          peers: replicas.map(toPeerState),
        },
      };
    },
    readAccount: async (publicKey) => {
      const own = await ask(accountSchema, 'ACCOUNTZ', JSON.stringify({ account: publicKey }));
      if (own !== undefined) return own.data.account_detail.jwt;
      const subject = `$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`;
      const answer = nats.request(subject, '', { timeout: LOOKUP_TIMEOUT_MS });
      const text = await answer.then(
        (message) => message.string(),
        () => '',
      );
      return text === '' ? undefined : text;
    },
    [Symbol.asyncDispose]: close,
  };
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
