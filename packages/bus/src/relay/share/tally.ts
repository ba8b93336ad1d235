import type { ShareClass } from '../figures/share-class.ts';

/** Times in milliseconds, by nearest rank: always one that was really measured. */
export interface TimeFigures {
  readonly median: number;
  readonly p95: number;
}

/** The figures of a set of documents. Rates are fractions from 0 to 1, `null` when nothing divides. */
export interface ShareFigures {
  /** Documents sent electronically only. */
  readonly E: number;
  /** Documents sent electronically and on paper. */
  readonly EP: number;
  /** Documents sent on paper only. */
  readonly P: number;
  /** Documents of E and E+P that carry a digital signature. */
  readonly signed: number;
  readonly rate_electronic: number | null;
  readonly rate_any: number | null;
  readonly rate_signed: number | null;
  /** Answered by nobody, for as long as the broker keeps a message or until its sender gave it up: in no term. */
  readonly undelivered: number;
  /** Numbers given up with a reason: in no term. */
  readonly void_numbers: number;
  /** Numbers of registers that no record names and that may belong here. */
  readonly missing_numbers: number;
  /** True while records are missing that may belong here: the counts are then lower bounds. */
  readonly lower_bound: boolean;
  /** One for each electronic recipient of a document. */
  readonly deliveries: number;
  /** Deliveries answered by at least one receipt. */
  readonly receipted: number;
  /** Deliveries without any receipt. */
  readonly open: number;
  readonly receipted_01: number;
  readonly receipted_03: number;
  readonly receipted_06: number;
  /** Deliveries that stand refused (02). */
  readonly refused: number;
  readonly time_to_01_ms: TimeFigures | null;
  readonly time_to_03_ms: TimeFigures | null;
}

export interface DeliveryCounts {
  readonly deliveries: number;
  readonly receipted: number;
  readonly receipted01: number;
  readonly receipted03: number;
  readonly receipted06: number;
  readonly refused: number;
}

/** Adds up what belongs to one row of the statistics. */
export class Tally {
  readonly #documents: Record<ShareClass, number> = { E: 0, EP: 0, P: 0 };
  readonly #arrivalMs: number[] = [];
  readonly #acceptanceMs: number[] = [];
  readonly #deliveries = {
    deliveries: 0,
    receipted: 0,
    receipted01: 0,
    receipted03: 0,
    receipted06: 0,
    refused: 0,
  };
  #signed = 0;
  #undelivered = 0;
  #voids = 0;
  #missingNumbers = 0;
  #lowerBound = false;

  addDocuments(shareClass: ShareClass, signed: boolean, count: number): void {
    this.#documents[shareClass] += count;
    if (signed && shareClass !== 'P') this.#signed += count;
  }

  addUndelivered(count: number): void {
    this.#undelivered += count;
  }

  addDeliveries(counts: DeliveryCounts): void {
    this.#deliveries.deliveries += counts.deliveries;
    this.#deliveries.receipted += counts.receipted;
    this.#deliveries.receipted01 += counts.receipted01;
    this.#deliveries.receipted03 += counts.receipted03;
    this.#deliveries.receipted06 += counts.receipted06;
    this.#deliveries.refused += counts.refused;
  }

  /** Agencies' clocks differ, so a time may come out below zero: it then counts as zero. */
  addTimes(arrivalMs: number | null, acceptanceMs: number | null): void {
    if (arrivalMs !== null) this.#arrivalMs.push(Math.max(0, arrivalMs));
    if (acceptanceMs !== null) this.#acceptanceMs.push(Math.max(0, acceptanceMs));
  }

  addVoid(): void {
    this.#voids += 1;
  }

  addMissingNumbers(count: number): void {
    this.#missingNumbers += count;
    this.markLowerBound();
  }

  markLowerBound(): void {
    this.#lowerBound = true;
  }

  figures(): ShareFigures {
    const { E, EP, P } = this.#documents;
    const { deliveries, receipted, receipted01, receipted03, receipted06, refused } =
      this.#deliveries;
    return {
      E,
      EP,
      P,
      signed: this.#signed,
      rate_electronic: ratio(E, E + EP + P),
      rate_any: ratio(E + EP, E + EP + P),
      rate_signed: ratio(this.#signed, E + EP),
      undelivered: this.#undelivered,
      void_numbers: this.#voids,
      missing_numbers: this.#missingNumbers,
      lower_bound: this.#lowerBound,
      deliveries,
      receipted,
      open: deliveries - receipted,
      receipted_01: receipted01,
      receipted_03: receipted03,
      receipted_06: receipted06,
      refused,
      time_to_01_ms: timeFigures(this.#arrivalMs),
      time_to_03_ms: timeFigures(this.#acceptanceMs),
    };
  }
}

/** The value below or at which the fraction `p` of the sorted values lies, by nearest rank. */
function nearestRank(sorted: readonly number[], p: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
}

function timeFigures(times: readonly number[]): TimeFigures | null {
  const sorted = Float64Array.from(times).sort();
  const ranked = [...sorted];
  const median = nearestRank(ranked, 0.5);
  const p95 = nearestRank(ranked, 0.95);
  return median === undefined || p95 === undefined ? null : { median, p95 };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
