import { join } from 'node:path';

import type { AgencyConnection } from '@congvan/bus';
import { keepLists, knownLists } from '@congvan/signer';

import { sleep } from '../condition/storage-guard.ts';
import type { AgentCore } from '../core.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { TlsSettings } from '../home/tls.ts';
import { Signal, untilAborted } from '../signal.ts';
import { dueAt } from './due.ts';
import { type RenewCore, readLifetimes, renew } from './renew.ts';

/** Lives are counted in weeks; a machine that slept finds out within the hour. */
const LOOK_EVERY_MS = 3_600_000;
const FIRST_RETRY_MS = 60_000;
/** Entries reach other sites within seconds, after a cut line within minutes. */
const NODE_SPREAD_MS = 600_000;
/** All agents of a site hear of a change at once. */
const ASK_SPREAD_MS = 2_000;

export interface FreshDeps {
  readonly core: RenewCore & Pick<AgentCore, 'trust'>;
  readonly layout: HomeLayout;
  readonly connection: AgencyConnection;
  readonly tls: TlsSettings | undefined;
  /** Between 0 and 1; the same for one agent, so that it does not put renewals off for ever. */
  readonly random?: number;
  /** How long a new node key waits for its directory entry to reach everybody; default 10 minutes. */
  readonly spreadMs?: number;
}

/**
 * Keeps certificates, broker credentials and revocation lists fresh until `signal`. A failure is told
 * in the log and tried again less and less often: what is there serves on until it ends.
 */
export async function keepFresh(deps: FreshDeps, signal: AbortSignal): Promise<void> {
  await Promise.all([renewInTime(deps, signal), followLists(deps, signal)]);
}

async function renewInTime(deps: FreshDeps, signal: AbortSignal): Promise<void> {
  const { core, layout, connection, tls } = deps;
  const random = deps.random ?? Math.random();
  // The authority may take a minute to answer; no stop waits for it, and the same is asked again later.
  const requestRenewal = async (message: Uint8Array): Promise<Uint8Array> =>
    await untilAborted(() => connection.requestRenewal(message), signal);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const due = dueAt(await readLifetimes(core, layout), core.now().getTime(), random);
      if (due.length > 0) {
        await renew(core, layout, { requestRenewal }, due, async () => {
          await sleep(deps.spreadMs ?? NODE_SPREAD_MS, signal);
          return !signal.aborted;
        });
        await tls?.reload();
        // The server ends a connection when the rights end that it was opened with.
        if (due.includes('credentials') || due.includes('tls')) {
          await untilAborted(() => connection.reconnect(), signal);
        }
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!signal.aborted)
        core.log.warn({ error: String(error) }, 'not renewed, tried again later');
    }
    const waitMs =
      failures === 0 ? LOOK_EVERY_MS : Math.min(FIRST_RETRY_MS * 2 ** failures, LOOK_EVERY_MS);
    await sleep(waitMs * (0.75 + Math.random() / 2), signal);
  }
}

async function followLists(deps: FreshDeps, signal: AbortSignal): Promise<void> {
  const { core, connection, layout } = deps;
  const news = new Signal();
  // Who is revoked leaves the directory too, and that is announced.
  const unsubscribe = connection.onDirectoryChanged(() => news.notify());
  const unwatch = connection.onStatus((status) => {
    if (status === 'connected') news.notify();
  });
  const crls = join(layout.trust, 'crls');
  while (!signal.aborted) {
    try {
      if (connection.status() === 'connected') {
        const known = await knownLists(crls);
        const lists = await untilAborted(() => connection.newRevocationLists(known), signal);
        const kept = await keepLists(crls, lists, core.trust.store);
        if (kept > 0) {
          core.log.info({ lists: kept }, 'revocation lists learned');
          await core.trust.refresh(core.now().getTime(), true);
        }
      }
    } catch (error) {
      if (!signal.aborted) core.log.warn({ error: String(error) }, 'no revocation lists learned');
    }
    await news.wait(LOOK_EVERY_MS, signal);
    await sleep(Math.random() * ASK_SPREAD_MS, signal);
  }
  unsubscribe();
  unwatch();
}
