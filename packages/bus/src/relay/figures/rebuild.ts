import { decodeRecord } from '../../record/frame.ts';
import { parsePayloadAs } from '../../record/codec.ts';
import { NO_STEPS, type OnStep } from '../step.ts';
import type { Db } from '../storage/database.ts';
import { FigureGapStore } from '../storage/figure-gap-store.ts';
import { type BuildCursor, FigureRebuildStore } from '../storage/figure-rebuild-store.ts';
import { FigureStore, type StoredPlace } from '../storage/figure-store.ts';
import { TrackingStore } from '../storage/tracking-store.ts';
import { type Delta, forEachPair } from './cell.ts';
import { GroupDeltas, groupsOf } from './group-deltas.ts';
import type { FigureRecorder } from './recorder.ts';
import { TrackedFigures, datedGap } from './tracked-figures.ts';

/** Rows of one transaction. */
const ROWS_AT_ONCE = 5_000;
/** Entries and reports that are added up, of all. */
export interface BuildProgress {
  readonly done: number;
  readonly of: number;
}

/** Agencies of one transaction: each has figures of years of days. */
const AGENCIES_AT_ONCE = 50;

/**
 * Adds figures up anew: all of them once for a database that has none yet, and those of agencies whose
 * place in the directory changed.
 */
export class FigureRebuild {
  readonly #db: Db;
  readonly #store: FigureStore;
  readonly #gaps: FigureGapStore;
  readonly #rows: FigureRebuildStore;
  readonly #recorder: FigureRecorder;
  readonly #tracked: TrackedFigures;
  readonly #onStep: OnStep;

  constructor(db: Db, recorder: FigureRecorder, onStep: OnStep = NO_STEPS) {
    this.#db = db;
    this.#onStep = onStep;
    this.#store = new FigureStore(db);
    this.#gaps = new FigureGapStore(db);
    this.#rows = new FigureRebuildStore(db);
    this.#recorder = recorder;
    const tracking = new TrackingStore(db);
    this.#tracked = new TrackedFigures({ recorder, gaps: this.#gaps, tracking });
  }

  /**
   * Makes the figures of a database that an earlier version wrote. Each step is a transaction: killed
   * in between, the next call goes on. Until the last one, figures are not answered.
   *
   * @returns how far it is, or `undefined` when nothing was left to do.
   */
  buildStep(): BuildProgress | undefined {
    if (this.#store.state().built) return undefined;
    const progress = this.#inTransaction(() => {
      const cursor = this.#build();
      this.#recorder.flush();
      this.#onStep('build.kept');
      return cursor;
    });
    this.#onStep('build.committed');
    return progress;
  }

  /** Forgets all rollups and makes them again from the tracking tables. */
  buildAgain(): void {
    this.#inTransaction(() => this.#rows.clear());
    while (this.buildStep() !== undefined);
  }

  /**
   * Moves the figures of some agencies to where the directory says they stand. Killed in between, the
   * next call goes on with those that are left; so it does when records came in meanwhile.
   *
   * @returns whether there were any: then more may be left.
   */
  followStep(): boolean {
    return this.#inTransaction(() => {
      this.#listAffected();
      const agencies = this.#rows.onList(AGENCIES_AT_ONCE);
      for (const agency of agencies) this.#move(agency);
      return agencies.length > 0;
    });
  }

  #build(): BuildProgress {
    const cursor = this.#rows.cursor();
    if (cursor === undefined) {
      this.#readSuccessors();
      this.#rows.clear();
      return { done: 0, of: this.#rows.cursor()?.total ?? 0 };
    }
    const next = this.#addUp(cursor);
    if (next === undefined) this.#rows.end();
    else this.#rows.moveTo(next);
    return { done: next?.done ?? cursor.total, of: cursor.total };
  }

  /** @returns where the next step goes on; `undefined` after the last. */
  #addUp(cursor: BuildCursor): BuildCursor | undefined {
    switch (cursor.phase) {
      case 'entries':
        return this.#addEntries(cursor);
      case 'reports':
        return this.#hearReports(cursor);
      case 'gaps':
        return this.#addGaps(cursor);
    }
  }

  #addEntries(cursor: BuildCursor): BuildCursor {
    const { agency, year, number, done } = cursor;
    const entries = this.#rows.entriesAfter([agency, year, number], ROWS_AT_ONCE);
    for (const entry of entries) this.#tracked.addEntry(entry);
    const last = entries.at(-1);
    if (last === undefined) return { ...cursor, phase: 'reports' };
    const { agency: code, year: ofYear, number: at } = last;
    return { ...cursor, agency: code, year: ofYear, number: at, done: done + entries.length };
  }

  #hearReports(cursor: BuildCursor): BuildCursor {
    const reports = this.#rows.reportsAfter(cursor.report, ROWS_AT_ONCE);
    for (const { agency, atMs } of reports) this.#tracked.heard(agency, atMs);
    const last = reports.at(-1);
    if (last === undefined) return { ...cursor, phase: 'gaps', agency: '', year: 0, number: 0 };
    return { ...cursor, report: last.id, done: cursor.done + reports.length };
  }

  #addGaps(cursor: BuildCursor): BuildCursor | undefined {
    const gaps = this.#gaps.gapsAfter([cursor.agency, cursor.year, cursor.number], ROWS_AT_ONCE);
    for (const { agency, year, first } of gaps) {
      this.#tracked.refreshGaps(agency, year, new Map([[first, false]]));
    }
    const last = gaps.at(-1);
    if (last === undefined) return undefined;
    return { ...cursor, agency: last.agency, year: last.year, number: last.first };
  }

  #readSuccessors(): void {
    for (const { registrar, sequence, record } of this.#rows.entriesWithoutSuccessors()) {
      const { successors } = parsePayloadAs(decodeRecord(record), 'directory');
      this.#rows.setSuccessors(registrar, sequence, successors);
    }
  }

  /** Everyone whose place rests on an entry that changed: the agency, those below, those it took over. */
  #listAffected(): void {
    const changed = this.#rows.takeChangedCodes();
    if (changed.size === 0) return;
    this.#addPredecessors(changed);
    const isTouched = (codes: string): boolean =>
      codes !== '' && codes.split(' ').some((code) => changed.has(code));
    const affected = new Set(changed);
    for (const row of this.#rows.placeTexts()) {
      const { agency, then_above: then, now_above: now, now_code: heir } = row;
      if (changed.has(heir) || isTouched(then) || isTouched(now)) affected.add(agency);
    }
    for (const agency of affected) this.#rows.putOnList(agency);
  }

  #addPredecessors(changed: Set<string>): void {
    const succeeded = this.#rows.succeeded();
    for (let size = 0; size < changed.size;) {
      ({ size } = changed);
      for (const { code, successors } of succeeded) {
        if (changed.has(code)) continue;
        const heirs: unknown = JSON.parse(successors);
        if (Array.isArray(heirs) && heirs.some((heir) => changed.has(String(heir)))) {
          changed.add(code);
        }
      }
    }
  }

  #move(agency: string): void {
    const before = this.#store.places(agency);
    const after = this.#recorder.computePlaces(agency);
    this.#rows.takeOffList(agency);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const groups = new GroupDeltas();
    const shift = (day: string, put: (place: StoredPlace, sign: 1 | -1) => void): void => {
      const old = placeOn(before, day);
      const now = placeOn(after, day);
      if (JSON.stringify(old) === JSON.stringify(now)) return;
      if (old !== undefined) put(old, -1);
      if (now !== undefined) put(now, 1);
    };
    for (const day of this.#store.heardDays(agency)) {
      shift(day, (place, sign) => {
        for (const { data, ...key } of this.#store.ownCells(agency, day)) {
          groups.add(key, groupsOf(place), readCell(data), sign);
        }
      });
    }
    for (const gap of this.#gaps.ofAgency(agency).map(datedGap)) {
      shift(gap.fromDay, (place, sign) => groups.addGap({ ...gap, agency }, groupsOf(place), sign));
    }
    this.#store.setPlaces(agency, after);
    this.#recorder.writeGroups(groups);
  }

  #inTransaction<T>(work: () => T): T {
    try {
      return this.#db.transaction(work).immediate();
    } finally {
      this.#recorder.reset();
    }
  }
}

function placeOn(places: readonly StoredPlace[], day: string): StoredPlace | undefined {
  return places.findLast(({ fromDay }) => fromDay <= day);
}

function readCell(data: Uint8Array): Delta {
  const delta: Delta = new Map();
  forEachPair(data, (index, amount) => delta.set(index, amount));
  return delta;
}
