import type { DirectoryEntry, ReportEntry, Tier } from '../../../src/index.ts';
import { Chance } from '../../../src/testing/chance.ts';
import { type Report, codeOf, composeReport, digestOf, listing } from '../relay-database.ts';

/** Records of a few agencies with every disturbance that does not depend on which copy came first. */
export interface RandomRecords {
  readonly reports: readonly Report[];
  /** Composed, and never given to the relay. */
  readonly lost: readonly Report[];
  readonly directory: readonly DirectoryEntry[];
}

type Place = readonly [code: string, tier: Tier, parent: string | null];

const PLACES: readonly Place[] = [
  ['G12', 'central', null],
  ['H09', 'province', null],
  ['H10', 'province', null],
  ['H09.05', 'province', 'H09'],
  ['H09.12', 'district', 'H09'],
  ['H10.12', 'district', 'H10'],
  ['H09.12.001', 'commune', 'H09.12'],
  ['H09.12.002', 'commune', 'H09.12'],
  ['H10.12.001', 'commune', 'H10.12'],
];
const START = '2026-04-01';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days of records; on one of them the district ends. */
const DAYS = 70;
const REFORM_DAY = 38;
/** Around midnight at +07:00, and early on the day. */
const ODD_HOURS_MS = [0, 16 * HOUR_MS - 1, 16 * HOUR_MS, -8 * HOUR_MS - 1, 5];
/** The last two are counted by no name of their own. */
const TYPES = ['Công văn', 'Công văn', 'BÁO  CÁO', 'Báo cáo', 'Quyết định', 'Giấy lạ', 'other'];
const STATUSES = ['01', '01', '01', '02', '03', '03', '04', '05', '06', '13', '15', '16'];

export interface RandomOptions {
  /** The first day; 2026-04-01 unless told. */
  readonly from?: string;
  /** At moments beside midnight, with dates of issue days off, and registers of two years at once. */
  readonly isWild?: boolean;
}

export function makeRecords(
  seed: number,
  { from = START, isWild = false }: RandomOptions = {},
): RandomRecords {
  const startMs = Date.parse(`${from}T01:00:00.000Z`);
  const writer = new Writer(seed, isWild);
  for (let day = 0; day < DAYS; day += 1) writer.writeDay(startMs + day * DAY_MS);
  const reform = new Date(startMs + REFORM_DAY * DAY_MS + 16 * HOUR_MS).toISOString();
  return { reports: writer.reports, lost: writer.lost, directory: makeDirectory(reform) };
}

export function shuffle<T>(items: readonly T[], chance: Chance): T[] {
  return items
    .map((item) => [chance.next(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** The district ends, its communes stand below the province, and one commune takes over from the other. */
function makeDirectory(reform: string): DirectoryEntry[] {
  let sequence = 0;
  const entry = ([code, tier, parent]: Place, change: Partial<DirectoryEntry>): DirectoryEntry => {
    sequence += 1;
    return listing(code, tier, {
      sequence,
      parent: parent === null ? null : codeOf(parent),
      ...change,
    });
  };
  const opened = PLACES.map((place) => entry(place, {}));
  return [
    ...opened,
    entry(['H09.12', 'district', 'H09'], { validTo: reform }),
    entry(['H09.12.001', 'commune', 'H09'], { validFrom: reform }),
    entry(['H09.12.002', 'commune', 'H09.12'], {
      validTo: reform,
      successors: [codeOf('H09.12.001')],
    }),
    // It was a department of the other province all the time: this corrects the past.
    entry(['H09.05', 'province', 'H10'], {}),
  ];
}

interface Sent {
  readonly sender: string;
  readonly documentId: string;
  readonly recipients: readonly string[];
  readonly packageDigest: string;
}

/** How far an agency's chain and registers have come. */
interface Chain {
  number: number;
  hash: string | null;
  /** Of the year that was written last. */
  year: number;
  register: number;
  /** The last number of each year. */
  readonly registers: Map<number, number>;
}

class Writer {
  readonly reports: Report[] = [];
  readonly lost: Report[] = [];
  readonly #chance: Chance;
  readonly #chains = new Map<string, Chain>();
  readonly #sent: Sent[] = [];

  readonly #isWild: boolean;

  constructor(seed: number, isWild: boolean) {
    this.#isWild = isWild;
    this.#chance = new Chance(seed);
  }

  writeDay(dayMs: number): void {
    const [hourMs, off] = this.#isWild
      ? [this.#chance.pick(ODD_HOURS_MS), this.#chance.pick([0, 0, 0, -1, 1, -3, 2])]
      : [0, 0];
    const atMs = dayMs + hourMs;
    const issuedOn = new Date(atMs + off * DAY_MS + 7 * HOUR_MS).toISOString().slice(0, 10);
    for (const [code] of PLACES) {
      if (this.#chance.next() < 0.45) this.#issue(code, issuedOn, atMs);
      if (this.#chance.next() < 0.5) this.#answer(code, atMs + 3_600_000);
      if (this.#chance.next() < 0.08) this.#withdraw(code, atMs + 7_200_000);
    }
  }

  #issue(code: string, issuedOn: string, atMs: number): void {
    const chance = this.#chance;
    const chain = this.#chain(code);
    const year = Number(issuedOn.slice(0, 4));
    this.#openRegister(chain, year);
    if (chance.next() < 0.06) chain.register += chance.between(1, 3); // numbers without a record
    const isReused = chance.next() < 0.05 && chain.register > 0;
    if (!isReused) chain.register += 1;
    const number = chain.register;
    chain.registers.set(year, number);
    const register = { year, number, notation: 'UBND-VP', issuedOn };
    const what = chance.next();
    if (what < 0.08) return this.#add(code, { kind: 'void', year, number, reason: 'nhầm' }, atMs);
    const documentType = chance.pick(TYPES);
    if (what < 0.25) {
      const recipients = Array.from({ length: chance.between(0, 3) }, (_, index) => `Ông ${index}`);
      const paper = { kind: 'paper', register, documentType, abstract: 'a', recipients } as const;
      return this.#add(code, { ...paper, reason: 'listed' }, atMs);
    }
    const others = shuffle(PLACES, chance).filter(([other]) => other !== code);
    const recipients = others.slice(0, chance.between(1, 4)).map(([other]) => other);
    const documentId = `${code} ${chain.number}`;
    const packageDigest = digestOf(documentId);
    this.#sent.push({ sender: code, documentId, recipients, packageDigest });
    const onPaper = { name: 'Công ty A', mode: 'P', reason: 'not-connected' } as const;
    const entry: ReportEntry = {
      kind: 'dispatch',
      register,
      documentId,
      businessType: chance.pick(
        this.#isWild ? ([0, 0, 0, 0, 3, 2, 1] as const) : ([0, 0, 0, 0, 3, 2] as const),
      ),
      documentVersion: 1,
      documentType,
      abstract: 'a',
      priority: chance.pick([0, 0, 0, 1, 2, 3, 4] as const),
      signed: chance.next() < 0.8,
      packageDigest,
      recipients: [
        ...recipients.map((to) => ({
          to: codeOf(to),
          mode: chance.next() < 0.1 ? ('E+P' as const) : ('E' as const),
        })),
        ...(chance.next() < 0.1 ? [onPaper] : []),
      ],
    };
    return this.#add(code, entry, atMs);
  }

  /** Each year has numbers of its own; in a wild set an earlier year goes on, too. */
  #openRegister(chain: Chain, year: number): void {
    if (chain.year === year) return;
    if (chain.year < year || this.#isWild) chain.register = chain.registers.get(year) ?? 0;
    chain.year = year;
  }

  #answer(code: string, atMs: number): void {
    const chance = this.#chance;
    const mine = this.#sent.filter(({ recipients }) => recipients.includes(code)).slice(-4);
    const isStranger = chance.next() < 0.05;
    const pool = isStranger || mine.length === 0 ? this.#sent.slice(-3) : mine;
    const sent = pool.length === 0 ? undefined : chance.pick(pool);
    if (sent === undefined) return;
    const businessType = this.#businessTypeOf(sent);
    const wrong = chance.next() < 0.05;
    const at = new Date(
      atMs - chance.between(0, 3) * 20_000_000 + chance.between(0, 999),
    ).toISOString();
    this.#add(
      code,
      {
        kind: 'receipt',
        sender: codeOf(sent.sender),
        documentId: sent.documentId,
        businessType,
        documentVersion: 1,
        packageDigest: wrong ? digestOf('other') : sent.packageDigest,
        status: chance.pick(STATUSES),
        at,
      },
      atMs,
    );
  }

  #withdraw(code: string, atMs: number): void {
    const mine = this.#sent.filter(({ sender }) => sender === code);
    const sent = mine.length === 0 ? undefined : this.#chance.pick(mine);
    if (sent === undefined) return;
    this.#add(
      code,
      {
        kind: 'withdrawn',
        documentId: sent.documentId,
        businessType: this.#businessTypeOf(sent),
        documentVersion: 1,
        to: codeOf(this.#chance.pick(sent.recipients)),
        at: new Date(atMs).toISOString(),
        cause: 'given-up',
      },
      atMs,
    );
  }

  #businessTypeOf(sent: Sent): 0 | 1 | 2 | 3 {
    for (const { verified, entry } of [...this.reports, ...this.lost]) {
      if (verified.agency !== sent.sender || entry.kind !== 'dispatch') continue;
      if (entry.documentId === sent.documentId) return entry.businessType;
    }
    return 0;
  }

  #add(code: string, entry: ReportEntry, atMs: number): void {
    const chain = this.#chain(code);
    const at = new Date(atMs).toISOString();
    const report = composeReport(code, chain.number + 1, chain.hash, entry, at);
    chain.number += 1;
    chain.hash = report.verified.payloadHash;
    const isLost = this.#chance.next() < 0.03;
    (isLost ? this.lost : this.reports).push(report);
  }

  #chain(code: string): Chain {
    const known = this.#chains.get(code);
    if (known !== undefined) return known;
    const chain = { number: 0, hash: null, year: 0, register: 0, registers: new Map() };
    this.#chains.set(code, chain);
    return chain;
  }
}
