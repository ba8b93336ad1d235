import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { composePublication, keepHead } from '../../src/relay/audit/compose.ts';
import { DEFINITIONS } from '../../src/relay/audit/definitions.ts';
import { exportAudit } from '../../src/relay/audit/export.ts';
import { Publisher } from '../../src/relay/audit/publisher.ts';
import { recomputeAudit } from '../../src/relay/audit/recompute.ts';
import { FigureAnswers } from '../../src/relay/figures/answers.ts';
import { figures } from '../../src/relay/http/schemas.ts';
import { PublicationStore } from '../../src/relay/storage/publication-store.ts';
import { CLOSING, MONTH, makeDisturbedMonth } from './traffic/disturbed-month.ts';
import { RELAY, type SignedTown } from './traffic/signed-town.ts';

it('an audit file defines every figure that is published, each once', () => {
  const defined = DEFINITIONS.flatMap(({ field }) => field.split(', '));
  const published = [...Object.keys(figures.shape), 'agencies', 'agencies_silent'];
  expect(defined.toSorted()).toEqual(published.toSorted());
});

describe('a month that was published before a figure was defined', () => {
  it('still comes out of its records, and is not corrected for the figure alone', async () => {
    const { town } = await makeDisturbedMonth();
    await using _town = town;
    const [answers, store] = [new FigureAnswers(town.db), new PublicationStore(town.db)];
    const publisher = new Publisher({
      db: town.db,
      store,
      figures: answers,
      relay: RELAY,
      sign: town.sign,
      now: () => CLOSING,
      log: () => undefined,
    });
    publishBySecondDefinitions(town, answers, store);
    expect(await publisher.publish(MONTH)).toBeUndefined();
    const text = Buffer.concat([...store.pieces(1, 'figures')]).toString();
    expect(text).toContain('"contradictions":');
    expect(text).not.toContain('"duplicates":');

    const { file } = await exportAudit({
      home: town.home,
      from: MONTH,
      to: MONTH,
      output: join(town.folder, 'audit.zip'),
      sign: town.sign,
      now: () => town.now,
    });
    const registrar = town.registrar.certificate.sha256;
    const report = await recomputeAudit({ file, trust: town.pki.trust(), registrar });
    expect(report.findings).toEqual([]);
    expect(report.publications).toMatchObject([{ revision: 1, differing: 0 }]);
  });
});

/** As a relay did that knew no `duplicates`; who runs next signs it. */
function publishBySecondDefinitions(
  { db }: SignedTown,
  answers: FigureAnswers,
  store: PublicationStore,
): void {
  const asOf = answers.asOf();
  while (db.transaction(() => store.advanceArrivals(asOf.record))());
  db.transaction(() => {
    const { head } = composePublication(store, answers, {
      relay: RELAY,
      month: MONTH,
      revision: 1,
      sequence: 1,
      previous: null,
      publishedAt: CLOSING,
      asOf,
      definitions: 2,
      corrects: null,
      toldContradiction: 0,
    });
    expect(head).not.toHaveProperty('definitions');
    keepHead(store, head);
  })();
}
