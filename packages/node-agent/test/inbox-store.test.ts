import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { createDatabase } from '../src/storage/database.ts';
import { InboxStore } from '../src/storage/inbox-store.ts';

it('turns the pages of the inbox without a row twice or left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-inbox-'));
  const db = createDatabase(join(folder, 'agent.sqlite'));
  try {
    const store = new InboxStore(db);
    for (const [index, id] of ['c', 'f', 'b', 'a', 'e', 'd'].entries()) {
      insert(store, id, index < 4 ? 1_000 : 2_000); // a rush arrives in one millisecond
      if (id !== 'b') store.setState(id, 'accepted');
    }
    const pages: string[] = [];
    for (let last: string | undefined; pages.length < 9;) {
      const page = store.list('accepted', 2, last).map(({ id }) => id);
      if (page.length === 0) break;
      pages.push(page.join(''));
      last = page.at(-1);
    }
    expect(pages).toEqual(['de', 'ac', 'f']);
    expect(store.list('all', 9, 'e').map(({ id }) => id)).toEqual(['a', 'b', 'c', 'f']);
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
});

function insert(store: InboxStore, id: string, receivedMs: number): void {
  store.insert({
    id,
    sender: 'G09',
    business_type: 0,
    document_id: id,
    document_version: 1,
    package_digest: id,
    record: Buffer.alloc(1),
    container: Buffer.alloc(1),
    container_file: null,
    summary: '',
    verdict: '',
    received_ms: receivedMs,
    message_sha256: id,
    trace_id: null,
  });
}

it('knows the room that the quarantine takes, from the file and then from what is added', () => {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-inbox-'));
  const db = createDatabase(join(folder, 'agent.sqlite'));
  const put = (store: InboxStore, id: string, message: Uint8Array | null): void =>
    store.insertQuarantine({
      message_sha256: id,
      nats_subject: 'vb.msg',
      finding: 'RECORD_MALFORMED',
      detail: '',
      claimed_from: null,
      claimed_document_id: null,
      message_bytes: 100,
      message,
      received_ms: 0,
      refusal_record_id: null,
    });
  try {
    const store = new InboxStore(db);
    put(store, 'a', Buffer.alloc(100));
    put(store, 'b', null);
    put(store, 'c', Buffer.alloc(100));
    expect(store.quarantinedBytes()).toBe(200);
    expect(new InboxStore(db).quarantinedBytes()).toBe(200);
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
});
