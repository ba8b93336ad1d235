import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/index.ts';
import { exportAudit } from '../../src/relay/audit/export.ts';
import type { AuditFinding } from '../../src/relay/audit/finding.ts';
import { encodeHead, parseHead } from '../../src/relay/audit/publication.ts';
import { Publisher } from '../../src/relay/audit/publisher.ts';
import { type AuditReport, recomputeAudit } from '../../src/relay/audit/recompute.ts';
import { FigureAnswers } from '../../src/relay/figures/answers.ts';
import { homePaths } from '../../src/relay/home.ts';
import { PublicationStore } from '../../src/relay/storage/publication-store.ts';
import { RELAY, SignedTown } from './traffic/signed-town.ts';
import { signWith } from './relay-bus.ts';

const MONTH = '2026-10';
const CLOSING = new Date('2026-11-11T01:00:00.000Z');

let town: SignedTown;

beforeEach(async () => {
  town = await SignedTown.start();
  await town.addAgency('H09', { tier: 'province' });
  for (let number = 1; number <= 3; number += 1) {
    const at = new Date(Date.UTC(2026, 9, number, 3));
    const entry = { kind: 'void', year: 2026, number, reason: 'ghi nhầm số' } as const;
    town.receive(await town.compose('H09', entry, at), at);
  }
});

afterEach(async () => {
  await town[Symbol.asyncDispose]();
});

/** What publishes with a relay's code and key, whoever holds them. */
function publisher(relay = RELAY, sign = town.sign): Publisher {
  const store = new PublicationStore(town.db);
  const figures = new FigureAnswers(town.db);
  const now = (): Date => CLOSING;
  return new Publisher({ db: town.db, store, figures, relay, sign, now, log: () => undefined });
}

async function exportTo(name: string, sign = town.sign): Promise<string> {
  const output = join(town.folder, name);
  const { home } = town;
  await exportAudit({ home, from: MONTH, to: MONTH, output, sign, now: () => CLOSING });
  return output;
}

async function recompute(file: string): Promise<AuditReport> {
  const registrar = town.registrar.certificate.sha256;
  return await recomputeAudit({ file, trust: town.pki.trust(), registrar });
}

function kinds(findings: readonly AuditFinding[]): string[] {
  return findings.map(({ kind }) => kind);
}

/** Changes what a prepared head says; the relay signs it as it stands. */
function rewriteHead(change: (head: ReturnType<typeof parseHead>) => object): void {
  const store = new PublicationStore(town.db);
  const [prepared] = store.unsigned();
  if (prepared === undefined) throw new Error('nothing is prepared');
  const head = { ...parseHead(prepared.head, 'head'), ...change(parseHead(prepared.head, 'head')) };
  town.db
    .prepare('UPDATE publication SET head = ? WHERE sequence = ?')
    .run(encodeHead(head), prepared.sequence);
}

async function prepareAndRewrite(
  change: (head: ReturnType<typeof parseHead>) => object,
): Promise<void> {
  const failing = publisher(RELAY, async () => await Promise.reject(new Error('not yet')));
  await expect(failing.publish(MONTH)).rejects.toThrow('not yet');
  rewriteHead(change);
  await publisher().publishDue();
}

describe('who may publish', () => {
  it('is a relay: what an agency signs with its own key is believed by nobody', async () => {
    town.now = CLOSING;
    const sign = signWith(town.signerOf('H09'));
    await publisher(parseAgencyCode('H09'), sign).publish(MONTH);
    const { config } = homePaths(town.home);
    const settings = await readFile(config, 'utf8');
    await writeFile(config, settings.replace('"W01"', '"H09"'));

    const { ok, findings } = await recompute(await exportTo('agency.zip', sign));

    expect(ok).toBe(false);
    expect(kinds(findings)).toEqual(
      expect.arrayContaining(['PUBLICATION_UNSIGNED', 'MANIFEST_UNSIGNED']),
    );
  });
});

describe('a relay that signs what it should not', () => {
  it('is found out when it counts up to a day on which the month was not over', async () => {
    town.now = new Date('2026-10-04T01:00:00.000Z');
    await publisher().publishDue();

    const { ok, findings } = await recompute(await exportTo('early.zip'));

    expect(ok).toBe(false);
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'PUBLICATION_MISDATED', part: 'publications/000001.json' }),
    );
  });

  it('is found out when it counts up to a day long before it published', async () => {
    town.now = new Date('2026-11-01T01:00:00.000Z');
    await publisher().publish(MONTH);

    const { findings } = await recompute(await exportTo('still.zip'));

    expect(kinds(findings)).toEqual(['PUBLICATION_MISDATED']);
  });

  it('is found out when a month begins with a correction', async () => {
    town.now = CLOSING;
    await prepareAndRewrite(() => ({ revision: 2 }));

    const { ok, findings } = await recompute(await exportTo('second.zip'));

    expect(ok).toBe(false);
    expect(kinds(findings)).toContain('PUBLICATION_CHAIN_BROKEN');
  });

  it('is found out when lines say more than the figures do', async () => {
    town.now = CLOSING;
    await publisher().publish(MONTH);
    const file = await exportTo('more.zip');
    const parts = unzipSync(await readFile(file));
    const part = 'publications/000001/figures.jsonl';
    const text = Buffer.from(parts[part] ?? []).toString('utf8');
    parts[part] = Buffer.from(text.replace('{"by":"all"', '{"rate_true":1,"by":"all"'));
    await writeFile(file, zipSync(parts));

    const { findings } = await recompute(file);

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'PUBLICATION_ALTERED', part, line: 1 }),
    );
  });
});

describe('a hostile audit file', () => {
  it('with a line as long as a part is read in no time', async () => {
    town.now = CLOSING;
    await publisher().publish(MONTH);
    const file = await exportTo('long.zip');
    const parts = unzipSync(await readFile(file));
    const part = 'publications/000001/contradictions.jsonl';
    // Of bytes that do not deflate a thousandfold, or it would be refused for that.
    const noise = Buffer.alloc(48 * 1024 * 1024);
    for (let at = 0; at < noise.length; at += 1) noise[at] = 97 + ((at * 7 + (at >> 9)) % 23);
    parts[part] = noise;
    await writeFile(file, zipSync(parts, { level: 0 }));

    const { findings } = await recompute(file);

    expect(findings).toContainEqual(expect.objectContaining({ kind: 'PART_DAMAGED', part }));
  }, 20_000);

  it('with ten thousand copies of one record is read in no time', async () => {
    town.now = CLOSING;
    await publisher().publish(MONTH);
    const file = await exportTo('copies.zip');
    const parts = unzipSync(await readFile(file));
    const record = Buffer.from(parts['records/000001.bin'] ?? []);
    parts['records/000001.bin'] = Buffer.concat(Array.from({ length: 10_000 }, () => record));
    await writeFile(file, zipSync(parts, { level: 0 }));

    await expect(recompute(file)).rejects.toMatchObject({ code: 'BUS_AUDIT_FILE_INVALID' });
  }, 20_000);
});
