import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type TestSigner, createTestPki } from '@congvan/signer/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { BUILD_STEPS, DAY_STEPS } from '../../../src/relay/index.ts';
import { FigureAnswers } from '../../../src/relay/figures/answers.ts';
import { DatabasePublications } from '../../../src/relay/audit/publications.ts';
import { SECTIONS } from '../../../src/relay/audit/publication.ts';
import { openDatabase, openDatabaseForReading } from '../../../src/relay/storage/database.ts';
import { signWith } from '../relay-bus.ts';
import { RelayDatabase, dispatch, electronic, receipt } from '../relay-database.ts';
import { bringNewDay } from './new-day.ts';

const CHILD = fileURLToPath(new URL('day-child.ts', import.meta.url));
/** July closes on this day, and all that June and July left open is settled before. */
const NOW = new Date('2026-08-11T02:00:00.000Z');
const FIGURE_TABLES = ['own_day', 'own', 'own_part', 'group', 'sum', 'gap_sum', 'heard', 'state'];
/** More than one transaction of a sweep takes. */
const DOCUMENTS = 2_400;
const GAP_MS = 500_000;

let relay: RelayDatabase;
let signer: TestSigner;
let undisturbed: Said;
const keyFiles = (): string[] => [join(relay.folder, 'key'), join(relay.folder, 'certificate')];

/** All that the database says of figures and of what was published. */
interface Said {
  readonly figures: unknown;
  readonly publications: readonly unknown[];
}

function readSaid(file: string): Said {
  const db = openDatabaseForReading(file);
  try {
    const told = new DatabasePublications(db);
    return {
      figures: FIGURE_TABLES.map((name) => db.prepare(`SELECT * FROM figure_${name}`).all()),
      publications: told.listPublications().map((row) => {
        const { lines } = told.publication(row.month, row.revision);
        return { ...row, lines: SECTIONS.map((section) => [...lines(section)]) };
      }),
    };
  } finally {
    db.close();
  }
}

async function copyOf(name: string, of = 'relay.sqlite'): Promise<string> {
  const file = join(relay.folder, name);
  await copyFile(join(relay.folder, of), file);
  return file;
}

async function runKilled(file: string, step: string, times: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [CHILD, file, ...keyFiles(), NOW.toISOString(), step, String(times)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await once(child, 'exit');
  expect([step, child.signalCode]).toEqual([step, 'SIGKILL']);
}

beforeAll(async () => {
  relay = new RelayDatabase();
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  // One in June, the others from when the database was made to the end of July.
  const from = Date.parse('2026-07-15T20:00:00.000Z');
  const reports = Array.from({ length: DOCUMENTS }, (_, index) => {
    const at = index === 0 ? new Date('2026-06-20T02:00:00.000Z') : new Date(from + index * GAP_MS);
    const issuedOn = at.toISOString().slice(0, 10);
    const document = dispatch(index + 1, [electronic('G12')], { issuedOn });
    return relay.compose('H09', document, at.toISOString());
  });
  for (let number = 1; number <= DOCUMENTS; number += 40) {
    const at = new Date(from + number * GAP_MS + 90_000_000).toISOString();
    reports.push(relay.compose('G12', receipt('H09', number, '01', { at }), at));
  }
  relay.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
  relay.db.pragma('wal_checkpoint(TRUNCATE)');
  signer = await (await createTestPki()).issue({ commonName: 'Trung tâm đối soát', use: 'node' });
  const [key = '', certificate = ''] = keyFiles();
  const pem = signer.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(key, pem, { mode: 0o600 });
  await writeFile(certificate, signer.certificate.der);
  const file = await copyOf('undisturbed.sqlite');
  await bringNewDay({ file, sign: signWith(signer), now: NOW });
  undisturbed = readSaid(file);
});

afterAll(() => relay[Symbol.dispose]());

it('has something to settle in more than one step, and two months to publish', () => {
  const before = readSaid(join(relay.folder, 'relay.sqlite'));
  expect(before.publications).toEqual([]);
  expect(undisturbed.figures).not.toEqual(before.figures);
  expect(undisturbed.publications).toMatchObject([{ month: '2026-06' }, { month: '2026-07' }]);
});

it.each(DAY_STEPS.map((step, index) => [step, 1 + (index % 2)] as const))(
  'a relay killed at %s in round %i ends with the digits of one that nobody disturbed',
  async (step, times) => {
    const file = await copyOf(`${step}-${times}.sqlite`);
    await runKilled(file, step, times);
    await bringNewDay({ file, sign: signWith(signer), now: NOW });
    const said = readSaid(file);
    expect(said.figures).toEqual(undisturbed.figures);
    expect(said.publications).toEqual(undisturbed.publications);
  },
);

it.each(BUILD_STEPS.map((step, index) => [step, 4 - 2 * index] as const))(
  'figures that are added up anew and killed at %s in round %i go on, and say nothing before the end',
  async (step, times) => {
    const file = await copyOf(`${step}-${times}.sqlite`, 'undisturbed.sqlite');
    const db = openDatabase(file);
    db.exec('UPDATE figure_state SET built = 0');
    db.close();
    await runKilled(file, step, times);
    const half = openDatabaseForReading(file);
    expect(() => new FigureAnswers(half).figures({ period: '2026-07' })).toThrow(
      expect.objectContaining({ code: 'BUS_FIGURES_BEING_BUILT' }),
    );
    expect(half.prepare('SELECT phase FROM figure_build').pluck().get()).not.toBeUndefined();
    half.close();
    await bringNewDay({ file, sign: signWith(signer), now: NOW });
    expect(readSaid(file)).toEqual(undisturbed);
  },
);
