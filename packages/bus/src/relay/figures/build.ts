import { setImmediate } from 'node:timers/promises';

import type { RelayLog } from '../log.ts';
import type { FigureUpkeep } from './upkeep.ts';

/** Told in the log each time so many more entries and reports are added up. */
const TELL_EVERY = 100_000;

/** Makes the figures of an earlier version's database, and lets other work in between the steps. */
export async function buildFigures(upkeep: FigureUpkeep, log: RelayLog): Promise<void> {
  let told = -TELL_EVERY;
  for (;;) {
    const progress = upkeep.buildStep();
    if (progress === undefined) return;
    const { done, of } = progress;
    if (done >= told + TELL_EVERY || done === of) {
      log('info', 'figures are being added up', { done, of });
      told = done;
    }
    await setImmediate();
  }
}
