import type { ReportEntry } from '../../../src/index.ts';
import { parseAgencyCode } from '../../../src/index.ts';
import { Chance } from '../../../src/testing/chance.ts';
import { type Signed, SignedTown } from './signed-town.ts';

/** The month that is disturbed in every way; it closes on 2026-11-11. */
export const MONTH = '2026-10';
export const CLOSING = new Date('2026-11-11T01:00:00.000Z');

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const DOCUMENTS_EACH = 5;

export const AGENCIES = [
  ['G01', 'central', null],
  ['H09', 'province', null],
  ['H09.01', 'province', 'H09'],
  ['H09.02', 'province', 'H09'],
  ['H09.40', 'district', 'H09'],
  ['H09.40.1', 'commune', 'H09.40'],
  ['H09.40.2', 'commune', 'H09.40'],
  ['H09.40.3', 'commune', 'H09.40'],
  ['H10', 'province', null],
  ['H10.40', 'district', 'H10'],
  ['H10.40.1', 'commune', 'H10.40'],
  ['H10.40.9', 'commune', 'H10.40'], // silent
] as const;
const SILENT = 'H10.40.9';
const MERGED = ['H09.40.2', 'H09.40.3'] as const;
const SUCCESSOR = 'H09.40.4';

interface Event {
  readonly at: Date;
  readonly agency: string;
  readonly entry: ReportEntry;
}

export interface DisturbedMonth {
  readonly town: SignedTown;
  /** Every signed report in the order of signing. */
  readonly signed: readonly Signed[];
  /** Reports that arrive only after the closing. */
  readonly late: readonly Signed[];
  /** One that never arrives. */
  readonly lost: Signed;
}

/** A month of signed traffic of a dozen agencies with everything that goes wrong, taken in by a relay. */
export async function makeDisturbedMonth(seed = 7, passphrase?: string): Promise<DisturbedMonth> {
  const town = await SignedTown.start(passphrase);
  for (const [code, tier, parent] of AGENCIES) {
    await town.addAgency(code, { tier, parent: parent === null ? null : parseAgencyCode(parent) });
  }
  const chance = new Chance(seed);
  const events = [...traffic(chance), ...specials()].toSorted((a, b) => +a.at - +b.at);
  await merge(town, events);
  const signed: Signed[] = [];
  for (const { agency, entry, at } of events) signed.push(await town.compose(agency, entry, at));
  const last = (agency: string, back = 1): Signed => {
    const found = signed.filter((one) => one.agency === agency).at(-back);
    if (found === undefined) throw new Error(`${agency} signed nothing`);
    return found;
  };
  const lost = last('H09', 4);
  const late = [last('G01'), last('H10', 2)];
  arrive(
    town,
    chance,
    signed.filter((one) => one !== lost && !late.includes(one)),
  );
  await fork(town, last('H10.40.1', 2));
  town.now = CLOSING;
  return { town, signed, late, lost };
}

/** Arrivals: a little out of order, a few of them twice. */
function arrive(town: SignedTown, chance: Chance, signed: readonly Signed[]): void {
  const arrivals = signed.map((report) => {
    const storedAt = new Date(+report.at + chance.between(200, 3 * HOUR_MS));
    return { report, storedAt };
  });
  for (const { report, storedAt } of arrivals.toSorted((a, b) => +a.storedAt - +b.storedAt)) {
    if (storedAt.getUTCDate() !== town.now.getUTCDate()) town.now = storedAt; // settles the days between
    expectTaken(town.receive(report, storedAt), report);
    if (chance.next() < 0.05) town.receive(report, new Date(+storedAt + 1_000));
  }
}

function expectTaken(outcome: string, { agency, number }: Signed): void {
  if (outcome !== 'new') throw new Error(`report ${number} of ${agency}: ${outcome}`);
}

/** Two communes end in the middle of the month; one that follows them goes on. */
async function merge(town: SignedTown, events: readonly Event[]): Promise<void> {
  const until = '2026-10-16T17:00:00.000Z';
  const predecessors = MERGED.map(parseAgencyCode);
  for (const code of MERGED) {
    await town.enter(code, { validTo: until, successors: [parseAgencyCode(SUCCESSOR)] });
  }
  await town.addAgency(SUCCESSOR, {
    tier: 'commune',
    parent: parseAgencyCode('H09.40'),
    validFrom: until,
    predecessors,
  });
  if (!events.some(({ agency }) => agency === SUCCESSOR)) throw new Error('it says nothing');
}

/** Someone signs another report under a number that was given. */
async function fork(town: SignedTown, { agency, number, at }: Signed): Promise<void> {
  const entry = { kind: 'void', year: 2026, number: 900, reason: 'ghi nhầm' } as const;
  const record = await town.compose(agency, entry, at, { number, previous: '0'.repeat(64) });
  const outcome = town.receive(record, new Date(+at + 4 * HOUR_MS));
  if (outcome !== 'fork') throw new Error(`a fork was expected, not ${outcome}`);
}

function* traffic(chance: Chance): Generator<Event> {
  for (const [index, [sender]] of AGENCIES.entries()) {
    if (sender === SILENT) continue;
    const isMerged = MERGED.some((code) => code === sender);
    const days = isMerged ? 12 : 29;
    for (let number = 1; number <= DOCUMENTS_EACH; number += 1) {
      const hours = (number - 1) * ((days * 24) / DOCUMENTS_EACH) + chance.between(1, 20);
      const sentMs = Date.UTC(2026, 9, 1) + hours * HOUR_MS;
      const others = AGENCIES.map(([code]) => code).filter(
        (code) => code !== sender && code !== SILENT && !MERGED.some((one) => one === code),
      );
      const to = [
        others[(index + number) % others.length],
        others[(index + 3 * number) % others.length],
      ];
      const recipients = [...new Set(to)].flatMap((code) => code ?? []);
      yield {
        at: new Date(sentMs),
        agency: sender,
        entry: dispatch(sender, number, sentMs, recipients),
      };
      for (const recipient of recipients)
        yield* receipts(chance, sender, number, sentMs, recipient);
    }
  }
}

function* receipts(
  chance: Chance,
  sender: string,
  number: number,
  sentMs: number,
  recipient: string,
): Generator<Event> {
  if (chance.next() < 0.1) return; // nobody answers
  let atMs = sentMs + chance.between(1_000, 2 * DAY_MS);
  for (const status of chance.next() < 0.1 ? ['02'] : ['01', '03', '06']) {
    yield { at: new Date(atMs), agency: recipient, entry: receipt(sender, number, status, atMs) };
    atMs += chance.between(60_000, 2 * DAY_MS);
    if (atMs > Date.UTC(2026, 10, 8) || chance.next() < 0.2) return;
  }
}

/** One of each thing that is rare. */
function* specials(): Generator<Event> {
  const at = (day: number, hour = 3): Date => new Date(Date.UTC(2026, 9, day, hour));
  const on = (day: number, agency: string, entry: ReportEntry): Event => ({
    at: at(day),
    agency,
    entry,
  });
  const h10 = (number: number) => dispatch('H10', number, +at(20), ['G01', 'H09']);
  yield on(20, 'H10', { ...h10(2), businessType: 1, documentVersion: 2 }); // recalled
  yield on(21, 'H10', { ...h10(3), businessType: 2, documentVersion: 2 }); // updated
  yield on(22, 'H10', {
    ...dispatch('H10', 7, +at(22), ['G01']),
    businessType: 3,
    responseFor: undefined,
  });
  yield on(23, 'H10', {
    kind: 'paper',
    register: { year: 2026, number: 8, notation: 'CV-H10', issuedOn: '2026-10-23' },
    documentType: 'Công văn',
    abstract: 'gửi bản giấy',
    recipients: ['Công ty Ánh Dương'],
    reason: 'not-connected',
  });
  yield on(24, 'H10', { kind: 'void', year: 2026, number: 10, reason: 'ghi nhầm số' }); // and 9 is missing
  yield on(25, 'H10', {
    kind: 'withdrawn',
    documentId: documentId('H10', 5),
    businessType: 0,
    documentVersion: 1,
    to: parseAgencyCode('H09.01'),
    at: at(25).toISOString(),
    cause: 'given-up',
    reason: 'gửi nhầm',
  });
  yield on(26, 'G01', { ...receipt('H10', 7, '03', +at(26), 'f'.repeat(64)), businessType: 3 }); // of another package
  yield on(26, 'H10.40', receipt('G01', 1, '01', +at(26))); // it may not have been addressed
  yield on(27, 'H09.01', { ...receipt('H10', 7, '01', +at(27)), businessType: 3 }); // a stranger
  yield on(27, 'H10.40', dispatch('H10.40', 20, Date.UTC(2026, 9, 5), ['H10'])); // dated back
  yield on(18, SUCCESSOR, dispatch(SUCCESSOR, 1, +at(18), ['H09', 'H09.40']));
  yield on(19, 'H09', receipt(SUCCESSOR, 1, '01', +at(19)));
  yield on(28, 'H09.02', {
    ...dispatch('H09.02', 6, +at(28), ['H09']),
    recipients: [
      { to: parseAgencyCode('H09'), mode: 'E+P' },
      { name: 'Ông Nguyễn Văn Bình', mode: 'P', reason: 'chưa kết nối' },
    ],
  });
}

function documentId(sender: string, number: number): string {
  return `${sender}-2026-${number}`;
}

function dispatch(
  sender: string,
  number: number,
  issuedMs: number,
  recipients: readonly string[],
): Extract<ReportEntry, { kind: 'dispatch' }> {
  const issuedOn = new Date(issuedMs + 7 * HOUR_MS).toISOString().slice(0, 10);
  return {
    kind: 'dispatch',
    register: { year: 2026, number, notation: `CV-${sender}`, issuedOn },
    documentId: documentId(sender, number),
    businessType: 0,
    documentVersion: 1,
    documentType: number % 3 === 0 ? 'Quyết định' : 'Công văn',
    abstract: `về việc ${number}`,
    priority: number % 4 === 0 ? 2 : 0,
    signed: number % 5 !== 0,
    packageDigest: digestOf(sender, number),
    recipients: recipients.map((to) => ({ to: parseAgencyCode(to), mode: 'E' as const })),
  };
}

function receipt(
  sender: string,
  number: number,
  status: string,
  atMs: number,
  packageDigest = digestOf(sender, number),
): Extract<ReportEntry, { kind: 'receipt' }> {
  return {
    kind: 'receipt',
    sender: parseAgencyCode(sender),
    documentId: documentId(sender, number),
    businessType: 0,
    documentVersion: 1,
    packageDigest,
    status,
    at: new Date(atMs).toISOString(),
  };
}

function digestOf(sender: string, number: number): string {
  return Buffer.from(`${sender} ${number}`).toString('hex').padEnd(64, '0').slice(0, 64);
}
