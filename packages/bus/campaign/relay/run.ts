import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseCertificate } from '@congvan/signer';

import {
  type RelayCountry,
  type RelayPlace,
  type SignedReport,
  publishReports,
  startRelayCountry,
} from '../../rig/relay-country.ts';
import { homePaths } from '../../src/relay/home.ts';
import {
  exportAudit,
  recomputeAudit,
  BATCH_STEPS,
  DAY_STEPS,
  type Relay,
} from '../../src/relay/index.ts';
import { Chance } from '../../src/testing/chance.ts';
import { readRecords, readState } from './state.ts';
import { type Death, Victim } from './victim.ts';

export interface KillOptions {
  readonly seed: number;
  readonly kills: number;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

export interface KillOutcome {
  readonly seed: number;
  readonly seconds: number;
  /** How often the relay was killed, by step; `any`: at a random moment. */
  readonly kills: Readonly<Record<string, number>>;
  readonly records: number;
  /** Sent a second time under another message id. */
  readonly repeated: number;
  /** Months that were closed or corrected. */
  readonly publications: number;
  readonly lost: number;
  readonly doubled: number;
  readonly altered: number;
  /** What differs from the relay that nobody killed. */
  readonly differences: readonly string[];
  readonly faults: readonly string[];
}

const AGENCIES = 16;
/** Published in one go, so that batches have many records and the next one comes soon. */
const BURST = { least: 4, most: 24 } as const;
const PAUSE_MS = 25;
/** More than a relay ever takes in before it dies; then there are only repeats. */
const RECORDS_PER_KILL = 200;
/** A step that is not reached in this time was missed, which is a fault of the campaign. */
const MISSED_AFTER_MS = 30_000;
const MAX_SHOWN = 5;
const DAY_MS = 86_400_000;
const SETTLE_MS = 120_000;
const REPEATED_IN_A_BURST = 2;

/**
 * A relay that is killed again and again while reports pour in, beside one that nobody disturbs.
 * Afterwards every acknowledged record must be there once with its bytes, and both must say the same.
 */
export async function runKills(options: KillOptions): Promise<KillOutcome> {
  const { seed, kills, signal, tell } = options;
  const startedMs = performance.now();
  const chance = new Chance(seed);
  await using country = await startRelayCountry({
    agencies: AGENCIES,
    seed,
    reportBytes: 256 * 2 ** 20,
    signal,
  });
  const victim = await country.addRelay('W01');
  const witness = await country.addRelay('W02');
  const clock = new TrafficClock();
  await using undisturbed = await witness.open({ now: () => clock.now, keepUpMs: 100 });
  const records = kills * RECORDS_PER_KILL;
  const load = new Load(await country.sign(country.traffic(records), records), chance, signal);
  const counts: Record<string, number> = {};
  const faults: string[] = [];
  for (const [index, death] of planDeaths(kills, chance).entries()) {
    signal.throwIfAborted();
    clock.advance(death, load.published.at(-1));
    const child = new Victim(victim, death, clock.now);
    // What stops the load, Ctrl-C as well, leaves no relay behind.
    const [wasKilled] = await Promise.all([
      child.die(MISSED_AFTER_MS),
      load.run(() => child.isAlive),
    ]).finally(() => child.kill());
    const name = 'step' in death ? death.step : 'any';
    if (wasKilled) counts[name] = (counts[name] ?? 0) + 1;
    else faults.push(`kill ${index + 1} at ${name} was missed`);
    if ((index + 1) % 20 === 0) tell(`${index + 1} kills, ${load.published.length} records`);
  }
  await using survivor = await victim.open({ now: () => clock.now, keepUpMs: 100 });
  await settle([survivor, undisturbed], load.published.length, signal);
  return {
    seed,
    seconds: (performance.now() - startedMs) / 1_000,
    kills: counts,
    records: load.published.length,
    repeated: load.repeated,
    publications: survivor.listPublications().length,
    ...compareRecords(victim.home, load.published),
    differences: compareStates(victim.home, witness.home),
    faults: [...faults, ...describeRejected(survivor), ...(await audit(country, victim, survivor))],
  };
}

/** All of the load is sound: whatever is held apart shows a fault. */
function describeRejected(relay: Relay): string[] {
  return relay
    .listRejected({ limit: MAX_SHOWN })
    .map(({ finding, detail, natsSubject }) => `rejected ${natsSubject}: ${finding}, ${detail}`);
}

/** What an auditor finds who computes everything that was published again from the records. */
async function audit(country: RelayCountry, place: RelayPlace, relay: Relay): Promise<string[]> {
  const published = relay.listPublications();
  const [first, last] = [published[0], published.at(-1)];
  if (first === undefined || last === undefined) return ['no month was published'];
  const registrar = await readFile(homePaths(place.home).registrarCertificate);
  const exported = await exportAudit({
    home: place.home,
    from: first.month,
    to: published.map(({ month }) => month).reduce((a, b) => (a > b ? a : b)),
    output: join(country.folder, 'audit.zip'),
    sign: place.sign,
  });
  const { findings, publications } = await recomputeAudit({
    file: exported.file,
    trust: country.pki.trust(),
    registrar: parseCertificate(registrar).sha256,
  });
  const left = published.length - publications.length;
  return [
    ...(left === 0 ? [] : [`${left} publications are not in the auditor's file`]),
    ...findings.slice(0, MAX_SHOWN).map((finding) => `audit: ${JSON.stringify(finding)}`),
  ];
}

/**
 * Stands still but for the deaths that need a new day or the end of a month. Days follow the traffic,
 * so that each has something to settle.
 */
class TrafficClock {
  #now = new Date('2026-07-01T00:00:00.000Z');

  get now(): Date {
    return this.#now;
  }

  advance(death: Death, last: SignedReport | undefined): void {
    if (!('step' in death)) return;
    if (death.step.startsWith('day.')) {
      const traffic = last?.made.atMs ?? 0;
      this.#now = new Date(Math.max(this.#now.getTime(), traffic) + DAY_MS);
    }
    if (death.step.startsWith('month.')) {
      this.#now = new Date(Date.UTC(this.#now.getUTCFullYear(), this.#now.getUTCMonth() + 1, 12));
    }
  }
}

/**
 * Every step in turn, in an order of chance, and each time some moment that is no step. The months come
 * last: when they close, no later day has anything to settle.
 */
function planDeaths(count: number, chance: Chance): Death[] {
  const deaths: Death[] = [];
  while (deaths.length < count) {
    const round: Death[] = BATCH_STEPS.map((step) => ({ step, times: chance.between(1, 3) }));
    round.push(...DAY_STEPS.map((step) => ({ step, times: 1 })));
    round.push({ afterMs: chance.between(0, 400) });
    while (round.length > 0) {
      const [death] = round.splice(chance.between(0, round.length - 1), 1);
      if (death !== undefined) deaths.push(death);
    }
  }
  const isOfMonth = (death: Death): boolean => 'step' in death && death.step.startsWith('month.');
  return deaths.slice(0, count).toSorted((a, b) => Number(isOfMonth(a)) - Number(isOfMonth(b)));
}

/** Publishes bursts in which records overtake each other and some come twice. */
class Load {
  readonly published: SignedReport[] = [];
  repeated = 0;
  readonly #reports: readonly SignedReport[];
  readonly #chance: Chance;
  readonly #signal: AbortSignal;

  constructor(reports: readonly SignedReport[], chance: Chance, signal: AbortSignal) {
    this.#reports = reports;
    this.#chance = chance;
    this.#signal = signal;
  }

  async run(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await this.#publishBurst();
      await sleep(PAUSE_MS, undefined, { signal: this.#signal });
    }
  }

  async #publishBurst(): Promise<void> {
    const from = this.published.length;
    const fresh = this.#reports.slice(from, from + this.#chance.between(BURST.least, BURST.most));
    this.published.push(...fresh);
    const again = Array.from({ length: REPEATED_IN_A_BURST }, () => {
      const report = this.#chance.pick(
        this.published.length === 0 ? this.#reports : this.published,
      );
      this.repeated += 1;
      return { ...report, messageId: `${report.messageId} again ${this.repeated}` };
    });
    const mixed = [...fresh, ...again]
      .map((report) => ({ report, rank: this.#chance.next() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ report }) => report);
    await publishReports(mixed, { atOnce: 8, signal: this.#signal });
  }
}

async function settle(
  relays: readonly Relay[],
  records: number,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + SETTLE_MS;
  const isDone = (): boolean => relays.every((relay) => relay.counts().reports >= records);
  while (!isDone() && performance.now() < until) await sleep(100, undefined, { signal });
  // What is still on its way, if anything is counted twice.
  await sleep(1_500, undefined, { signal });
}

function compareRecords(home: string, published: readonly SignedReport[]) {
  const kept = readRecords(home);
  let lost = 0;
  let altered = 0;
  for (const { made, record } of published) {
    const found = kept.get(`${made.agency} ${made.number}`);
    if (found === undefined) lost += 1;
    else if (!Buffer.from(found).equals(record)) altered += 1;
  }
  return { lost, altered, doubled: kept.size + lost - published.length };
}

function compareStates(home: string, other: string): string[] {
  const found = readState(home);
  const wanted = readState(other);
  return Object.entries(wanted).flatMap(([table, rows]) =>
    found[table] === rows ? [] : [`${table}: ${found[table] ?? 'missing'}, undisturbed ${rows}`],
  );
}
