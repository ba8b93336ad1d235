import { expect, it } from 'vitest';

import { Publisher } from '../../../src/relay/audit/publisher.ts';
import { FigureSweep } from '../../../src/relay/figures/sweep.ts';
import { PublicationStore } from '../../../src/relay/storage/publication-store.ts';
import { openHttpTown } from '../http/http-town.ts';
import { RelayDatabase, codeOf, dispatch, electronic } from '../relay-database.ts';

const JULY = { period: '2026-07' };
const LAST_DAY = new Date('2026-07-31T02:00:00.000Z');
const NEXT_DAY = '2026-08-01';

/** Of these the next day's sweep settles 2,001 in a transaction. */
const TWO_STEPS = 2_100;
const THREE_STEPS = 4_100;

/** Documents that are dispatched on a day, all issued in July. */
function fillDay(relay: RelayDatabase, day: Date, length: number): void {
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  const reports = Array.from({ length }, (_, index) => {
    const at = new Date(day.getTime() + index * 1_000).toISOString();
    const change = { documentId: `d${index}`, issuedOn: '2026-07-31' };
    return relay.compose('H09', dispatch(index + 1, [electronic('G12')], change), at);
  });
  relay.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
  relay.sweep(day);
}

it('figures of a day that is being settled say how far, and no two states say the same', () => {
  using relay = new RelayDatabase();
  const states = [relay.queries.asOf()];
  fillDay(relay, LAST_DAY, THREE_STEPS);
  const sweep = new FigureSweep(relay.db, relay.intake.figures);
  const overdue: number[] = [];
  do {
    states.push(relay.queries.asOf());
    overdue.push(relay.queries.figures(JULY).figures.overdue);
  } while (sweep.step(NEXT_DAY));

  expect(overdue).toEqual([0, 2_001, 4_002, THREE_STEPS]);
  const [fresh, before, first, second, after] = states;
  expect(fresh).toEqual({ record: 0, day: '1970-01-01' });
  expect(before).toEqual({ record: THREE_STEPS, day: '2026-07-31' });
  expect(first).toEqual({
    ...before,
    settling: {
      overdue_before: '2026-07-31T02:33:20.001Z',
      undelivered_before: '2026-06-30T17:00:00.000Z',
    },
  });
  expect(second).toMatchObject({ day: '2026-07-31', settling: {} });
  expect(second).not.toEqual(first);
  expect(after).toEqual({ record: THREE_STEPS, day: NEXT_DAY });
});

it('a month is not signed while a day is being settled', async () => {
  using relay = new RelayDatabase();
  const firstOfAugust = new Date('2026-08-01T02:00:00.000Z');
  fillDay(relay, firstOfAugust, TWO_STEPS);
  const publisher = new Publisher({
    db: relay.db,
    store: new PublicationStore(relay.db),
    figures: relay.queries,
    relay: codeOf('H09'),
    sign: async () => new Uint8Array([1]),
    now: () => new Date('2026-08-20T02:00:00.000Z'),
    log: () => undefined,
  });
  const sweep = new FigureSweep(relay.db, relay.intake.figures);
  sweep.step('2026-08-02');

  expect(relay.queries.figures(JULY).figures.overdue).toBe(2_001);
  await expect(publisher.publish('2026-07')).rejects.toMatchObject({
    code: 'BUS_FIGURES_BEING_BUILT',
  });
  expect(await publisher.publishDue()).toEqual([]);

  sweep.sweep(new Date('2026-08-02T02:00:00.000Z'));
  expect(await publisher.publish('2026-07')).toMatchObject({ month: '2026-07', revision: 1 });
});

it('whoever has an answer of a day that is being settled is given the next one', async () => {
  await using town = await openHttpTown({
    fill: (database) => fillDay(database, LAST_DAY, THREE_STEPS),
  });
  const token = await town.account({ name: 'mai', role: 'auditor' });
  const sweep = new FigureSweep(town.database.db, town.database.intake.figures);
  const path = '/api/v1/figures?period=2026-07';
  let tag = '"none"';
  const answers: unknown[] = [];
  do {
    const answer = await town.ask(path, { token, headers: { 'if-none-match': tag } });
    expect(answer.status).toBe(200);
    tag = answer.headers.get('etag') ?? '';
    answers.push(JSON.parse(answer.text));
  } while (sweep.step(NEXT_DAY));

  expect(answers).toMatchObject([
    { as_of: { day: '2026-07-31' }, figures: { overdue: 0 } },
    {
      as_of: { settling: { overdue_before: '2026-07-31T02:33:20.001Z' } },
      figures: { overdue: 2_001 },
    },
    { as_of: { settling: {} }, figures: { overdue: 4_002 } },
    { as_of: { day: NEXT_DAY }, figures: { overdue: THREE_STEPS } },
  ]);
});
