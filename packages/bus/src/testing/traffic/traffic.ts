import { startOfDayMs } from '../../calendar/vietnam-time.ts';
import type { ReceiptEntry, ReportEntry } from '../../record/payload.ts';
import { Chance } from '../chance.ts';
import type { TrafficAgency } from './country.ts';
import { address, paperNames, write } from './documents.ts';

export interface TrafficOptions {
  readonly country: readonly TrafficAgency[];
  readonly seed: number;
  /** `YYYY-MM` of the first month. */
  readonly from: string;
  readonly months: number;
  /** Deliveries of all months together, near enough. */
  readonly deliveries: number;
}

/** What an agency reports, in the order of time. Chain and signature are added by who needs them. */
export interface TrafficEvent {
  readonly agency: TrafficAgency;
  readonly atMs: number;
  readonly entry: ReportEntry;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const VIETNAM_OFFSET_MS = 7 * HOUR_MS;
const OFFICE_HOURS = [7, 8, 8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 15, 16, 17] as const;
/** Electronic ones, of all numbers of the registers. */
const RECIPIENTS_PER_DOCUMENT = 2.5;
/** Monday to Sunday. */
const WEEKDAYS = [1.1, 1, 1, 1, 0.95, 0.1, 0.03] as const;
const UNANSWERED_AFTER_MS = 30 * DAY_MS;
const SHARE = {
  void: 0.004,
  lostNumber: 0.0015,
  damagedFirst: 0.004,
  refused: 0.006,
  neverAnswered: 0.012,
  accepted: 0.72,
  completed: 0.4,
  unsigned: 0.03,
} as const;

/**
 * Realistic traffic of a country: by working day and hour, with registers that have void and lost
 * numbers, paper, refusals, slow and absent answers, and what is given up after 30 days.
 */
export function* makeTraffic(options: TrafficOptions): Generator<TrafficEvent, void, undefined> {
  const run = new TrafficRun(options);
  for (const day of run.days) yield* run.day(day);
}

/** The days of the months at +07:00 with the part of all documents that each brings. */
interface Day {
  readonly date: string;
  readonly startMs: number;
  readonly documents: number;
}

class TrafficRun {
  readonly days: readonly Day[];
  readonly #chance: Chance;
  readonly #country: readonly TrafficAgency[];
  readonly #byCode: ReadonlyMap<string, TrafficAgency>;
  /** Sums of the weights up to each agency. */
  readonly #senders: Float64Array;
  /** Last number of each agency's register of the year. */
  readonly #numbers: Uint32Array;
  readonly #incoming: Uint32Array;
  /** Events of days to come, by day. */
  readonly #later = new Map<number, TrafficEvent[]>();
  #year = '';
  #documentCount = 0;

  constructor({ country, seed, from, months, deliveries }: TrafficOptions) {
    this.#chance = new Chance(seed);
    this.#country = country;
    this.#byCode = new Map(country.map((agency) => [agency.code, agency]));
    this.#numbers = new Uint32Array(country.length);
    this.#incoming = new Uint32Array(country.length);
    let sum = 0;
    this.#senders = Float64Array.from(country, ({ weight }) => (sum += weight));
    this.days = spreadOverDays(from, months, deliveries / RECIPIENTS_PER_DOCUMENT);
  }

  *day({ date, startMs, documents }: Day): Generator<TrafficEvent, void, undefined> {
    if (date.slice(0, 4) !== this.#year) {
      this.#year = date.slice(0, 4);
      this.#numbers.fill(0);
      this.#incoming.fill(0);
    }
    const key = dayOf(startMs);
    const count = Math.floor(documents) + (this.#chance.next() < documents % 1 ? 1 : 0);
    for (let index = 0; index < count; index += 1) this.#issue(date, startMs);
    const events = this.#later.get(key) ?? [];
    this.#later.delete(key);
    yield* events.toSorted((a, b) => a.atMs - b.atMs);
  }

  #issue(date: string, startMs: number): void {
    const chance = this.#chance;
    const agency = this.#sender();
    const atMs = startMs + officeHour(chance);
    const number = this.#nextNumber(agency, atMs);
    const { notation, ...writing } = write(chance);
    const register = { year: Number(this.#year), number, notation, issuedOn: date };
    if (chance.next() < agency.paperHabit) {
      const recipients = paperNames(chance);
      const reason = chance.pick(['infrastructure', 'listed', 'not-connected'] as const);
      const { documentType, abstract } = writing;
      const entry = {
        kind: 'paper' as const,
        register,
        documentType,
        abstract,
        recipients,
        reason,
      };
      this.#schedule({ agency, atMs, entry });
      return;
    }
    this.#documentCount += 1;
    const recipients = address(chance, agency, this.#country);
    const key = {
      documentId: `${chance.hex(4)}-${this.#documentCount.toString(36)}`,
      businessType: 0 as const,
      documentVersion: 1,
    };
    const packageDigest = chance.hex(32);
    this.#schedule({
      agency,
      atMs,
      entry: {
        kind: 'dispatch',
        register,
        ...key,
        ...writing,
        signed: chance.next() >= SHARE.unsigned,
        packageDigest,
        recipients: [...recipients],
      },
    });
    for (const recipient of recipients) {
      const to = recipient.mode === 'P' ? undefined : this.#byCode.get(recipient.to);
      if (to !== undefined) this.#answer(agency, to, { ...key, packageDigest }, atMs);
    }
  }

  /** Numbers run on; some are given up with a report, some without a word. */
  #nextNumber(agency: TrafficAgency, atMs: number): number {
    let number = (this.#numbers[agency.index] ?? 0) + 1;
    if (this.#chance.next() < SHARE.void) {
      const year = Number(this.#year);
      const entry = { kind: 'void' as const, year, number, reason: 'Cấp nhầm số' };
      this.#schedule({ agency, atMs, entry });
      number += 1;
    }
    if (this.#chance.next() < SHARE.lostNumber) number += 1;
    this.#numbers[agency.index] = number;
    return number;
  }

  #answer(sender: TrafficAgency, to: TrafficAgency, key: DocumentKey, sentMs: number): void {
    const chance = this.#chance;
    const document = { sender: sender.code, ...key };
    const receipt = (status: string, atMs: number, more: ReceiptExtras = {}): void => {
      const at = new Date(Math.floor(atMs)).toISOString();
      const entry = { kind: 'receipt' as const, ...document, status, at, ...more };
      this.#schedule({ agency: to, atMs: Math.floor(atMs) + chance.between(10, 2_000), entry });
    };
    if (chance.next() < SHARE.neverAnswered) return this.#giveUp(sender, to, key, sentMs);
    const damaged = chance.next() < SHARE.damagedFirst;
    const away = chance.next() < 0.03 ? chance.longTailed(20 * HOUR_MS, 1) : 0;
    const arrivedMs = sentMs + away + chance.longTailed(4_000, 1.2) * to.slowness;
    if (damaged) receipt('02', arrivedMs, { reasonCode: 'SIGNATURE_BROKEN' });
    receipt('01', damaged ? arrivedMs + 10 * MINUTE_MS : arrivedMs);
    if (chance.next() < SHARE.refused) {
      const reason = 'Gửi không đúng thẩm quyền';
      receipt('02', arrivedMs + chance.longTailed(3 * HOUR_MS, 1), { reason });
      return;
    }
    if (chance.next() >= SHARE.accepted) return;
    const acceptedMs = arrivedMs + chance.longTailed(2 * HOUR_MS, 1.3) * to.slowness;
    const number = (this.#incoming[to.index] ?? 0) + 1;
    this.#incoming[to.index] = number;
    receipt('03', acceptedMs, { incoming: { year: Number(this.#year), number } });
    if (chance.next() >= SHARE.completed) return;
    receipt('06', acceptedMs + chance.longTailed(50 * HOUR_MS, 1) * to.slowness);
  }

  #giveUp(sender: TrafficAgency, to: TrafficAgency, key: DocumentKey, sentMs: number): void {
    const { documentId, businessType, documentVersion } = key;
    const isByHand = this.#chance.next() < 0.3;
    const atMs = sentMs + (isByHand ? 2 * DAY_MS : UNANSWERED_AFTER_MS);
    const at = new Date(atMs).toISOString();
    const document = { documentId, businessType, documentVersion, to: to.code, at };
    const entry = isByHand
      ? { kind: 'withdrawn' as const, ...document, cause: 'given-up' as const, reason: 'Gửi lại' }
      : { kind: 'withdrawn' as const, ...document, cause: 'unanswered' as const };
    this.#schedule({ agency: sender, atMs, entry });
  }

  #schedule(event: TrafficEvent): void {
    const day = dayOf(event.atMs);
    const events = this.#later.get(day);
    if (events === undefined) this.#later.set(day, [event]);
    else events.push(event);
  }

  #sender(): TrafficAgency {
    const sums = this.#senders;
    const wanted = this.#chance.next() * (sums.at(-1) ?? 0);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) <= wanted) low = middle + 1;
      else high = middle;
    }
    const agency = this.#country[low];
    if (agency === undefined) throw new RangeError('the country has no agencies');
    return agency;
  }
}

interface DocumentKey {
  readonly documentId: string;
  readonly businessType: 0;
  readonly documentVersion: number;
  readonly packageDigest: string;
}

type ReceiptExtras = Pick<ReceiptEntry, 'reasonCode' | 'reason' | 'incoming'>;

/** Days since 1970 at +07:00. */
function dayOf(ms: number): number {
  return Math.floor((ms + VIETNAM_OFFSET_MS) / DAY_MS);
}

/** Most is written before lunch and before four o'clock. */
function officeHour(chance: Chance): number {
  return Math.floor((chance.pick(OFFICE_HOURS) + chance.next()) * HOUR_MS);
}

function spreadOverDays(from: string, months: number, documents: number): readonly Day[] {
  const [year = 0, month = 0] = from.split('-').map(Number);
  const end = new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10);
  const days: { date: string; startMs: number; weight: number }[] = [];
  for (let at = Date.UTC(year, month - 1, 1); ; at += DAY_MS) {
    const date = new Date(at).toISOString().slice(0, 10);
    if (date >= end) break;
    const weight = WEEKDAYS[(new Date(at).getUTCDay() + 6) % 7] ?? 0;
    days.push({ date, startMs: startOfDayMs(date), weight });
  }
  const sum = days.reduce((total, { weight }) => total + weight, 0);
  return days.map(({ date, startMs, weight }) => {
    return { date, startMs, documents: (documents * weight) / sum };
  });
}
