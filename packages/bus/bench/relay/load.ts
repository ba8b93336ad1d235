import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { createTestPki } from '@congvan/signer/testing';

import { encodePayload, parseAgencyCode } from '../../src/index.ts';
import { homePaths } from '../../src/relay/home.ts';
import { initRelay } from '../../src/relay/index.ts';
import { Intake, type VerifiedEntry } from '../../src/relay/intake.ts';
import { FigureUpkeep } from '../../src/relay/figures/upkeep.ts';
import { type Db, openDatabase } from '../../src/relay/storage/database.ts';
import { DirectoryStore } from '../../src/relay/storage/directory-store.ts';
import {
  type TrafficAgency,
  type TrafficReport,
  entryOf,
  imitateRecord,
  makeCountry,
  makeReports,
} from '../../src/testing/index.ts';
import type { BenchResult } from '../../../../bench/report.ts';

export interface LoadOptions {
  readonly folder: string;
  readonly deliveries: number;
  readonly agencies: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What was loaded, to go on with or to ask. */
export interface Loaded {
  readonly home: string;
  readonly country: readonly TrafficAgency[];
  readonly results: readonly BenchResult[];
}

export const FIRST_MONTH = '2024-11';
export const MONTHS = 24;
/** The morning after the last month. */
export const LOADED_UNTIL = new Date('2026-11-01T01:00:00.000Z');
/** A backlog of a day, taken in at once: several records of an agency share a page of each index. */
const BATCH = 50_000;
const CACHE_KIB = 2 * 2 ** 20;
const CHECKPOINT_PAGES = 131_072;
const TELL_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
const MARKS = [1_000_000, 2_000_000, 5_000_000, 10_000_000];
const ROOT = parseAgencyCode('A00');
const MEBIBYTE = 2 ** 20;

/**
 * Brings traffic of 24 months in through the transaction of the running relay, with verification
 * done before. Ended half-way it goes on where it stopped, given the same folder and numbers.
 */
export async function loadDeliveries(options: LoadOptions): Promise<Loaded> {
  const { folder, deliveries, agencies, seed } = options;
  const country = makeCountry(agencies, seed);
  const home = join(folder, 'relay');
  await prepareHome(home, { deliveries, agencies, seed });
  const db = openDatabase(homePaths(home).database);
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  try {
    const load = new Load(db, country, options, homePaths(home).database);
    await load.run();
    return { home, country, results: load.results };
  } finally {
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
  }
}

async function prepareHome(home: string, wanted: Readonly<Record<string, number>>): Promise<void> {
  const file = join(home, 'load.json');
  const text = JSON.stringify(wanted);
  if (existsSync(file)) {
    const found = readFileSync(file, 'utf8');
    if (found !== text) throw new Error(`${home} holds another load: ${found}`);
    return;
  }
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  await initRelay({
    home,
    config: {
      code: parseAgencyCode('W01'),
      name: 'Trung tâm đối soát',
      site: 'TW',
      servers: ['nats://127.0.0.1:4222'],
    },
    nodeP12: new TextEncoder().encode('this relay never runs'),
    credentials: new TextEncoder().encode('this relay never connects'),
    trust: { anchors: [pki.root.der] },
    registrarCertificate: registrar.certificate.der,
  });
  writeFileSync(file, text);
}

class Load {
  readonly results: BenchResult[] = [];
  readonly #db: Db;
  readonly #file: string;
  readonly #country: readonly TrafficAgency[];
  readonly #options: LoadOptions;
  readonly #intake: Intake;
  readonly #upkeep: FigureUpkeep;
  #clockMs: number;
  #records = 0;
  #deliveries = 0;
  /** Time spent in transactions and upkeep, without making the traffic. */
  #busyMs = 0;
  #since = { records: 0, busyMs: 0, startedMs: performance.now() };
  #toldMs = performance.now();
  #day = 0;

  constructor(db: Db, country: readonly TrafficAgency[], options: LoadOptions, file: string) {
    this.#db = db;
    this.#file = file;
    this.#country = country;
    this.#options = options;
    this.#clockMs = Date.parse(`${FIRST_MONTH}-01T00:00:00.000Z`);
    const now = (): Date => new Date(this.#clockMs);
    this.#intake = new Intake(db, now);
    this.#upkeep = new FigureUpkeep(db, this.#intake.figures, now);
  }

  async run(): Promise<void> {
    const { deliveries, seed, signal, tell } = this.#options;
    const there = this.#takenIn();
    if (there === 0) this.#fillDirectory();
    else tell(`${there} records are there already`);
    let batch: VerifiedEntry[] = [];
    const marks = MARKS.filter((mark) => mark < deliveries);
    const options = { country: this.#country, seed, from: FIRST_MONTH, months: MONTHS, deliveries };
    let lastStoredMs = 0;
    for (const report of makeReports(options)) {
      this.#count(report);
      lastStoredMs = report.storedMs;
      if (this.#records <= there) continue;
      batch.push(this.#verified(report));
      if (batch.length < BATCH) continue;
      this.#take(batch, report.storedMs);
      batch = [];
      if (this.#deliveries >= (marks[0] ?? Infinity)) this.#mark(marks.shift() ?? 0);
      this.#tellNow();
      await setImmediate(); // Ctrl-C
      signal.throwIfAborted();
    }
    this.#take(batch, lastStoredMs);
    this.#clockMs = LOADED_UNTIL.getTime();
    this.#upkeep.run();
    this.#mark(this.#deliveries);
  }

  /** Ids of reports have no gaps, so the last one says how many there are. */
  #takenIn(): number {
    return (
      this.#db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM report').pluck().get() ?? 0
    );
  }

  #fillDirectory(): void {
    const directory = new DirectoryStore(this.#db);
    const fill = this.#db.transaction(() => {
      directory.setRoot(ROOT);
      for (const agency of this.#country) {
        const key = { registrar: ROOT, sequence: agency.index + 1 };
        const entry = entryOf(agency, key);
        const { code, site } = agency;
        const record = encodePayload('directory', entry);
        directory.put({ ...key, code, site, basedOn: null, counts: true, entry, record });
        directory.setHolder(code, key);
      }
    });
    fill.immediate();
    this.#upkeep.run();
  }

  #verified(report: TrafficReport): VerifiedEntry {
    const { agency, number, payloadHash, previousHash, atMs, storedMs, entry } = report;
    const from = this.#country[report.agencyIndex];
    if (from === undefined) throw new RangeError(`nobody is ${agency}`);
    const record = imitateRecord(report, from);
    const verified = { agency, number, payloadHash, previousHash, atMs, storedMs, record };
    return { report: verified, entry };
  }

  #take(batch: readonly VerifiedEntry[], clockMs: number): void {
    const startedMs = performance.now();
    this.#clockMs = clockMs;
    const day = Math.floor(clockMs / DAY_MS);
    if (day !== this.#day) this.#upkeep.run();
    this.#day = day;
    this.#intake.takeAll(batch);
    this.#busyMs += performance.now() - startedMs;
    this.#since.records += batch.length;
  }

  #count({ entry }: TrafficReport): void {
    this.#records += 1;
    if (entry.kind !== 'dispatch') return;
    this.#deliveries += entry.recipients.filter(({ mode }) => mode !== 'P').length;
  }

  #tellNow(): void {
    const now = performance.now();
    if (now - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = now;
    const { records, startedMs } = this.#since;
    const perSecond = (records * 1_000) / (now - startedMs);
    const share = Math.round((this.#deliveries / this.#options.deliveries) * 100);
    this.#options.tell(
      `${share} %: ${this.#deliveries} deliveries, ${this.#records} records, ${perSecond.toFixed(0)} a second`,
    );
  }

  /** What has come since the last mark, and what all of it takes. */
  #mark(deliveries: number): void {
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
    const { size } = statSync(this.#file);
    const { records, busyMs, startedMs } = this.#since;
    const busy = this.#busyMs - busyMs;
    const at = `at ${describeCount(deliveries)} deliveries:`;
    if (records > 0) {
      const perSecond = (records * 1_000) / busy;
      const wall = (records * 1_000) / (performance.now() - startedMs);
      this.results.push({ name: `${at} taken in`, value: perSecond, unit: 'records/s', wall });
    }
    this.results.push(
      { name: `${at} disk`, value: size / this.#deliveries, unit: 'bytes/delivery' },
      { name: `${at} file`, value: size / MEBIBYTE, unit: 'MiB' },
    );
    this.#options.tell(`${at} ${(size / this.#deliveries).toFixed(0)} bytes each`);
    this.#since = { records: 0, busyMs: this.#busyMs, startedMs: performance.now() };
  }
}

function describeCount(count: number): string {
  return count >= 1_000_000
    ? `${(count / 1e6).toFixed(count % 1e6 === 0 ? 0 : 1)} M`
    : String(count);
}
