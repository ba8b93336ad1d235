import { createHash } from 'node:crypto';
import { cp, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';

import { connectAgency, messageSubject, parseAgencyCode } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTown, readJson, type RunningPart, type Town, turnBit, writePdf } from './town.ts';

const SITE = ['--site', 'H09'];
const PROVINCE = ['--agency', 'H09'];
const DISTRICT = ['--agency', 'H09.12'];
const COMMUNE = ['--agency', 'H09.12.34'];
const LETTER = ['--type', 'Công văn'];
const WAIT_MS = 30_000;

interface Inbox {
  readonly documents: readonly {
    readonly id: string;
    readonly from: string;
    readonly abstract: string;
    readonly state: string;
    readonly documentId: string;
    readonly duplicateCount: number;
  }[];
}
interface Sent {
  readonly documentId: string;
  readonly codeNumber: string;
  readonly kept: boolean;
  readonly resumed: boolean;
  readonly agentRunning: boolean;
}
interface Tracked {
  readonly deliveries: readonly {
    readonly to: string;
    readonly status: string | null;
    readonly steps: readonly { readonly status: string; readonly reason: string | null }[];
  }[];
}
interface Register {
  readonly entries: readonly { readonly number: number; readonly state: string }[];
}
interface Quarantine {
  readonly quarantine: readonly { readonly finding: string; readonly claimedFrom: string | null }[];
}

/** One home with a province, a district and a commune, everything started by the command itself. */
/** Copies of a received document that came later, more than a list shows; a person has seen them. */
function receiveMany(database: string, id: string): void {
  const db = new DatabaseSync(database);
  db.exec('PRAGMA busy_timeout = 5000');
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
     INSERT INTO incoming (id, sender, business_type, document_id, document_version,
       package_digest, record, container, summary, verdict, received_ms, state, done_ms)
     SELECT printf('%064x', i), sender, business_type, document_id || '.' || i, document_version,
       package_digest, record, container, summary, verdict, received_ms + i, 'completed', 1
     FROM incoming, n WHERE id = ?`,
  ).run(id);
  db.close();
}

describe('an exchange set up and done with the command alone', () => {
  let town: Town;
  let pdf: string;
  let site: RunningPart;
  let relay: RunningPart;
  let agents: RunningPart;

  const setUp = async (argv: readonly string[]): Promise<void> => {
    expect(await town.run(argv)).toMatchObject({ code: 0 });
  };
  const addAgency = async (code: string, name: string, more: readonly string[]): Promise<void> => {
    await setUp(['agency', 'add', code, '--name', name, ...SITE, ...more]);
    const folder = town.path('enrolment', code.replaceAll('.', '-'));
    await setUp(['agent', 'init', '--from', folder]);
  };
  const send = async (from: readonly string[], to: string, abstract: string, more: string[] = []) =>
    await town.json<Sent>([
      'send',
      pdf,
      '--to',
      to,
      '--abstract',
      abstract,
      ...LETTER,
      ...from,
      ...more,
    ]);
  const arrived = async (at: readonly string[], abstract: string) => {
    const find = async () => {
      const { documents } = await town.json<Inbox>(['inbox', '--state', 'all', ...at]);
      return documents.find((document) => document.abstract === abstract);
    };
    await waitUntil(async () => (await find()) !== undefined, WAIT_MS);
    const found = await find();
    if (found === undefined) throw new Error('it was there a moment ago');
    return found;
  };
  const reached = async (from: readonly string[], id: string, status: string): Promise<void> => {
    await waitUntil(async () => {
      const { deliveries } = await town.json<Tracked>(['track', id, ...from]);
      return deliveries.every((delivery) => delivery.status === status);
    }, WAIT_MS);
  };

  beforeAll(async () => {
    town = await createTown();
    pdf = await writePdf(town.path('cong-van.pdf'));
    await setUp(['ca', 'init']);
    await setUp(['bus', 'up', '--detach', '--site', 'H09,TW']);
    await setUp(['relay', 'init']);
    await addAgency('H09', 'UBND tỉnh Bình Dương', ['--tier', 'province']);
    await addAgency('H09.12', 'UBND huyện Bắc Tân Uyên', ['--tier', 'district', '--parent', 'H09']);
    await addAgency('H09.12.34', 'UBND xã Thường Tân', ['--tier', 'commune', '--parent', 'H09.12']);
    site = await town.start(['site', 'run'], /site running/);
    relay = await town.start(['relay', 'run'], /relay running/);
    agents = await town.start(['agent', 'run', '--all', '--json'], /(?:entries.*){3}/s);
  }, 120_000);
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  }, 60_000);

  it('carries a document to its recipient and the receipts back', async () => {
    const abstract = 'V/v báo cáo tình hình quý III';
    const sent = await send(DISTRICT, 'H09', abstract, [
      '--priority',
      'khẩn',
      '--due',
      '31/12/2026',
    ]);
    expect(sent).toMatchObject({ kept: true, resumed: false, agentRunning: true });
    const { id } = await arrived(PROVINCE, abstract);
    await reached(DISTRICT, sent.documentId, '01');

    const opened = await town.run([
      'open',
      id.slice(0, 8),
      '--save',
      town.path('out'),
      ...PROVINCE,
    ]);
    expect(opened.code).toBe(0);
    expect(opened.out).toMatch(/signature\s+TOTAL-PASSED/);
    expect((await readdir(town.path('out'))).toSorted()).toEqual([
      expect.stringMatching(/^H09\.12,.*\.asice$/),
      'cong-van.pdf',
    ]);
    const accepted = await town.json<{ incomingNumber: { number: number } }>([
      'accept',
      id,
      ...PROVINCE,
    ]);
    expect(accepted.incomingNumber.number).toBe(1);
    await reached(DISTRICT, sent.documentId, '03');
    expect(await town.run(['complete', id, ...PROVINCE])).toMatchObject({ code: 0 });
    await reached(DISTRICT, sent.documentId, '06');
    const tracked = await town.run(['track', sent.documentId, '--lang', 'vi', ...DISTRICT]);
    expect(tracked.out).toMatch(/06 Hoàn thành/);

    const late = await town.run([
      'refuse',
      id,
      '--code',
      'duplicate',
      '--reason',
      'x',
      ...PROVINCE,
    ]);
    expect(late).toMatchObject({ code: 6, out: '' });
    expect(late.err).toContain('AGENT_STATE_CONFLICT');

    receiveMany(town.path('agents', 'H09', 'agent.sqlite'), id);
    const answer = await send(PROVINCE, 'H09.12', 'V/v trả lời', ['--answer', id.slice(0, 10)]);
    const back = await arrived(DISTRICT, 'V/v trả lời');
    const shown = await town.json<{ responseFor: { documentId: string } }>([
      'open',
      back.id,
      ...DISTRICT,
    ]);
    expect(shown.responseFor.documentId).toBe(sent.documentId);
    expect(answer.documentId).toBe(back.documentId);
  });

  it('brings a refusal with its reason to the sender', async () => {
    const sent = await send(COMMUNE, 'H09.12', 'V/v gửi nhầm');
    const { id } = await arrived(DISTRICT, 'V/v gửi nhầm');
    const reason = 'Không thuộc thẩm quyền của huyện';
    const refused = ['refuse', id, '--code', 'wrong-addressee', '--reason', reason, ...DISTRICT];
    expect(await town.run(refused)).toMatchObject({ code: 0 });
    await reached(COMMUNE, sent.documentId, '02');
    const { out } = await town.run(['track', sent.documentId, ...COMMUNE]);
    expect(out).toContain(`WRONG_ADDRESSEE: ${reason}`);
  });

  it('sends once, however often the same key is used', async () => {
    const first = await send(COMMUNE, 'H09.12', 'V/v một lần', ['--key', 'once']);
    const second = await send(COMMUNE, 'H09.12', 'V/v một lần', ['--key', 'once']);
    expect(second).toMatchObject({ documentId: first.documentId, resumed: true });
    const other = ['--abstract', 'khác', ...LETTER, '--key', 'once', ...COMMUNE];
    const refused = await town.run(['send', pdf, '--to', 'H09', ...other]);
    expect(refused.code).toBe(6);
    expect(refused.err).toContain('AGENT_KEY_REUSED');
  });

  it('writes attachments with hostile names safely into the folder', async () => {
    const evil = town.path('..\\..\\evil\u202Etxt.exe');
    await writeFile(evil, 'not so evil');
    await send(COMMUNE, 'H09.12', 'V/v tệp lạ', ['--attach', evil]);
    const { id } = await arrived(DISTRICT, 'V/v tệp lạ');
    const { out } = await town.run(['open', id, '--save', town.path('strange'), ...DISTRICT]);
    expect(out).not.toContain('\u202E');
    const names = await readdir(town.path('strange'));
    expect(names).toContain('eviltxt.exe');
    expect(names).toHaveLength(3);
  });

  it('takes no number for what cannot be sent', async () => {
    const before = await town.json<Register>(['register', 'list', ...COMMUNE]);
    const text = await writeFile(town.path('text.pdf'), 'no PDF').then(() => town.path('text.pdf'));
    const damaged = town.path('damaged.pdf');
    await writeFile(damaged, (await readFile(pdf)).subarray(0, 500));
    const tampered = town.path('tampered.pdf');
    await writeFile(tampered, turnBit(await readFile(town.path('out', 'cong-van.pdf'))));
    await writeFile(town.path('large.bin'), '');
    await truncate(town.path('large.bin'), 5 * 2 ** 30);
    const base = ['--abstract', 'x', ...LETTER, ...COMMUNE];
    const wrongPassphrase = { env: { CONGVAN_PASSPHRASE: 'not the passphrase' } };
    const cases: [argv: string[], code: number, error: string, options?: typeof wrongPassphrase][] =
      [
        [['send', text, '--to', 'H09.12'], 9, 'SIGNER_PDF_NOT_PDF'],
        [['send', damaged, '--to', 'H09.12'], 9, 'SIGNER_PDF_BROKEN'],
        [['send', tampered, '--to', 'H09.12'], 9, 'SIGNER_PDF_TAMPERED'],
        [['send', town.path('none.pdf'), '--to', 'H09.12'], 5, 'CLI_FILE_NOT_FOUND'],
        [['send', town.home, '--to', 'H09.12'], 9, 'CLI_FILE_UNREADABLE'],
        [['send', pdf, '--to', 'H45'], 5, 'AGENT_RECIPIENT_UNKNOWN'],
        [['send', pdf, '--to', 'H09,,H 45'], 2, 'AGENT_REQUEST_INVALID'],
        [['send', pdf, '--to', 'H09.12.34'], 2, 'AGENT_REQUEST_INVALID'],
        [['send', pdf, '--to', 'H09.12', '--secret'], 6, 'AGENT_SECRET_DOCUMENT'],
        [
          ['send', pdf, '--to', 'H09.12', '--attach', town.path('large.bin')],
          9,
          'AGENT_PACKAGE_TOO',
        ],
        [['send', pdf, '--to', 'H09.12', '--answer', 'nothing'], 5, 'CLI_DOCUMENT_NOT_FOUND'],
        [['send', pdf, '--to', 'H09.12', '--position', 'Chủ tịch'], 2, 'CLI_USAGE'],
        [['send', pdf, '--to', 'H09.12'], 8, 'SIGNER_P12_PASSPHRASE_WRONG', wrongPassphrase],
      ];
    for (const [argv, code, error, options] of cases) {
      const outcome = await town.run([...argv, ...base], options);
      expect({ argv, code: outcome.code }).toEqual({ argv, code });
      expect(outcome.err).toContain(error);
      expect(outcome.err).toContain('hint: ');
      expect(outcome.out).toBe('');
    }
    expect(await town.json<Register>(['register', 'list', ...COMMUNE])).toEqual(before);
  });

  it('shows what failed its checks in the quarantine', async () => {
    const from = parseAgencyCode('H09.12.34');
    const credentials = await readFile(
      town.path('agents', 'H09-12-34', 'credentials', 'agent.creds'),
    );
    const { url } = await town.json<{ url: string }>(['bus', 'status']);
    const stranger = await connectAgency({
      servers: [url],
      credentials,
      code: from,
      site: 'H09',
      name: 'test',
    });
    const subject = messageSubject({
      tier: 'province',
      lane: 'normal',
      kind: 'doc',
      scope: 'local',
      toSite: 'H09',
      to: parseAgencyCode('H09'),
      fromSite: 'H09',
      from,
    });
    const messageId = createHash('sha256').update('garbage').digest('hex');
    await stranger.publish(subject, Buffer.from('no record at all'), { messageId });
    await stranger.close();
    await waitUntil(async () => {
      const { quarantine } = await town.json<Quarantine>(['inbox', '--quarantine', ...PROVINCE]);
      return quarantine.some((row) => row.finding === 'RECORD_MALFORMED');
    }, WAIT_MS);
    const { out } = await town.run(['inbox', '--quarantine', '--lang', 'vi', ...PROVINCE]);
    expect(out).toContain('không phải bản ghi của trục này');
    expect((await town.run(['inbox', ...PROVINCE])).err).toContain('1 in quarantine');
  });

  it('enters paper and shows the share with it', async () => {
    const paper = ['register', 'paper', '--to', 'Công ty A', '--abstract', 'V/v mời họp'];
    const reason = ['--reason', 'not-connected', '--type', 'Giấy mời', ...COMMUNE];
    expect(await town.run([...paper, ...reason])).toMatchObject({ code: 0 });
    interface Share {
      readonly tiers: Record<string, { E: number; P: number; rate_electronic: number | null }>;
    }
    const share = ['stats', 'share', '--period', new Date().toISOString().slice(0, 7)];
    await waitUntil(async () => {
      const { tiers } = await town.json<Share>([...share]);
      return tiers['commune']?.P === 1 && tiers['commune'].E === 3;
    }, WAIT_MS);
    const { tiers } = await town.json<Share>([...share]);
    expect(tiers['commune']?.rate_electronic).toBe(0.75);
    expect(tiers['central']?.rate_electronic).toBeNull();
    const vietnamese = await town.run([...share, '--by', 'agency', '--lang', 'vi']);
    expect(vietnamese.out).toMatch(/H09\.12\.34 UBND xã Thường Tân +3 +0 +1 +75,0 %/);
    expect((await town.run(['stats', 'share', '--agency', 'H88'])).code).toBe(2);
    expect((await town.run([...share, '--tier', 'commune'])).out).not.toContain('province');
  });

  it('judges a saved package, and finds its seal revoked after `ca revoke`', async () => {
    const [packaged = ''] = (await readdir(town.path('out'))).filter((one) =>
      one.endsWith('.asice'),
    );
    const file = town.path('out', packaged);
    expect(await town.run(['verify', file])).toMatchObject({ code: 0 });
    const { certificates } = await town.json<{
      certificates: { use: string; subjectText: string; serialNumber: string }[];
    }>(['ca', 'list']);
    const seal = certificates.find(
      ({ use, subjectText }) => use === 'seal' && subjectText.includes('Bắc Tân Uyên'),
    );
    await setUp(['ca', 'revoke', seal?.serialNumber ?? '', '--reason', 'keyCompromise']);
    const verified = await town.run(['verify', town.path('out', 'cong-van.pdf')]);
    // Without a time-stamp nothing tells whether the seal was still good when it signed.
    expect(verified.code).toBe(4);
    expect(verified.out).toContain('INDETERMINATE (REVOKED_NO_POE)');
    await rm(town.path('out'), { recursive: true });
  });

  it('needs to know which agency acts, and takes one process per agent', async () => {
    const unnamed = await town.run(['inbox']);
    expect(unnamed.code).toBe(2);
    expect(unnamed.err).toContain('several agencies are set up here: H09, H09.12, H09.12.34');
    expect((await town.run(['inbox', '--agency', 'H45'])).code).toBe(5);
    const second = await town.run(['agent', 'run', ...PROVINCE]);
    expect(second.code).toBe(6);
    expect(second.err).toContain('AGENT_ALREADY_RUNNING');
    expect((await town.run(['relay', 'run'])).err).toContain('BUS_RELAY_ALREADY_RUNNING');
  });

  it('adds nothing half: an agency twice, without its site, its parent or a passphrase', async () => {
    const before = await readdir(town.path('enrolment'));
    const add = ['agency', 'add', '--name', 'x', '--tier', 'commune'];
    const cases: [more: string[], code: number, error: string][] = [
      [['H09.12', ...SITE], 6, 'CLI_ALREADY_EXISTS'],
      [['H09.77', '--site', 'H77'], 6, 'CLI_SITE_NOT_HOSTED'],
      [['H09.77', '--site', 'h-7'], 2, 'BUS_SITE_INVALID'],
      [['H09.77', ...SITE, '--parent', 'H10'], 5, 'CLI_AGENCY_NOT_FOUND'],
      [['Đ09', ...SITE], 2, 'BUS_AGENCY_CODE_INVALID'],
    ];
    for (const [more, code, error] of cases) {
      const outcome = await town.run([...add, ...more]);
      expect({ more, code: outcome.code }).toEqual({ more, code });
      expect(outcome.err).toContain(error);
    }
    const wrong = { env: { CONGVAN_PASSPHRASE: 'not the passphrase' } };
    expect((await town.run([...add, 'H09.77', ...SITE], wrong)).code).toBe(8);
    const again = await town.run(['agent', 'init', '--from', town.path('enrolment', 'H09')]);
    expect(again.code).toBe(6);
    expect((await town.run(['agent', 'init', '--from', town.home])).code).toBe(9);
    expect(await readdir(town.path('enrolment'))).toEqual(before);
    const list = await town.json<{ agencies: { code: string }[] }>(['agency', 'list']);
    expect(list.agencies.map(({ code }) => code)).toEqual([
      'H09',
      'H09.12',
      'H09.12.34',
      'TW.RELAY',
    ]);
  });

  it('says by its exit code that an agent runs and a person has to act', async () => {
    expect((await town.run(['agent', 'status', ...COMMUNE])).code).toBe(0);
    const db = new DatabaseSync(town.path('agents', 'H09-12-34', 'agent.sqlite'));
    const suspect = db.prepare('UPDATE home_check SET suspect = ?');
    try {
      suspect.run(1); // as after a copy was put back
      await waitUntil(
        async () => (await town.run(['agent', 'status', ...COMMUNE])).code === 10,
        WAIT_MS,
      );
      const { out } = await town.run(['agent', 'status', '--lang', 'vi', ...COMMUNE]);
      expect(out).toContain('đây là bản sao cũ');
    } finally {
      suspect.run(0);
      db.close();
    }
    await waitUntil(
      async () => (await town.run(['agent', 'status', ...COMMUNE])).code === 0,
      WAIT_MS,
    );
  });

  it('backs up agent and relay while they run', async () => {
    const agent = await town.json<{ files: number }>([
      'agent',
      'backup',
      town.path('backup-agent'),
      ...COMMUNE,
    ]);
    expect(agent.files).toBeGreaterThan(3);
    const relayBackup = ['relay', 'backup', town.path('backup-relay'), '--with-keys'];
    expect((await town.run(relayBackup)).err).toContain('keys and credentials are in the copy');
    expect((await readdir(town.path('backup-relay', 'keys'))).length).toBeGreaterThan(0);
    const again = await town.run(relayBackup);
    expect(again.code).toBe(6);
    expect(again.err).toContain('CLI_ALREADY_EXISTS');
  });

  it('names agencies that the site service has not heard of, and since when', async () => {
    const silent = [
      { code: 'H09', sinceMs: Date.parse('2026-07-15T03:00:00Z') },
      { code: 'H09.12', sinceMs: null },
    ];
    const state = { writtenMs: Date.now(), present: 1, silent, conditions: {} };
    await writeFile(town.path('site', 'presence.json'), JSON.stringify(state));
    const { out } = await town.run(['bus', 'status', '--lang', 'vi']);
    expect(out).toMatch(/H09 +(?:10:00 )?15\/0?7\/2026/);
    expect(out).toMatch(/H09\.12 +chưa từng liên lạc/);
    expect(await town.json(['bus', 'status'])).toMatchObject({
      presence: { present: 1, silent: [{ code: 'H09' }, { code: 'H09.12', since: null }] },
    });
  });

  interface Health {
    readonly healthy: boolean;
    readonly checks: { name: string; state: string; todo: string }[];
  }

  it('is healthy for the doctor', async () => {
    const { healthy, checks } = await town.json<Health>(['doctor']);
    expect({ healthy, bad: checks.filter(({ state }) => state === 'fail') }).toEqual({
      healthy: true,
      bad: [],
    });
  });

  it('stops on Ctrl-C, and the doctor says what is gone', async () => {
    expect(await relay.interrupt()).toBe(0);
    expect(await site.interrupt()).toBe(0);
    expect(await town.run(['bus', 'down'])).toMatchObject({ code: 0, out: 'stopped\n' });
    const noteOf = async () => (await town.run(['inbox', ...PROVINCE])).err;
    await waitUntil(async () => (await noteOf()).includes('the broker cannot be reached'), WAIT_MS);
    expect(await agents.interrupt()).toBe(0);
    expect(await noteOf()).toContain('agent is not running');
    expect(agents.output()).toContain('"message":"document arrived"');
    expect((await town.run(['bus', 'status'])).code).toBe(7);
    const gone = await town.run(['doctor', '--json']);
    expect(gone.code).toBe(6);
    const failed = readJson<Health>(gone.out);
    expect(
      failed.checks.filter(({ name }) => name === 'bus').every(({ todo }) => todo !== ''),
    ).toBe(true);
    const waiting = await town.start(['relay', 'run'], /waiting for the broker/);
    expect(await waiting.interrupt()).toBe(0);
    expect((await town.run(['site', 'run'])).code).toBe(7);
  });

  it('numbers nothing with a copy of its folder, and goes on with the folder itself', async () => {
    const alone = await createTown();
    const here = town.path('agents', 'H09-12-34');
    const there = alone.path('agents', 'H09-12-34');
    const letter = ['send', pdf, '--to', 'H09', '--abstract', 'y', ...LETTER];
    try {
      // Both would give out the same numbers: only the relay can tell what was used since.
      await cp(here, there, { recursive: true });
      const copied = await alone.run(letter);
      expect(copied).toMatchObject({ code: 6, out: '' });
      expect(copied.err).toContain('AGENT_RESTORED');
      expect(copied.err).toContain('hint: ');
      await rm(there, { recursive: true });

      // The folder itself, on a clerk's machine: one agency and nothing else, the bus out of reach.
      await rename(here, there);
      const sent = await alone.run(letter);
      expect(sent).toMatchObject({ code: 0 });
      expect(sent.out).toContain('kept');
      expect(sent.err).toContain('`congvan agent run` starts it');
      const status = await alone.run(['agent', 'status', '--json']);
      expect(status.code).toBe(7);
      expect(JSON.parse(status.out)).toMatchObject({ running: false, outbox: { waiting: 2 } });
      await givesUp(alone);
      expect((await alone.run(['agency', 'list'])).out).toContain('UBND tỉnh Bình Dương');
      expect((await alone.run(['agency', 'show', 'H99'])).code).toBe(5);
      expect((await alone.run(['stats', 'share'])).code).toBe(5);
      expect((await alone.run(['site', 'run'])).code).toBe(5);
    } finally {
      await alone[Symbol.asyncDispose]();
    }
  });
});

/** Of the one letter that waits: given up with a reason, shown as such, and tried again. */
async function givesUp(alone: Town): Promise<void> {
  interface Outbox {
    readonly messages: readonly { readonly messageId: string; readonly purpose: string }[];
  }
  const { messages } = await alone.json<Outbox>(['outbox']);
  const id = messages.find(({ purpose }) => purpose === 'document')?.messageId ?? '';
  const { documentId } = (
    await alone.json<{ entries: { documentId: string }[] }>(['register', 'list'])
  ).entries.at(-1) ?? { documentId: '' };
  expect((await alone.run(['outbox', 'give-up', id])).code).toBe(2);
  const reason = ['--reason', 'gửi nhầm'];
  expect((await alone.run(['outbox', 'give-up', 'abcdef', ...reason])).code).toBe(5);
  expect(await alone.run(['outbox', 'give-up', id.slice(0, 10), ...reason])).toMatchObject({
    code: 0,
  });
  expect((await alone.run(['track', documentId])).out).toContain('given-up: gửi nhầm');
  expect((await alone.run(['outbox', 'give-up', id, ...reason])).code).toBe(6);
  expect(await alone.run(['outbox', 'retry', id])).toMatchObject({ code: 0 });
  expect((await alone.run(['track', documentId])).out).not.toContain('gửi nhầm');
}
