import type { DirectoryEntry, ReportEntry, Tier } from '../../../src/index.ts';
import { parseAgencyCode } from '../../../src/index.ts';
import { Chance } from '../../../src/testing/chance.ts';
import { type Report, codeOf, composeReport, digestOf } from '../relay-database.ts';

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
/** The district ends, its communes stand below the province, and one commune takes over from the other. */
const REFORM = '2026-05-09T17:00:00.000Z';
const START_MS = Date.parse('2026-04-01T01:00:00.000Z');
const DAY_MS = 86_400_000;
/** The last two are counted by no name of their own. */
const TYPES = ['Công văn', 'Công văn', 'BÁO  CÁO', 'Báo cáo', 'Quyết định', 'Giấy lạ', 'other'];
const STATUSES = ['01', '01', '01', '02', '03', '03', '04', '05', '06', '13', '15', '16'];

export function makeRecords(seed: number): RandomRecords {
  const writer = new Writer(seed);
  for (let day = 0; day < 70; day += 1) writer.writeDay(START_MS + day * DAY_MS);
  return { reports: writer.reports, lost: writer.lost, directory: makeDirectory() };
}

export function shuffle<T>(items: readonly T[], chance: Chance): T[] {
  return items
    .map((item) => [chance.next(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function makeDirectory(): DirectoryEntry[] {
  let sequence = 0;
  const entry = ([code, tier, parent]: Place, change: Partial<DirectoryEntry>): DirectoryEntry => {
    sequence += 1;
    return {
      sequence,
      registrar: parseAgencyCode('A00'),
      code: codeOf(code),
      name: `Agency ${code}`,
      tier,
      parent: parent === null ? null : codeOf(parent),
      site: 'H09',
      role: 'agency',
      validFrom: '2020-01-01T00:00:00.000Z',
      validTo: null,
      oldCodes: [],
      predecessors: [],
      successors: [],
      certificates: [],
      natsUserKey: null,
      ...change,
    };
  };
  const opened = PLACES.map((place) => entry(place, {}));
  return [
    ...opened,
    entry(['H09.12', 'district', 'H09'], { validTo: REFORM }),
    entry(['H09.12.001', 'commune', 'H09'], { validFrom: REFORM }),
    entry(['H09.12.002', 'commune', 'H09.12'], {
      validTo: REFORM,
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

class Writer {
  readonly reports: Report[] = [];
  readonly lost: Report[] = [];
  readonly #chance: Chance;
  readonly #chains = new Map<string, { number: number; hash: string | null; register: number }>();
  readonly #sent: Sent[] = [];

  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  writeDay(atMs: number): void {
    const issuedOn = new Date(atMs + 7 * 3_600_000).toISOString().slice(0, 10);
    for (const [code] of PLACES) {
      if (this.#chance.next() < 0.45) this.#issue(code, issuedOn, atMs);
      if (this.#chance.next() < 0.5) this.#answer(code, atMs + 3_600_000);
      if (this.#chance.next() < 0.08) this.#withdraw(code, atMs + 7_200_000);
    }
  }

  #issue(code: string, issuedOn: string, atMs: number): void {
    const chance = this.#chance;
    const chain = this.#chain(code);
    if (chance.next() < 0.06) chain.register += chance.between(1, 3); // numbers without a record
    const isReused = chance.next() < 0.05 && chain.register > 0;
    if (!isReused) chain.register += 1;
    const number = chain.register;
    const year = Number(issuedOn.slice(0, 4));
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
      businessType: chance.pick([0, 0, 0, 0, 3, 2] as const),
      documentVersion: 1,
      documentType,
      abstract: 'a',
      priority: chance.pick([0, 0, 0, 1, 3] as const),
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

  #chain(code: string): { number: number; hash: string | null; register: number } {
    const known = this.#chains.get(code);
    if (known !== undefined) return known;
    const chain = { number: 0, hash: null, register: 0 };
    this.#chains.set(code, chain);
    return chain;
  }
}
