import { randomBytes } from 'node:crypto';

import { NOT_RUNNING } from '../../src/relay/http/link.ts';
import { openAccounts, startHttpThread } from '../../src/relay/index.ts';
import type { TrafficAgency } from '../../src/testing/index.ts';
import { Chance } from '../../src/testing/chance.ts';
import type { BenchResult } from '../../../../bench/report.ts';

/** One account may ask 600 times a minute. */
const QUESTIONS = 500;
/** Asked before by somebody else: the measured ones find a relay that has been in use for a minute. */
const EARLIER_QUESTIONS = 300;
const PAGES = 24;
const AIM_FIGURE_MS = 50;
const AIM_PAGE_MS = 1_000;
const PERIODS = [
  '2026-10-14',
  '2026-W40',
  '2026-10',
  '2026-03',
  '2025-12',
  '2026-Q3',
  '2025-Q1',
  '2025',
  '2026',
  '2025-05..2026-04',
  '2024-11..2026-10',
] as const;
const TYPES = ['Công văn', 'Báo cáo', 'Quyết định'] as const;
const GROUPINGS = ['tier', 'agency', 'parent', 'type', 'urgency', 'month', 'week', 'day'] as const;

interface Timed {
  readonly kind: string;
  readonly path: string;
  readonly ms: number;
}

/** A mixed set of questions to the API and pages over a loaded relay, from a thread of its own. */
export async function askQuestions(options: {
  readonly home: string;
  readonly country: readonly TrafficAgency[];
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<BenchResult[]> {
  const { home, country, seed, tell, signal } = options;
  const [token, earlierToken] = [await newToken(home), await newToken(home)];
  await using http = await startHttpThread({
    home,
    address: '127.0.0.1:0',
    state: () => NOT_RUNNING,
    log: () => undefined,
  });
  const chance = new Chance(seed);
  const ask = async (kind: string, path: string, as = token): Promise<Timed> => {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const response = await fetch(new URL(path, http.url), {
      headers: { authorization: `Bearer ${as}`, accept: '*/*' },
      redirect: 'manual',
    });
    await response.arrayBuffer();
    const ms = performance.now() - startedMs;
    if (response.status !== 200) throw new Error(`${response.status} for ${path}`);
    return { kind, path, ms };
  };
  tell(`asking ${EARLIER_QUESTIONS} and ${QUESTIONS} questions`);
  const earlier = new Chance(seed + 1);
  for (let index = 0; index < EARLIER_QUESTIONS; index += 1) {
    const [kind, path] = chooseQuestion(earlier, country);
    await ask(kind, `/api/v1/${path}`, earlierToken);
  }
  const timed: Timed[] = [];
  for (let index = 0; index < QUESTIONS; index += 1) {
    const [kind, path] = chooseQuestion(chance, country);
    timed.push(await ask(kind, `/api/v1/${path}`));
  }
  const pages: Timed[] = [];
  for (let index = 0; index < PAGES; index += 1) {
    pages.push(await ask('page', choosePage(chance, country)));
  }
  for (const { path, ms } of timed.toSorted((a, b) => b.ms - a.ms).slice(0, 3)) {
    tell(`slowest: ${ms.toFixed(0)} ms for ${decodeURIComponent(path)}`);
  }
  const kinds = [...new Set(timed.map(({ kind }) => kind))].toSorted();
  return [
    ...describe('relay any figure', timed, AIM_FIGURE_MS),
    ...kinds.flatMap((kind) => {
      const ofKind = timed.filter((one) => one.kind === kind);
      return describe(`relay ${kind}`, ofKind, AIM_FIGURE_MS);
    }),
    ...describe('relay page', pages, AIM_PAGE_MS),
  ];
}

async function newToken(home: string): Promise<string> {
  using accounts = await openAccounts(home);
  const name = `bench${randomBytes(4).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  await accounts.add({ name, role: 'auditor', password });
  return accounts.newToken(name, 1).token;
}

function chooseQuestion(chance: Chance, country: readonly TrafficAgency[]): [string, string] {
  const period = chance.pick(PERIODS);
  const query = new URLSearchParams({ period });
  const kind = chance.pickWeighted([
    ['figures', 50],
    ['breakdown', 25],
    ['deliveries', 15],
    ['gaps', 5],
    ['agencies', 5],
  ] as const);
  addScope(chance, country, query);
  if (kind === 'breakdown') {
    const by = chance.pick(GROUPINGS);
    query.set('by', by);
    if (by === 'parent') query.delete('agency'); // one agency has no parts
    if (by === 'day') query.set('period', chance.pick(['2026-10', '2025-11..2026-10']));
  }
  if (kind === 'breakdown') {
    const sort = chance.pick(['key', 'name', 'rate_electronic', '-overdue', '-missing_numbers']);
    if (query.get('by') === 'agency' || chance.next() < 0.3) query.set('sort', sort);
  }
  if (kind === 'deliveries') {
    query.set('state', chance.pick(['overdue', 'open', '02', '04', '06', 'withdrawn'] as const));
    query.set('limit', '50');
  }
  return [kind, `${kind}?${query.toString()}`];
}

function addScope(chance: Chance, country: readonly TrafficAgency[], query: URLSearchParams): void {
  const agency = chance.pick(country);
  const above = agency.parent ?? agency;
  const way = chance.next();
  if (way < 0.35) query.set('agency', agency.code);
  else if (way < 0.65) query.set('under', (above.parent ?? above).code);
  else if (way < 0.8) query.set('tier', agency.tier);
  if (chance.next() < 0.15) query.set('document_type', chance.pick(TYPES));
  if (chance.next() < 0.15) query.set('urgency', chance.pick(['urgent', 'normal'] as const));
  if (chance.next() < 0.15) query.set('structure', 'now');
}

function choosePage(chance: Chance, country: readonly TrafficAgency[]): string {
  const agency = chance.pick(country);
  return chance.pick(['/', `/agencies/${agency.code}`, '/overdue', '/gaps'] as const);
}

function describe(name: string, timed: readonly Timed[], aimMs: number): BenchResult[] {
  const sorted = timed.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return [
    { name: `${name} p50`, value: at(0.5), unit: 'ms' },
    {
      name: `${name} p99`,
      value: at(0.99),
      unit: 'ms',
      against: `aim ${aimMs}`,
      ratio: aimMs / at(0.99),
    },
  ];
}
