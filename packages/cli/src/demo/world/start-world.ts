import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type LocalServer, parseAgencyCode, parseSite, startLocalServer } from '@congvan/bus';
import { openSite, type SiteOptions } from '@congvan/bus/site';
import type { Agent } from '@congvan/node-agent';
import { type Authority, createAuthority, openPkcs12, signCms } from '@congvan/signer';

import { writeSite } from '../../enrolment/registrar.ts';
import type { HomeLayout } from '../../home/layout.ts';
import { CAST, REGISTRAR, RELAY, SITES } from '../agencies.ts';
import { loadTypefaces } from '../../drawing/typefaces.ts';
import { OFFLINE_AT_FIRST } from '../scenario.ts';
import { until } from '../waiting.ts';
import { enrolCast } from './enrol.ts';
import { type CastKeys, issueCastKeys, KEY_COUNT } from './keys.ts';
import { startRelayProcess, type RelayProcess } from './relay-process.ts';
import { AgentTeam } from './agent-team.ts';
import type { DemoContext, World } from './world.ts';

/** The broker of a demo needs little room; the default would reserve a share of the disk. */
const STORE_BYTES = 4 * 1024 ** 3;

/**
 * Builds and starts everything: authority and keys, broker, site service, relay and agents. Nothing is
 * left running when it fails or is stopped in between.
 */
export async function startWorld(context: DemoContext, layout: HomeLayout): Promise<World> {
  await using started = new AsyncDisposableStack();
  const { texts, reporter, signal } = context;
  await mkdir(layout.root, { recursive: true, mode: 0o700 });
  const passphrase = randomBytes(18).toString('base64url');
  const passphraseFile = join(layout.root, 'passphrase');
  await writeFile(passphraseFile, `${passphrase}\n`, { mode: 0o600 });

  // Needed for the first document; it takes half a second that others can use.
  const typefaces = loadTypefaces();
  typefaces.catch(() => undefined);
  const { authority, keys } = await prepareKeys(context, layout, passphrase);
  signal.throwIfAborted();
  const serverStep = reporter.start(texts.startServer);
  const server = await startLocalServer({
    folder: layout.bus,
    sites: SITES.map(parseSite),
    whenRunning: 'refuse',
    maxStoreBytes: STORE_BYTES,
    announce: (line) => reporter.note(line),
  });
  started.use(server);
  serverStep.done(texts.serverRuns(server.version, server.url));

  signal.throwIfAborted();
  const siteStep = reporter.start(texts.startSite);
  const siteOptions = siteOptionsOf(context, layout, server, keys, passphrase);
  await enrolCast({ siteOptions, server, authority, keys, layout });
  const site = started.use(await openSite({ ...siteOptions, servers: server.url }));
  siteStep.done(texts.siteRuns(CAST.length, SITES.join(', ')));

  signal.throwIfAborted();
  const startStep = reporter.start(texts.startParts);
  const relayOptions = { home: layout.root, passphraseFile, env: context.env };
  const team = started.use(new AgentTeam(context, layout, passphrase));
  const first = CAST.filter(({ code }) => !OFFLINE_AT_FIRST.includes(code));
  let relayStarting = startRelayProcess(relayOptions);
  started.defer(async () => await (await relayStarting.catch(() => undefined))?.stop());
  const agents = await Promise.all(first.map(async ({ code }) => await team.start(code)));
  let relay: RelayProcess = await relayStarting;
  await until('the directory reaches every agent', team.signal, () => agents.every(knowsAll));
  await typefaces;
  startStep.done(texts.partsRun(RELAY.code, relay.pid, agents.length, OFFLINE_AT_FIRST.join(', ')));

  const running = started.move();
  return {
    layout,
    passphraseFile,
    server,
    site,
    keys,
    authority,
    signal: team.signal,
    agent: (code) => team.get(code),
    agents: () => team.all(),
    startAgent: async (code) => {
      const agent = await team.start(code);
      await until('the directory reaches the agent', team.signal, () => knowsAll(agent));
      return agent;
    },
    relay: () => relay,
    killRelay: async () => await relay.kill(),
    restartRelay: async () => {
      relayStarting = startRelayProcess(relayOptions);
      relay = await relayStarting;
      return relay;
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

function knowsAll(agent: Agent): boolean {
  return agent.status().directoryEntries > CAST.length;
}

async function prepareKeys(
  { texts, reporter, now }: DemoContext,
  layout: HomeLayout,
  passphrase: string,
): Promise<{ authority: Authority; keys: CastKeys }> {
  const step = reporter.start(texts.makeKeys(KEY_COUNT));
  const authority = await createAuthority({
    folder: layout.ca,
    name: {
      country: 'VN',
      organization: 'Cơ quan chứng thực trình diễn',
      commonName: 'Chứng thực trình diễn các cơ quan Nhà nước',
    },
    algorithm: 'rsa-2048',
    passphrase,
    now,
  });
  const bar = reporter.bar(texts.keys, KEY_COUNT);
  let keys: CastKeys;
  try {
    keys = await issueCastKeys(authority, passphrase, () => bar.advance());
  } finally {
    bar[Symbol.dispose]();
  }
  await writeSite(
    layout,
    { registrar: parseAgencyCode(REGISTRAR), relay: parseAgencyCode(RELAY.code) },
    keys.registrar,
  );
  step.done(texts.keysMade(KEY_COUNT));
  return { authority, keys };
}

function siteOptionsOf(
  { now, reporter }: DemoContext,
  layout: HomeLayout,
  server: LocalServer,
  keys: CastKeys,
  passphrase: string,
): Omit<SiteOptions, 'servers'> {
  const registrar = openPkcs12(keys.registrar.p12, passphrase);
  return {
    folder: layout.site,
    operator: server.operator,
    registrar: parseAgencyCode(REGISTRAR),
    signRegistrar: async (tbs) =>
      await signCms({ content: tbs }, registrar, { certificates: 'none' }),
    now,
    onError: (error) => reporter.note(error.message),
  };
}
