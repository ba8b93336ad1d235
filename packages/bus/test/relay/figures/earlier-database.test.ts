import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { expect, it } from 'vitest';

import { Intake } from '../../../src/relay/intake.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { openDatabase } from '../../../src/relay/storage/database.ts';

const MIGRATIONS = new URL('../../../migrations/relay/', import.meta.url);
const BEFORE = [
  '0001_directory',
  '0002_report',
  '0003_tracking',
  '0004_directory_registrars',
  '0005_withdrawal',
];
const AT_MS = Date.parse('2026-07-10T02:00:00.000Z');
const ROWS = `
  INSERT INTO directory_entry VALUES ('A00', 1, 'H09', 'Tỉnh', 'province', NULL, 'H09', 'agency', 0, NULL, NULL, 1, x'00');
  INSERT INTO directory_holder VALUES ('H09', 'A00', 1);
  INSERT INTO report VALUES (1, 'H09', 1, '${'0'.repeat(64)}', NULL, ${AT_MS}, ${AT_MS}, x'00');
  INSERT INTO report VALUES (2, 'G12', 1, '${'1'.repeat(64)}', NULL, ${AT_MS}, ${AT_MS}, x'00');
  INSERT INTO document VALUES (1, 'H09', 'd', 0, 1, 1, 'p', 2026, 1, 'UB', '2026-07-10', 'Công văn', 'a', 0, 1, 'E', ${AT_MS}, NULL, NULL);
  INSERT INTO delivery (id, document, recipient, mode, state, receipt_count, arrived_ms)
    VALUES (1, 1, 'G12', 'E', '01', 1, ${AT_MS + 1_000}), (2, 1, 'G13', 'E', 'sent', 0, NULL);
  INSERT INTO receipt VALUES (1, 'G12', 1, 'H09', 'd', 0, 1, 'p', '01', ${AT_MS + 1_000}, NULL, NULL, NULL, NULL, 'counted');
  INSERT INTO register_entry VALUES ('H09', 2026, 1, 'dispatch', 1, '2026-07', '2026-07-10', 'E', 1, 1, 'UB', 'Công văn', 'a', NULL, NULL);
`;

it('gives the figures of what an earlier version wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-earlier-'));
  const file = join(folder, 'relay.sqlite');
  const old = new Database(file);
  for (const name of BEFORE) old.exec(readFileSync(new URL(`${name}.sql`, MIGRATIONS), 'utf8'));
  old.exec(ROWS);
  old.pragma('user_version = 5');
  old.close();
  const db = openDatabase(file);
  try {
    // The record of the entry is no real one, so its successors cannot be read out of it.
    db.exec("UPDATE directory_entry SET successors = '[]'");
    const now = (): Date => new Date('2026-07-15T02:00:00.000Z');
    new Intake(db, now).upkeep.run();
    const { figures } = new DatabaseQueries(db).figures({ period: '2026-07', under: 'H09' });
    expect(figures).toMatchObject({ E: 1, signed: 1, deliveries: 2, receipted: 1, overdue: 1 });
    expect(figures.time_to_01_ms).toEqual({ median: 1_007, p95: 1_007 });
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
