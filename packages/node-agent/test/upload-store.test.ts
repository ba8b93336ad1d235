import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { openMigrated } from '@congvan/bus/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createDatabase, openDatabase } from '../src/storage/database.ts';
import { OutboxStore } from '../src/storage/outbox-store.ts';
import { RegisterStore } from '../src/storage/register-store.ts';
import { UploadStore } from '../src/storage/upload-store.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations/', import.meta.url));
const SEALED = Buffer.from('sealed bytes');
const OPEN = Buffer.from('open part');

describe('sealed content in the database', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-sealed-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is there for packages that an earlier schema kept inside their row', () => {
    const file = join(folder, 'agent.sqlite');
    const before = openMigrated(file, { migrations: earlierMigrations(12) });
    before.exec(
      `INSERT INTO register_entry (id, year, number, notation, issued_on, medium, state, document_id,
         document_type, abstract, idempotency_key, request_sha256, reserved_ms, settled_ms)
       SELECT column1, 2026, column1, 'VP', '2026-11-22', 'electronic', 'issued', 'd' || column1,
         'Công văn', 'x', 'k' || column1, 'r', 0, 0 FROM (VALUES (1), (2), (3))`,
    );
    const insert = before.prepare(
      `INSERT INTO package (id, register_id, digest, container, priority, paper_to, open_part, sealed,
         sealed_sha256, sealed_bytes, released_ms) VALUES (?, ?, ?, x'00', 0, '[]', ?, ?, ?, 12, ?)`,
    );
    insert.run(1, 1, 'kept', OPEN, SEALED, 'aa', null);
    insert.run(2, 2, 'in a file', OPEN, null, 'bb', null);
    insert.run(3, 3, 'released', OPEN, null, 'cc', 5);
    before.close();

    const db = openDatabase(file);
    try {
      expect(new OutboxStore(db).messageParts(1)).toEqual({ body: [OPEN, SEALED] });
      expect(new OutboxStore(db).openPartOf(3)).toEqual(OPEN);
      const uploads = new UploadStore(db);
      expect(uploads.keptSealedFiles()).toEqual(['bb']);
      expect(uploads.listEnded(0, 9).map(({ id, isFile }) => [id, isFile])).toEqual([
        [1, 0],
        [2, 1],
      ]);
    } finally {
      db.close();
    }
  });

  it('goes when it is released, and the package stays', () => {
    const db = createDatabase(join(folder, 'agent.sqlite'));
    try {
      const register = new RegisterStore(db);
      const uploads = new UploadStore(db);
      const { id, registerId } = insertPackage(register);
      expect(register.sealedOf(id)).toEqual({ open_part: OPEN, sealed: SEALED });
      uploads.release(id);
      expect(register.sealedOf(id)).toEqual({ open_part: OPEN, sealed: null });
      expect(uploads.listEnded(0, 9)).toEqual([]);
      expect(register.packageOf(registerId)?.container).toEqual(Buffer.from('container'));
    } finally {
      db.close();
    }
  });

  it('ends with the last delivery, an undelivered one once nobody may send it again', () => {
    const db = createDatabase(join(folder, 'agent.sqlite'));
    try {
      const { id } = insertPackage(new RegisterStore(db));
      const outbox = new OutboxStore(db);
      const uploads = new UploadStore(db);
      const ended = (undeliveredBeforeMs: number): number[] =>
        uploads.listEnded(undeliveredBeforeMs, 9).map((row) => row.id);
      const record_id = outbox.insertRecord('delivery', Buffer.from('{}'), 'hash', null);
      for (const [message_id, recipient] of [
        ['a', 'G09'],
        ['b', 'G12'],
      ] as const) {
        const row = { purpose: 'document', record_id, package_id: id, lane: 'normal' } as const;
        outbox.enqueue({ ...row, message_id, recipient }, 0);
      }
      outbox.settle('a', 'receipted', 50);
      expect(ended(0)).toEqual([]);
      outbox.settle('b', 'undelivered', 100);
      expect(ended(99)).toEqual([]);
      expect(ended(100)).toEqual([id]);
    } finally {
      db.close();
    }
  });

  it('counts for the batch in which a message leaves, unless a reference goes in its place', () => {
    const db = createDatabase(join(folder, 'agent.sqlite'));
    try {
      const { id } = insertPackage(new RegisterStore(db));
      const outbox = new OutboxStore(db);
      const record_id = outbox.insertRecord('delivery', Buffer.from('{}'), 'hash', null);
      outbox.enqueue(
        {
          message_id: 'a',
          purpose: 'document',
          record_id,
          package_id: id,
          recipient: 'G09',
          lane: 'normal',
        },
        0,
      );
      const insideBytes = () => outbox.due('normal', 0, 1, 9).map((row) => row.inside_bytes);
      expect(insideBytes()).toEqual([OPEN.length + SEALED.length]);
      const uploads = new UploadStore(db);
      const blob = { package_id: id, part: 'message', sha256: 'bb', bytes: 50 } as const;
      uploads.insert({ ...blob, chunk_bytes: 32_768, scope: 'local' }, 0);
      uploads.finish(blob, 0);
      expect(insideBytes()).toEqual([0]);
    } finally {
      db.close();
    }
  });

  it('goes up with the message that names it, once both are due', () => {
    const db = createDatabase(join(folder, 'agent.sqlite'));
    try {
      const { id } = insertPackage(new RegisterStore(db));
      const outbox = new OutboxStore(db);
      const record_id = outbox.insertRecord('delivery', Buffer.from('{}'), 'hash', null);
      const row = { purpose: 'document', record_id, package_id: id, lane: 'normal' } as const;
      outbox.enqueue({ ...row, message_id: 'a', recipient: 'G09' }, 0);
      const uploads = new UploadStore(db);
      const blob = { package_id: id, bytes: 50, chunk_bytes: 32_768, scope: 'local' } as const;
      uploads.insert({ ...blob, part: 'sealed', sha256: 'aa' }, 0);
      uploads.insert({ ...blob, part: 'message', sha256: 'bb' }, 0);
      const due = (nowMs: number) => uploads.dueOf(id, nowMs).map(({ part }) => part);
      expect(due(0)).toEqual(['message', 'sealed']);
      expect(uploads.dueOf(id + 1, 0)).toEqual([]);
      uploads.retryAt({ package_id: id, part: 'message' }, 500, 'room');
      expect(due(499)).toEqual(['sealed']);
      uploads.finish({ package_id: id, part: 'sealed' }, 499);
      expect(due(500)).toEqual(['message']);
    } finally {
      db.close();
    }
  });

  function insertPackage(register: RegisterStore): { id: number; registerId: number } {
    const row = register.reserve(
      () => ({
        year: 2026,
        notation: 'VP',
        issued_on: '2026-11-22',
        medium: 'electronic',
        document_id: 'd1',
        document_type: 'Công văn',
        abstract: 'x',
        actor: null,
        idempotency_key: 'k1',
        request_sha256: 'r',
      }),
      2026,
      0,
    );
    const id = register.insertPackage({
      register_id: row.id,
      digest: 'digest',
      container: Buffer.from('container'),
      container_file: null,
      priority: 0,
      paper_to: '[]',
      trace_id: null,
      open_part: OPEN,
      sealed: SEALED,
      sealed_sha256: 'aa',
      packed_open: null,
      sealed_bytes: SEALED.length,
      chunk_bytes: null,
      lane: 'normal',
    });
    return { id, registerId: row.id };
  }

  /** The migrations up to a number, as an earlier version had them. */
  function earlierMigrations(upTo: number): URL {
    const target = join(folder, 'migrations');
    mkdirSync(target);
    for (const name of readdirSync(MIGRATIONS)) {
      if (Number(name.slice(0, 4)) <= upTo) cpSync(join(MIGRATIONS, name), join(target, name));
    }
    return pathToFileURL(`${target}/`);
  }
});
