import { NO_STEPS, type OnStep } from '../step.ts';
import type { Db } from '../storage/database.ts';
import { type BuildProgress, FigureRebuild } from './rebuild.ts';
import type { FigureRecorder } from './recorder.ts';
import { FigureSweep } from './sweep.ts';

/**
 * What the figures need beside records: a database of an earlier version, a new day, another directory.
 * Cheap when there is nothing to do; only the one process that writes the database calls it.
 */
export class FigureUpkeep {
  readonly #rebuild: FigureRebuild;
  readonly #sweep: FigureSweep;
  readonly #now: () => Date;

  constructor(db: Db, recorder: FigureRecorder, now: () => Date, onStep: OnStep = NO_STEPS) {
    this.#rebuild = new FigureRebuild(db, recorder, onStep);
    this.#sweep = new FigureSweep(db, recorder, onStep);
    this.#now = now;
  }

  run(): void {
    while (this.buildStep() !== undefined);
    while (this.followStep());
    this.#sweep.sweep(this.#now());
  }

  /** One part of adding all figures up for an earlier version's database; see {@link FigureRebuild}. */
  buildStep(): BuildProgress | undefined {
    return this.#rebuild.buildStep();
  }

  /** One part of moving agencies whose place in the directory changed; see {@link FigureRebuild}. */
  followStep(): boolean {
    return this.#rebuild.followStep();
  }

  /** For a check that rollups hold what the tracking tables say. */
  buildAgain(): void {
    this.#rebuild.buildAgain();
  }
}
