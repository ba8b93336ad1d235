import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Db, createDatabase } from '../src/storage/database.ts';
import { GroupCommit } from '../src/storage/group-commit.ts';

describe('writes that share a transaction', () => {
  let folder: string;
  let db: Db;
  let group: GroupCommit;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-commit-'));
    db = createDatabase(join(folder, 'agent.sqlite'));
    db.exec('CREATE TABLE act (name TEXT PRIMARY KEY) STRICT');
    group = new GroupCommit(db);
  });

  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const write = (name: string) => db.prepare('INSERT INTO act VALUES (?)').run(name);
  const written = () => db.prepare('SELECT name FROM act ORDER BY name').pluck().all();

  it('are all kept, and their results come back', async () => {
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) => group.commit(() => write(name).changes)),
    );
    expect(results).toEqual([1, 1, 1]);
    expect(written()).toEqual(['a', 'b', 'c']);
    expect(db.inTransaction).toBe(false);
  });

  it('undo what failed whole, and nothing else', async () => {
    const outcomes = await Promise.allSettled([
      group.commit(() => write('before')),
      group.commit(() => {
        write('half');
        throw new Error('given up');
      }),
      group.commit(() => write('after')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written()).toEqual(['after', 'before']);
  });

  it('are all refused when one of them ends the transaction, as a full disk does', async () => {
    db.exec(`CREATE TRIGGER full BEFORE INSERT ON act WHEN new.name = 'full'
      BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
    const outcomes = await Promise.allSettled(
      ['before', 'full', 'after'].map((name) => group.commit(() => write(name))),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(written()).toEqual([]);
    await expect(group.commit(() => write('later'))).resolves.toBeDefined();
    expect(written()).toEqual(['later']);
  });

  it('go at once, with all that waited to share, when one of them is needed soon', async () => {
    await group.commit(() => write('first'));
    const shared = group.commit(() => write('shared'));
    const soon = group.commit(() => write('soon'), { soon: true });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(written()).toEqual(['first', 'shared', 'soon']);
    await Promise.all([shared, soon]);
    await group.commit(() => write('last'));
    expect(written()).toEqual(['first', 'last', 'shared', 'soon']);
  });

  it('are refused after the end, while what waited is kept', async () => {
    const waiting = group.commit(() => write('waiting'));
    group.close();
    await waiting;
    await expect(group.commit(() => write('late'))).rejects.toMatchObject({ code: 'AGENT_CLOSED' });
    expect(written()).toEqual(['waiting']);
  });
});
