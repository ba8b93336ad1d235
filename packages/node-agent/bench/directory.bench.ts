/**
 * The first copy of the national directory: pages as the site service packs them, taken in by an
 * agent's copy on one core; and the registrar's own folder.
 *
 * `npm run bench -- directory [--entries N] [--json]`
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { directorySinceSubject, packPage, readPage } from '@congvan/bus';
import { UNPACKED_PAGE_BYTES, createDirectoryDesk, openRegistry } from '@congvan/bus/site';
import { createSignatureVerifier } from '@congvan/signer';

import { DirectoryCopy } from '../src/directory/copy.ts';
import { createDatabase } from '../src/storage/database.ts';
import { DirectoryStore } from '../src/storage/directory-store.ts';
import { type BenchResult, printResults, readCount } from '../../../bench/report.ts';
import { ROOT, createRegistrar, makeEntries } from './directory/entries.ts';

const argv = process.argv.slice(2);
const count = readCount(argv, 'entries', 120_000);
const ENTRIES_PER_PACK = 1_000;
const SAMPLE = 3_000;
const MEBIBYTE = 1024 * 1024;
const THIN_LINE_BYTES_PER_SECOND = 4_000_000 / 8;
/** TCP, TLS and the broker's own words. */
const LINE_SHARE = 0.95;

const folder = await mkdtemp(join(tmpdir(), 'congvan-directory-'));
try {
  printResults('directory', await measure(), argv);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<BenchResult[]> {
  const registrar = await createRegistrar();
  const entries = join(folder, 'entries');
  const results: BenchResult[] = [];
  const sample: Uint8Array[] = [];
  const { rawBytes, seconds: makingSeconds } = await timed(async () => ({
    rawBytes: await fillFolder(registrar, entries, sample),
  }));
  results.push(
    { name: 'entries', value: count, unit: '' },
    { name: 'made and signed', value: count / makingSeconds, unit: 'entries/s' },
    { name: 'signed entry', value: rawBytes / count, unit: 'bytes' },
    ...comparePacking(sample),
  );
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const opened = await timed(async () => ({ registry: await open(registrar, entries) }));
  const { registry } = opened;
  globalThis.gc?.();
  results.push(
    { name: 'registry opened', value: opened.seconds, unit: 's' },
    {
      name: 'registry memory',
      value: (process.memoryUsage().rss - before) / MEBIBYTE,
      unit: 'MiB',
    },
  );
  const looked = await timed(async () => ({ fresh: await registry.refresh() }));
  results.push({ name: 'a look at its folder', value: looked.seconds * 1_000, unit: 'ms' });
  results.push(...(await measureCopy(registrar, createDirectoryDesk(registry))));
  const files = (await readdir(entries)).length;
  results.push({ name: 'files in its folder', value: files, unit: '' });
  return results;
}

/** What several `append`s would leave behind, without waiting for the disk after each. */
async function fillFolder(
  registrar: Awaited<ReturnType<typeof createRegistrar>>,
  entries: string,
  sample: Uint8Array[],
): Promise<number> {
  await open(registrar, entries);
  let pack: Uint8Array[] = [];
  let bytes = 0;
  let sequence = 0;
  const pad = (number: number): string => String(number).padStart(8, '0');
  for await (const record of makeEntries(registrar, count)) {
    sequence += 1;
    bytes += record.length;
    if (sample.length < SAMPLE) sample.push(record);
    pack.push(record);
    if (pack.length < ENTRIES_PER_PACK) continue;
    const name = `${pad(sequence - ENTRIES_PER_PACK + 1)}-${pad(sequence)}.pack`;
    await writeFile(join(entries, name), Buffer.concat(pack));
    pack = [];
  }
  for (const [index, record] of pack.entries()) {
    await writeFile(join(entries, `${pad(sequence - pack.length + index + 1)}.rec`), record);
  }
  return bytes;
}

async function open(registrar: Awaited<ReturnType<typeof createRegistrar>>, entries: string) {
  return await openRegistry({
    folder: entries,
    registrar: ROOT,
    sign: async () => await Promise.reject(new Error('nothing is signed here')),
    root: { code: ROOT, certificate: registrar.signer.certificate.der },
  });
}

function comparePacking(sample: readonly Uint8Array[]): BenchResult[] {
  const pages = toPages(sample);
  const raw = pages.reduce((sum, page) => sum + page.length, 0);
  return (['zstd', 'deflate'] as const).flatMap((encoding) => {
    const packing = performance.now();
    const packed = pages.map((page) => packPage(page, encoding));
    const packMs = performance.now() - packing;
    const unpacking = performance.now();
    for (const page of packed) readPage(page, encoding);
    const unpackMs = performance.now() - unpacking;
    const bytes = packed.reduce((sum, page) => sum + page.length, 0);
    return [
      {
        name: `${encoding} entry`,
        value: bytes / sample.length,
        unit: 'bytes',
        against: 'signed',
        ratio: raw / bytes,
      },
      { name: `${encoding} page packed`, value: packMs / pages.length, unit: 'ms' },
      { name: `${encoding} page unpacked`, value: unpackMs / pages.length, unit: 'ms' },
    ];
  });
}

function toPages(records: readonly Uint8Array[]): Uint8Array[] {
  const pages: Uint8Array[] = [];
  let page: Uint8Array[] = [];
  let bytes = 0;
  for (const record of records) {
    if (bytes + record.length > UNPACKED_PAGE_BYTES) {
      pages.push(Buffer.concat(page));
      page = [];
      bytes = 0;
    }
    page.push(record);
    bytes += record.length;
  }
  pages.push(Buffer.concat(page));
  return pages;
}

async function measureCopy(
  registrar: Awaited<ReturnType<typeof createRegistrar>>,
  answer: ReturnType<typeof createDirectoryDesk>,
): Promise<BenchResult[]> {
  const file = join(folder, 'agent.sqlite');
  const db = createDatabase(file);
  const verify = createSignatureVerifier(registrar.pki.trust());
  const der = registrar.signer.certificate.der;
  const copy = new DirectoryCopy(new DirectoryStore(db), der, verify);
  let wireBytes = 0;
  let pageCount = 0;
  let largest = 0;
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let highest = before;
  const cpuBefore = process.cpuUsage();
  const { seconds } = await timed(async () => {
    for (let sequence = 0; sequence < count;) {
      const page = answer(directorySinceSubject({ registrar: ROOT, sequence }));
      if (page?.encoding === undefined) throw new Error('no page');
      wireBytes += page.data.length;
      largest = Math.max(largest, page.data.length);
      pageCount += 1;
      const records = readPage(page.data, page.encoding);
      const taken = db.transaction(() => copy.takeIn(records, new Date())).immediate();
      const [refused] = taken.refused;
      if (refused !== undefined) throw new Error(`refused: ${refused.detail}`);
      sequence = page.lastSequence ?? count;
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    return {};
  });
  const cpu = process.cpuUsage(cpuBefore);
  const finding = await timed(async () => {
    for (let index = 0; index < 1_000; index += 1) copy.status(new Date());
    return {};
  });
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  const lineSeconds = wireBytes / (THIN_LINE_BYTES_PER_SECOND * LINE_SHARE);
  return [
    { name: 'on the wire', value: wireBytes / MEBIBYTE, unit: 'MiB' },
    { name: 'pages', value: pageCount, unit: '' },
    { name: 'largest page', value: largest / 1024, unit: 'KiB' },
    { name: 'first copy at 4 Mb/s', value: lineSeconds, unit: 's' },
    { name: 'packed, unpacked, verified, stored', value: seconds, unit: 's' },
    { name: 'of that, processor', value: (cpu.user + cpu.system) / 1e6, unit: 's' },
    { name: 'taken in', value: count / seconds, unit: 'entries/s' },
    { name: 'memory of the copy at most', value: (highest - before) / MEBIBYTE, unit: 'MiB' },
    { name: 'copy on disk', value: (await stat(file)).size / MEBIBYTE, unit: 'MiB' },
    { name: 'status of the copy', value: finding.seconds, unit: 'ms' },
  ];
}

async function timed<T extends object>(work: () => Promise<T>): Promise<T & { seconds: number }> {
  const startedMs = performance.now();
  const result = await work();
  return { ...result, seconds: (performance.now() - startedMs) / 1_000 };
}
