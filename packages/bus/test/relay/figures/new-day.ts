import { parseAgencyCode, type SignBytes } from '../../../src/index.ts';
import { Publisher } from '../../../src/relay/audit/publisher.ts';
import { FigureAnswers } from '../../../src/relay/figures/answers.ts';
import { Intake } from '../../../src/relay/intake.ts';
import type { OnStep } from '../../../src/relay/step.ts';
import { openDatabase } from '../../../src/relay/storage/database.ts';
import { PublicationStore } from '../../../src/relay/storage/publication-store.ts';

/** A relay's file at the start of a day: settles what is over, and publishes the months that are due. */
export async function bringNewDay(options: {
  readonly file: string;
  readonly sign: SignBytes;
  readonly now: Date;
  readonly onStep?: OnStep;
}): Promise<void> {
  const { file, sign, onStep } = options;
  const now = (): Date => options.now;
  const db = openDatabase(file);
  try {
    new Intake(db, now, onStep).upkeep.run();
    await new Publisher({
      db,
      store: new PublicationStore(db),
      figures: new FigureAnswers(db),
      relay: parseAgencyCode('W01'),
      sign,
      now,
      log: () => undefined,
      ...(onStep === undefined ? {} : { onStep }),
    }).publishDue();
  } finally {
    db.close();
  }
}
