import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { createDatabase } from '../src/storage/database.ts';
import { InboxStore } from '../src/storage/inbox-store.ts';

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
