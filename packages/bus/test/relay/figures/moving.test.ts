import { expect, it } from 'vitest';

import { encodePayload } from '../../../src/index.ts';
import { DirectoryStore } from '../../../src/relay/storage/directory-store.ts';
import { RelayDatabase, codeOf, listing, paper } from '../relay-database.ts';
import { dumpRollups } from './filling.ts';

const COMMUNES = Array.from({ length: 120 }, (_, index) => `H09.${index + 1}`);

it('a province that moves takes its communes along in steps, and what comes in between counts once', () => {
  using town = new RelayDatabase();
  for (const code of ['G01', 'G02']) town.addAgency(code, 'central');
  town.addAgency('H09', 'province', { parent: codeOf('G01') });
  for (const code of COMMUNES) town.addAgency(code, 'commune', { parent: codeOf('H09') });
  const reportAll = (number: number): void => {
    const reports = COMMUNES.map((code) => town.compose(code, paper(number)));
    town.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
  };
  const countUnder = (under: string): number =>
    town.queries.figures({ period: '2026-07', under }).figures.P;
  reportAll(1);
  expect([countUnder('G01'), countUnder('G02')]).toEqual([COMMUNES.length, 0]);

  enter(town, 'H09', 'G02');
  let steps = 0;
  for (let number = 2; town.intake.upkeep.followStep(); number += 1) {
    steps += 1;
    reportAll(number);
    expect(countUnder('G01') + countUnder('G02')).toBe(number * COMMUNES.length);
  }
  expect(steps).toBeGreaterThan(2);
  expect([countUnder('G01'), countUnder('G02')]).toEqual([0, (steps + 1) * COMMUNES.length]);
  const moved = dumpRollups(town.db);
  town.intake.upkeep.buildAgain();
  expect(dumpRollups(town.db)).toEqual(moved);
});

/** As the directory's copy does, before the figures follow. */
function enter(town: RelayDatabase, code: string, parent: string): void {
  const directory = new DirectoryStore(town.db);
  const entry = listing(code, 'province', { sequence: 1_000, parent: codeOf(parent) });
  const { registrar, sequence, site } = entry;
  town.db.transaction(() => {
    directory.put({
      registrar,
      sequence,
      code: entry.code,
      site,
      basedOn: null,
      counts: true,
      entry,
      record: encodePayload('directory', entry),
    });
    directory.setHolder(entry.code, { registrar, sequence });
  })();
}
