import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createTestPki } from '@congvan/signer/testing';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeRecord, parsePayloadAs, payloadHash } from '../../src/index.ts';
import { type ExportedAudit, exportAudit } from '../../src/relay/audit/export.ts';
import { splitRecords } from '../../src/relay/audit/blocks.ts';
import { nextArrivalHash } from '../../src/relay/audit/arrival-hash.ts';
import { DatabasePublications } from '../../src/relay/audit/publications.ts';
import { PublishingDay } from '../../src/relay/audit/publishing-day.ts';
import { AUDIT_FILE_LIMITS } from '../../src/relay/audit/zip-reader.ts';
import { Publisher } from '../../src/relay/audit/publisher.ts';
import { type AuditReport, recomputeAudit } from '../../src/relay/audit/recompute.ts';
import { FigureAnswers } from '../../src/relay/figures/answers.ts';
import { PublicationStore } from '../../src/relay/storage/publication-store.ts';
import {
  CLOSING,
  type DisturbedMonth,
  MONTH,
  makeDisturbedMonth,
} from './traffic/disturbed-month.ts';
import { RELAY, SignedTown } from './traffic/signed-town.ts';

type Parts = Record<string, Uint8Array>;

let month: DisturbedMonth;
let town: SignedTown;
let parts: Parts;
let exported: ExportedAudit;

function publisherOf({ db, sign }: SignedTown, now: () => Date): Publisher {
  return new Publisher({
    db,
    store: new PublicationStore(db),
    figures: new FigureAnswers(db),
    relay: RELAY,
    sign,
    now,
    log: () => undefined,
  });
}

async function writeExport(name: string): Promise<ExportedAudit> {
  const { home, sign, folder } = town;
  const output = join(folder, name);
  return exportAudit({ home, from: MONTH, to: MONTH, output, sign, now: () => town.now });
}

async function recompute(file: string): Promise<AuditReport> {
  const registrar = town.registrar.certificate.sha256;
  return recomputeAudit({ file, trust: town.pki.trust(), registrar });
}

/** Recomputes a copy of the file with some parts changed; `null` takes one out. */
async function attack(
  name: string,
  changes: Record<string, Uint8Array | null>,
): Promise<AuditReport> {
  const changed: Parts = {};
  for (const part of [...Object.keys(parts), ...Object.keys(changes)]) {
    const bytes = part in changes ? changes[part] : parts[part];
    if (bytes !== null && bytes !== undefined) changed[part] = bytes;
  }
  const file = join(town.folder, `${name}.zip`);
  await writeFile(file, zipSync(changed));
  return recompute(file);
}

function partOf(name: string): Uint8Array {
  const bytes = parts[name];
  if (bytes === undefined) throw new Error(`${name} is not in the file`);
  return bytes;
}

function textOf(name: string): string {
  return Buffer.from(partOf(name)).toString('utf8');
}

function recordsOf(name = 'records/000001.bin'): Uint8Array[] {
  return [...splitRecords(partOf(name))];
}

function linesOf(name = 'records/000001.csv'): string[] {
  return textOf(name).trimEnd().split('\n');
}

const csv = (lines: readonly string[]): Uint8Array => Buffer.from(`${lines.join('\n')}\n`);

beforeAll(async () => {
  month = await makeDisturbedMonth();
  town = month.town;
  await publisherOf(town, () => CLOSING).publishDue();
  exported = await writeExport('audit.zip');
  parts = unzipSync(await readFile(exported.file));
}, 60_000);

afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

describe('a month of signed traffic with every disturbance', () => {
  it('gives every published figure again to the last digit', async () => {
    const report = await recompute(exported.file);

    expect(report.findings).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.publications).toMatchObject([{ month: MONTH, revision: 1, differing: 0 }]);
    expect(report.publications[0]?.figures).toBeGreaterThan(500);
    expect(report.records).toBe(exported.records);
  });

  it('names what the relay itself had published as contradictory, dated-back numbers among it', async () => {
    const { told } = await recompute(exported.file);

    expect(new Set(told.map(({ kind }) => kind))).toEqual(
      new Set([
        'CHAIN_FORK',
        'NUMBER_BACKDATED',
        'RECEIPT_DIGEST_DIFFERS',
        'RECEIPT_NOT_ADDRESSED',
      ]),
    );
    expect(told).toContainEqual(
      expect.objectContaining({ kind: 'NUMBER_BACKDATED', agency: 'H10.40' }),
    );
  });
});

describe('an altered file is found, and what was altered is named', () => {
  it('one bit of a record', async () => {
    const records = recordsOf();
    const record = Uint8Array.from(records[20] ?? []);
    record[60] = (record[60] ?? 0) ^ 1;
    records[20] = record;
    const [, , agency, number] = (linesOf()[21] ?? '').split(',');

    const report = await attack('bit', { 'records/000001.bin': Buffer.concat(records) });

    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ kind: 'PART_ALTERED', part: 'records/000001.bin' }),
    );
    const named = report.findings.filter(({ kind }) => kind.startsWith('RECORD_'));
    expect(named).toContainEqual(expect.objectContaining({ agency, report: Number(number) }));
  });

  it('a record dropped in the middle, with its line', async () => {
    const [records, lines] = [recordsOf(), linesOf()];
    const [id, , agency, number] = (lines[31] ?? '').split(',');
    records.splice(30, 1);
    lines.splice(31, 1);

    const { findings } = await attack('middle', {
      'records/000001.bin': Buffer.concat(records),
      'records/000001.csv': csv(lines),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'RECORD_MISSING', record: Number(id) }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'RECORD_MISSING', agency, report: Number(number) }),
    );
  });

  it('the last record of a chain, taken out as if it had never been', async () => {
    const [records, lines] = [recordsOf(), linesOf()];
    const [, , agency, number] = (lines.at(-1) ?? '').split(',');
    records.pop();
    lines.pop();

    const { findings } = await attack('tail', {
      'records/000001.bin': Buffer.concat(records),
      'records/000001.csv': csv(lines),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'RECORD_MISSING', agency, report: Number(number) }),
    );
  });

  it('a record doubled', async () => {
    const records = recordsOf();
    const [, , agency, number] = (linesOf()[11] ?? '').split(',');
    const { findings } = await attack('doubled', {
      'records/000001.bin': Buffer.concat([...records, ...records.slice(10, 11)]),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'RECORD_DOUBLED', agency, report: Number(number) }),
    );
  });

  it('a record doubled with a line of its own', async () => {
    const [records, lines] = [recordsOf(), linesOf()];
    const last = (lines.at(-1) ?? '').split(',');
    const [, storedAt = '', agency = '', number = '', hash = ''] = (lines[11] ?? '').split(',');
    const id = Number(last[0]) + 1;
    const row = { id, storedMs: Date.parse(storedAt), agency, number: Number(number) };
    const arrivalHash = nextArrivalHash(last[5] ?? '', { ...row, payloadHash: hash });
    const { findings } = await attack('doubled-line', {
      'records/000001.bin': Buffer.concat([...records, ...records.slice(10, 11)]),
      'records/000001.csv': csv([
        ...lines,
        [id, storedAt, agency, number, hash, arrivalHash].join(','),
      ]),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'RECORD_UNEXPLAINED',
        agency,
        report: Number(number),
        record: id,
      }),
    );
  });

  it('a stored time altered', async () => {
    const lines = linesOf();
    const cells = (lines[41] ?? '').split(',');
    cells[1] = '2026-10-02T00:00:00.000Z';
    lines[41] = cells.join(',');

    const { findings } = await attack('stored', { 'records/000001.csv': csv(lines) });

    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'ARRIVAL_ALTERED',
        agency: cells[2],
        report: Number(cells[3]),
        line: 42,
      }),
    );
  });

  it('a stored time altered, and every hash after it made to fit', async () => {
    const lines = linesOf();
    let before = '0'.repeat(64);
    const forged = lines.map((line, index) => {
      if (index === 0) return line;
      const [id, storedAt = '', agency = '', number, payload = ''] = line.split(',');
      const stored = index === 41 ? '2026-10-02T00:00:00.000Z' : storedAt;
      const row = { id: Number(id), storedMs: Date.parse(stored), agency, number: Number(number) };
      before = nextArrivalHash(before, { ...row, payloadHash: payload });
      return [id, stored, agency, number, payload, before].join(',');
    });

    const { findings } = await attack('stored-all', { 'records/000001.csv': csv(forged) });

    expect(findings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['ORDER_CHANGED', 'PART_ALTERED']),
    );
  });

  it('two lines exchanged', async () => {
    const lines = linesOf();
    [lines[51], lines[52]] = [lines[52] ?? '', lines[51] ?? ''];
    const moved = (lines[52] ?? '').split(',');

    const { findings } = await attack('order', { 'records/000001.csv': csv(lines) });

    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'ORDER_CHANGED',
        agency: moved[2],
        report: Number(moved[3]),
      }),
    );
  });

  it('a published figure altered', async () => {
    const part = 'publications/000001/figures.jsonl';
    const altered = textOf(part).replace(
      /("by":"agency","key":"H10","figures":\{"E":)(\d+)/u,
      '$199',
    );

    const { findings } = await attack('figure', { [part]: Buffer.from(altered) });

    expect(findings).toContainEqual(expect.objectContaining({ kind: 'PUBLICATION_ALTERED', part }));
    const differing = findings.filter(({ kind }) => kind === 'FIGURE_DIFFERS');
    expect(differing).toMatchObject([
      { agency: 'H10', figure: { row: 'agency H10', field: 'E', published: 99 }, part },
    ]);
  });

  it('definitions of another version of the program', async () => {
    const part = 'definitions.json';
    const altered = textOf(part).replace(/"version": \d+/u, '"version": 1');

    const { findings } = await attack('definitions', { [part]: Buffer.from(altered) });

    const [differing] = findings.filter(({ kind }) => kind === 'DEFINITIONS_DIFFER');
    expect(differing).toMatchObject({ part });
    expect(differing?.detail).toContain('by version 1, ');
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'PART_ALTERED', part }));
  });

  it('a directory entry dropped', async () => {
    const entries = recordsOf('directory/000001.bin');
    entries.splice(4, 1);

    const { findings } = await attack('directory', {
      'directory/000001.bin': Buffer.concat(entries),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'DIRECTORY_ENTRY_MISSING', agency: 'W00' }),
    );
  });

  it('a publication signed by somebody else', async () => {
    const { findings } = await attack('signature', {
      'publications/000001.p7s': partOf('manifest.p7s'),
    });

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'PUBLICATION_UNSIGNED', part: 'publications/000001.json' }),
    );
  });

  it('a record signed anew by its own agency with an earlier time', async () => {
    const [records, lines] = [recordsOf(), linesOf()];
    const index = lines.findIndex((line) => line.includes(',H09.01,6,'));
    const original = decodeRecord(records[index - 1] ?? new Uint8Array());
    const payload = parsePayloadAs(original, 'report');
    const forged = await town.compose(
      'H09.01',
      payload.entry,
      new Date('2026-10-01T00:00:00.000Z'),
      {
        number: 6,
        previous: payload.previous,
      },
    );
    records[index - 1] = forged.record;
    const cells = (lines[index] ?? '').split(',');
    cells[4] = payloadHash(original.payload) === forged.hash ? '' : forged.hash;
    lines[index] = cells.join(',');

    const { findings } = await attack('backdated', {
      'records/000001.bin': Buffer.concat(records),
      'records/000001.csv': csv(lines),
    });

    const where = { agency: 'H09.01', report: 6 };
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'ARRIVAL_ALTERED', ...where }));
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'RECORD_BACKDATED', ...where }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'CHAIN_DIFFERS', agency: 'H09.01' }),
    );
  });
});

describe('a correction', () => {
  it('changes a published figure visibly, names what caused it and comes out of the records too', async () => {
    await using own = await makeDisturbedMonth(11).then(({ town: other, late }) =>
      Object.assign(other, { late }),
    );
    await publisherOf(own, () => CLOSING).publishDue();
    const stored = new Date('2026-11-20T00:00:00.000Z');
    for (const report of own.late) expect(own.receive(report, stored)).toBe('new');
    own.now = new Date('2026-12-11T01:00:00.000Z');
    const made = await publisherOf(own, () => own.now).publishDue();

    expect(made.map(({ month: of, revision }) => [of, revision])).toEqual([
      [MONTH, 2],
      ['2026-11', 1],
    ]);
    const { home, sign, folder } = own;
    const output = join(folder, 'both.zip');
    await exportAudit({ home, from: MONTH, to: '2026-11', output, sign, now: () => own.now });
    const registrar = own.registrar.certificate.sha256;
    const report = await recomputeAudit({ file: output, trust: own.pki.trust(), registrar });
    expect(report.findings).toEqual([]);
    expect(report.publications).toMatchObject([
      { month: MONTH, revision: 1, differing: 0 },
      { month: MONTH, revision: 2, differing: 0 },
      { month: '2026-11', revision: 1, differing: 0 },
    ]);
    const changes = Buffer.from(
      unzipSync(await readFile(output))['publications/000002/changes.jsonl'] ?? [],
    );
    expect(changes.toString('utf8')).toMatch(/"by":"agency".*"causes":\[\d+/u);
  }, 30_000);
});

describe('publishing', () => {
  it('happens by itself once the month has been over for ten days, and not again', async () => {
    await using own = await SignedTown.start();
    await own.addAgency('H09', { tier: 'province' });
    const entry = { kind: 'void', year: 2026, number: 1, reason: 'ghi nhầm số' } as const;
    const at = new Date('2026-10-05T03:00:00.000Z');
    own.receive(await own.compose('H09', entry, at), at);
    const { db, sign } = own;
    const publishing = new PublishingDay({
      db,
      figures: new FigureAnswers(db),
      relay: RELAY,
      sign,
      settings: { closeAfterDays: 10 },
      now: () => own.now,
      log: () => undefined,
    });
    const publications = new DatabasePublications(db);
    own.now = new Date('2026-11-10T16:59:59.000Z');
    await publishing.tick();
    expect(publications.listPublications()).toEqual([]);

    own.now = new Date('2026-11-10T17:00:00.000Z'); // the 11th at +07:00
    await publishing.tick();
    await publishing.tick();
    expect(publications.listPublications()).toMatchObject([
      { sequence: 1, month: MONTH, revision: 1, day: '2026-11-11' },
    ]);

    own.now = new Date('2026-11-12T03:00:00.000Z');
    await publishing.tick();
    expect(publications.listPublications()).toHaveLength(1);
    await publishing.close();
  });

  it('that ended before its signature shows nothing, and is signed at the next start', async () => {
    await using own = await SignedTown.start();
    await own.addAgency('H09', { tier: 'province' });
    own.now = CLOSING;
    const failing = new Publisher({
      db: own.db,
      store: new PublicationStore(own.db),
      figures: new FigureAnswers(own.db),
      relay: RELAY,
      sign: async () => await Promise.reject(new Error('the key is away')),
      now: () => CLOSING,
      log: () => undefined,
    });
    await expect(failing.publish(MONTH)).rejects.toThrow('the key is away');
    const publications = new DatabasePublications(own.db);
    expect(publications.listPublications()).toEqual([]);
    expect(() => publications.publication(MONTH)).toThrow('2026-10 is not published');

    await publisherOf(own, () => CLOSING).publishDue();

    expect(publications.listPublications()).toMatchObject([{ month: MONTH, revision: 1 }]);
    expect(publications.publication(MONTH).head.as_of.day).toBe('2026-11-11');
  });

  it('refuses a month that is not over, and says so when nothing has changed', async () => {
    const publisher = publisherOf(town, () => CLOSING);

    await expect(publisher.publish('2026-11')).rejects.toMatchObject({
      code: 'BUS_RELAY_REQUEST_INVALID',
    });
    await expect(publisher.publish(MONTH)).resolves.toBeUndefined();
  });
});

describe('a hostile file is refused before it does harm', () => {
  const refused = { code: 'BUS_AUDIT_FILE_INVALID' };

  it('what is no ZIP file, is cut short, or is another ZIP file', async () => {
    const whole = await readFile(exported.file);
    const file = join(town.folder, 'hostile.zip');
    for (const bytes of [
      Buffer.from('no ZIP'),
      whole.subarray(0, whole.length / 2),
      Buffer.from(zipSync({ mimetype: Buffer.from('text/plain') })),
    ]) {
      await writeFile(file, bytes);
      await expect(recompute(file)).rejects.toMatchObject(refused);
    }
  });

  it.each(['../records/000001.bin', '/etc/passwd', 'records/1.bin', 'records/000001.bin '])(
    'a part named %j',
    async (name) => {
      await expect(attack('name', { [name]: Buffer.from('x') })).rejects.toMatchObject(refused);
    },
  );

  it('a part that inflates a thousandfold', async () => {
    const bomb = { 'records/000002.bin': Buffer.alloc(16 * 1024 * 1024) };
    await expect(attack('bomb', bomb)).rejects.toMatchObject(refused);
  });

  it('more parts than are read', async () => {
    const registrar = town.registrar.certificate.sha256;
    const limits = { ...AUDIT_FILE_LIMITS, parts: 5 };
    const trust = town.pki.trust();
    await expect(
      recomputeAudit({ file: exported.file, trust, registrar, limits }),
    ).rejects.toMatchObject(refused);
  });

  it('one of another registrar', async () => {
    const trust = town.pki.trust();
    await expect(
      recomputeAudit({ file: exported.file, trust, registrar: '0'.repeat(64) }),
    ).rejects.toMatchObject({ code: 'BUS_AUDIT_REGISTRAR_DIFFERS' });
  });

  it('one whose signers no anchor of the auditor vouches for is not believed', async () => {
    const trust = (await createTestPki()).trust();
    const registrar = town.registrar.certificate.sha256;

    const report = await recomputeAudit({ file: exported.file, trust, registrar });

    expect(report.ok).toBe(false);
    expect(report.records).toBe(0);
    expect(new Set(report.findings.map(({ kind }) => kind))).toContain('PUBLICATION_UNSIGNED');
  });
});

describe('an export', () => {
  it('that is stopped leaves no file', async () => {
    const { home, sign, folder } = town;
    const output = join(folder, 'stopped.zip');
    const stop = AbortSignal.abort(new Error('enough'));
    const options = { home, from: MONTH, to: MONTH, output, sign, signal: stop };

    await expect(exportAudit(options)).rejects.toThrow('enough');

    const left = (await readdir(folder)).filter((name) => name.includes('stopped'));
    expect(left).toEqual([]);
  });

  it('of a month that is not published is refused', async () => {
    const { home, sign, folder } = town;
    const output = join(folder, 'none.zip');
    const options = { home, from: '2026-09', to: MONTH, output, sign };

    await expect(exportAudit(options)).rejects.toMatchObject({ code: 'BUS_PUBLICATION_NOT_FOUND' });
  });
});
