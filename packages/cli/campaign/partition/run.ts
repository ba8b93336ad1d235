import { setTimeout as sleep } from 'node:timers/promises';

import { openRelayReader } from '@congvan/bus/relay';
import { openAgent } from '@congvan/node-agent';

import { Chance } from './chance.ts';
import { type Verdict, judge } from './checker.ts';
import { type Country, foundCountry } from './country.ts';
import { DISTURBANCES } from './disturbance.ts';
import { Load } from './load.ts';

export interface PartitionOptions {
  readonly seed: number;
  readonly documents: number;
  readonly signal: AbortSignal;
  /** Progress, line by line. */
  readonly tell: (line: string) => void;
  /** Which disturbances; the default is all, in an order that the seed decides, again and again. */
  readonly only?: readonly string[];
  /** Leaves the folders of agencies and relays behind, and tells where. */
  readonly keep?: boolean;
  /** Each disturbance at least this often, also when all documents have been sent by then. */
  readonly rounds?: number;
}

export interface PartitionOutcome {
  readonly seed: number;
  readonly seconds: number;
  /** How often each disturbance ran. */
  readonly disturbances: Readonly<Record<string, number>>;
  readonly verdict: Verdict;
}

const CALM_MS = [300, 2_000] as const;
/** After healing: the longest wait of a retry, and then some. */
const SETTLE_TIMEOUT_MS = 60_000;
const SETTLE_POLL_MS = 1_000;

/** Runs one campaign from an empty folder to a verdict, and leaves nothing behind. */
export async function runPartition(options: PartitionOptions): Promise<PartitionOutcome> {
  const { seed, documents, signal, tell } = options;
  const startedMs = performance.now();
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const load = new Load();
  await using country = await foundCountry({
    message: (_office, message) => load.onMessage(message),
    failure: (error) => failure.abort(error),
    keep: options.keep ?? false,
  });
  if (options.keep === true) tell(`folders of agencies and relays: ${country.folder}`);
  await Promise.all(
    [...country.offices, ...country.relays].map(async ({ child }) => await child.start()),
  );
  tell(`${country.plan.servers.length} servers, ${country.offices.length} agents, 2 relays run`);
  const disturbances: Record<string, number> = {};
  let loading = true;
  const sending = load
    .run(country, documents, new Chance(seed), stop)
    .finally(() => (loading = false));
  sending.catch((error: unknown) => failure.abort(error));
  const chance = new Chance(seed + 1);
  const wanted = DISTURBANCES.filter(({ name }) => options.only?.includes(name) ?? true);
  for (let round = 0; loading || round < (options.rounds ?? 1); round += 1) {
    for (const disturbance of chance.shuffle(wanted)) {
      await sleep(chance.between(...CALM_MS), undefined, { signal: stop });
      tell(`${load.promised} of ${documents} promised; ${disturbance.name}`);
      await disturbance.run(country, chance);
      stop.throwIfAborted();
      disturbances[disturbance.name] = (disturbances[disturbance.name] ?? 0) + 1;
    }
  }
  await sending;
  tell('all is healed; waiting until nothing is open any more');
  await settle(country, stop, tell);
  await Promise.all(
    [...country.offices, ...country.relays].map(async ({ child }) => await child.stop()),
  );
  const verdict = await judge(country.offices, country.relays);
  const seconds = (performance.now() - startedMs) / 1_000;
  return { seed, seconds, disturbances, verdict };
}

/** Waits until no outbox has an open document or report; the verdict says what still is. */
async function settle(
  country: Country,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  let told = '';
  while (performance.now() < deadline) {
    const open = await countOpen(country);
    const line = `${open.documents} documents and ${open.reports} reports are open`;
    if (line !== told) tell(line);
    told = line;
    if (open.documents + open.reports === 0) return;
    await sleep(SETTLE_POLL_MS, undefined, { signal });
  }
}

async function countOpen(country: Country): Promise<{ documents: number; reports: number }> {
  let documents = 0;
  let reports = 0;
  for (const { code, home } of country.offices) {
    await using agent = await openAgent({ home, mode: 'desk' });
    const rows = agent.listOutbox({ limit: 1_000_000 });
    documents += rows.filter(({ purpose }) => purpose === 'document').length;
    documents += agent.listInbox({ state: 'open', limit: 1_000_000 }).length;
    const { last } = agent.status().report;
    for (const { home: relayHome, agencies } of country.relays) {
      if (!agencies.includes(code)) continue;
      using reader = openRelayReader(relayHome);
      const chain = reader.listChains().find(({ agency }) => agency === code);
      reports += last - (chain?.upTo ?? 0);
    }
  }
  return { documents, reports };
}
