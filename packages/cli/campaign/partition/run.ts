import { setTimeout as sleep } from 'node:timers/promises';

import { Chance } from '@congvan/bus/testing';

import { type Verdict, judge } from './checker.ts';
import { type Country, foundCountry } from './country.ts';
import { DISTURBANCES, type Disturbance } from './disturbance.ts';
import { Load } from './load.ts';
import { settle } from './settle.ts';
import { type Gap, findGaps, locateMissing } from './trace.ts';

export interface PartitionOptions {
  readonly seed: number;
  /** Spread evenly over all disturbances. */
  readonly documents: number;
  readonly signal: AbortSignal;
  /** Progress, line by line. */
  readonly tell: (line: string) => void;
  /** Names of disturbances; the default is all, in an order that the seed decides. */
  readonly only?: readonly string[];
  /** How often each disturbance comes; the default is once for 400 documents. */
  readonly rounds?: number;
  /** Leaves the folders of agencies and relays behind, and tells where. */
  readonly keep?: boolean;
}

export interface PartitionOutcome {
  readonly seed: number;
  readonly seconds: number;
  /** How often each disturbance ran. */
  readonly disturbances: Readonly<Record<string, number>>;
  /** How many kills provably came in the middle of a transfer. */
  readonly killsInTransfer: number;
  /** Messages that one stream did not take from another, though it had the time; a repeat brought them. */
  readonly leftOutByStreams: number;
  readonly verdict: Verdict;
}

const DOCUMENTS_PER_ROUND = 400;
const CALM_MS = [300, 2_000] as const;
/** An agent that was just killed, and the repeat of an order that it swallowed. */
const CATCH_UP_MS = 60_000;
/** What the load runs on comes from its own numbers, so that a disturbance more changes no document. */
const CHANCE_OF_DISTURBANCES = 1;

/** Runs one campaign from an empty folder to a verdict, and leaves nothing behind. */
export async function runPartition(options: PartitionOptions): Promise<PartitionOutcome> {
  const { seed, signal, tell } = options;
  const startedMs = performance.now();
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const load = new Load(new Chance(seed));
  await using country = await foundCountry({
    message: (_office, message) => load.onMessage(message),
    failure: (error) => failure.abort(error),
    keep: options.keep ?? false,
  });
  stop.throwIfAborted();
  if (options.keep === true) tell(`folders of agencies and relays: ${country.folder}`);
  const children = [...country.offices, ...country.relays].map(({ child }) => child);
  await Promise.all(children.map(async (child) => await child.start()));
  tell(`${country.plan.servers.length} servers, ${country.offices.length} agents, 2 relays run`);
  await load.prepare(country.folder);
  const loading = load.run(country.offices, stop);
  loading.catch((error: unknown) => failure.abort(error));
  try {
    const disturbed = await disturb(country, load, options, stop);
    tell('all is healed; waiting until nothing is open any more');
    await settle(country, stop, tell);
    const gaps = await findGaps(country.plan, stop);
    await Promise.all(children.map(async (child) => await child.stop()));
    const judged = await judge(country.offices, country.relays);
    const verdict = await explain(country, gaps, judged, disturbed.notHit);
    const seconds = (performance.now() - startedMs) / 1_000;
    const { disturbances, killsInTransfer } = disturbed;
    const leftOutByStreams = gaps.length;
    return { seed, seconds, disturbances, killsInTransfer, leftOutByStreams, verdict };
  } finally {
    failure.abort();
    await loading.catch(() => undefined);
  }
}

interface Disturbed extends Pick<PartitionOutcome, 'disturbances' | 'killsInTransfer'> {
  /** Kills that were to come in the middle of a transfer and did not: the campaign proved less. */
  readonly notHit: readonly string[];
}

/** Lets documents flow into one disturbance after the other. */
async function disturb(
  country: Country,
  load: Load,
  { seed, documents, only, rounds, tell }: PartitionOptions,
  stop: AbortSignal,
): Promise<Disturbed> {
  const chance = new Chance(seed + CHANCE_OF_DISTURBANCES);
  const steps = planSteps(documents, chance, only, rounds);
  const disturbances: Record<string, number> = {};
  const notHit: string[] = [];
  let killsInTransfer = 0;
  for (const [index, { name, text, mustHit, run }] of steps.entries()) {
    await sleep(chance.between(...CALM_MS), undefined, { signal: stop });
    tell(`${index + 1} of ${steps.length}, ${load.promised} documents promised: ${text}`);
    load.letGo(Math.ceil((documents * (index + 1)) / steps.length));
    const before = killsInTransfer;
    await run({ country, load, chance, signal: stop, hit: () => (killsInTransfer += 1) });
    stop.throwIfAborted();
    if (mustHit === true && killsInTransfer === before) notHit.push(`${name}: not in its middle`);
    disturbances[name] = (disturbances[name] ?? 0) + 1;
    if (!(await load.caughtUp(CATCH_UP_MS, stop))) tell('not all is promised yet; going on');
  }
  while (!(await load.caughtUp(CATCH_UP_MS, stop))) {
    tell(`not all is promised yet: ${load.errors.at(-1) ?? 'no agent refused'}`);
  }
  return { disturbances, killsInTransfer, notHit };
}

function planSteps(
  documents: number,
  chance: Chance,
  only: readonly string[] | undefined,
  rounds = Math.max(1, Math.round(documents / DOCUMENTS_PER_ROUND)),
): Disturbance[] {
  const wanted = DISTURBANCES.filter(({ name }) => only?.includes(name) ?? true);
  return Array.from({ length: rounds }, () => chance.shuffle(wanted)).flat();
}

/** Adds to the faults where each missing delivery stands, while the servers still run. */
async function explain(
  country: Country,
  gaps: readonly Gap[],
  verdict: Verdict,
  notHit: readonly string[],
): Promise<Verdict> {
  const where = await locateMissing(country, verdict.missing, gaps);
  return { ...verdict, faults: [...verdict.faults, ...where, ...notHit] };
}
