/**
 * Agencies with nothing to do, many in one process: `node idle-agencies.ts URL`.
 *
 * Takes `{agencies}` once over IPC, says `{connected}` after each and `{ready}` when all of them pull
 * both lanes; ends when its parent lets go of it.
 */
import { once } from 'node:events';

import { LANES, type AgencyConnection, connectAgency, parseAgencyCode } from '@congvan/bus';

/** Credentials as text: IPC carries JSON. */
export interface IdleAgency {
  readonly code: string;
  readonly site: string;
  readonly credentials: string;
}

export type IdleTold = { readonly connected: number } | { readonly failed: string };

/** The server gives each two seconds to sign on, and all of them sign in this process. */
const CONNECTIONS_AT_ONCE = 4;
const CONNECT_ATTEMPTS = 10;

const [servers = ''] = process.argv.slice(2);
const stop = new AbortController();
const released = once(process, 'disconnect');
const [{ agencies }] = (await once(process, 'message')) as [{ agencies: readonly IdleAgency[] }];
const connections: AgencyConnection[] = [];
const waiting = agencies.values();
try {
  await Promise.all(Array.from({ length: CONNECTIONS_AT_ONCE }, connectOn));
} catch (error) {
  say({ failed: String(error) });
}
await released;
stop.abort();
await Promise.all(connections.map((connection) => connection.close()));

async function connectOn(): Promise<void> {
  for (const agency of waiting) {
    if (!process.connected) return;
    const connection = await connect(agency);
    connections.push(connection);
    for (const lane of LANES) void listen(connection, lane);
    say({ connected: connections.length });
  }
}

/** On a busy machine the server may not wait long enough; agents try again, too. */
async function connect({ code, site, credentials }: IdleAgency): Promise<AgencyConnection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connectAgency({
        servers,
        credentials: new TextEncoder().encode(credentials),
        code: parseAgencyCode(code),
        site,
        name: 'idle',
      });
    } catch (error) {
      if (attempt === CONNECT_ATTEMPTS) throw error;
    }
  }
}

async function listen(connection: AgencyConnection, lane: (typeof LANES)[number]): Promise<void> {
  for await (const batch of connection.inbox(lane, { signal: stop.signal })) {
    for (const message of batch) message.ack();
  }
}

function say(told: IdleTold): void {
  if (process.connected) process.send?.(told);
}
