import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { createDatabase } from '../../src/storage/database.ts';
import { RegisterStore } from '../../src/storage/register-store.ts';

it('reads of a recipient that answers without end the first of each status and the newest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-receipts-'));
  const db = createDatabase(join(folder, 'agent.sqlite'));
  try {
    db.pragma('foreign_keys = OFF');
    const put = db.prepare(
      `INSERT INTO delivery_receipt VALUES (@id, @hash, @status, @at, @at, CAST(@hash AS BLOB))`,
    );
    const statuses = ['01', '03', '04', '05'];
    db.transaction(() => {
      for (let at = 0; at < 3_000; at += 1) {
        const status = statuses[Math.min(at, 3)];
        // Digests do not come in the order of time.
        const hash = `${(at * 7_919) % 3_000} ${at}`;
        put.run({ id: 'one', hash, status, at });
        put.run({ id: 'other', hash, status, at: 3_000 - at });
      }
    })();
    const store = new RegisterStore(db);
    const read = store.receiptsOf('one', 17);

    expect(read.map((one) => one.at_ms)).toEqual([
      0,
      1,
      2,
      3,
      ...Array.from({ length: 13 }, (_, index) => 2_987 + index),
    ]);
    expect(read.map(({ record }) => Buffer.from(record).toString().split(' ')[1])).toEqual(
      read.map((one) => String(one.at_ms)),
    );
    expect(store.receiptsOf('nobody', 17)).toEqual([]);
    expect(store.statusesOf('one')).toEqual([
      { status: '01', at_ms: 0 },
      { status: '03', at_ms: 1 },
      { status: '04', at_ms: 2 },
      { status: '05', at_ms: 2_999 },
    ]);
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
});
