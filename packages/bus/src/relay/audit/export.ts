import { setImmediate } from 'node:timers/promises';

import { loadTrustStore, saveStream } from '@congvan/signer';

import { BusError } from '../../errors.ts';
import type { SignBytes } from '../../record/frame.ts';
import { homePaths, readHomeFile, readRelayConfig } from '../home.ts';
import { openNodeKey } from '../node-key.ts';
import { AuditStore } from '../storage/audit-store.ts';
import { openDatabaseForReading } from '../storage/database.ts';
import { PublicationStore, type StoredPublication } from '../storage/publication-store.ts';
import { nextArrivalHash, NO_ARRIVALS } from './arrival-hash.ts';
import { encodeDefinitions } from './definitions.ts';
import {
  AUDIT_MEDIA_TYPE,
  AUDIT_PARTS,
  type AuditManifest,
  FORK_COLUMNS,
  MAX_BLOCK_BYTES,
  RECORDS_PER_BLOCK,
  RECORD_COLUMNS,
  blockName,
  encodeManifest,
  publicationName,
  sha256Of,
} from './format.ts';
import { MONTH, SECTIONS, parseHead } from './publication.ts';
import { encodeReadme } from './readme.ts';
import { ZipWriter, zipPieces } from './zip-writer.ts';

export interface ExportAuditOptions {
  /** The relay's folder; it may run meanwhile. */
  readonly home: string;
  /** First and last month, `YYYY-MM`. */
  readonly from: string;
  readonly to: string;
  /** Appears when it is complete; a file of this name is replaced. */
  readonly output: string;
  /** Opens the node key, which signs the manifest; asked only when `sign` is not given. */
  readonly passphrase?: () => Promise<string>;
  readonly sign?: SignBytes;
  readonly now?: () => Date;
  readonly signal?: AbortSignal;
  readonly onProgress?: (records: number, of: number) => void;
}

export interface ExportedAudit {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
  readonly publications: number;
  readonly months: readonly string[];
}

/**
 * Writes everything that the published figures of some months come from into one file.
 *
 * It holds whole chains: every record from the first on up to the last publication of these months,
 * so that a missing one shows. One block of records is in memory at a time.
 *
 * @throws {@link BusError} `BUS_PUBLICATION_NOT_FOUND` when a month has no publication,
 *   `BUS_RELAY_REQUEST_INVALID` for a bad period; errors of the node key and of the disk.
 */
export async function exportAudit(options: ExportAuditOptions): Promise<ExportedAudit> {
  const { home, now = () => new Date() } = options;
  const config = await readRelayConfig(home);
  const sign = options.sign ?? (await openNodeKey(homePaths(home).nodeKey, options.passphrase));
  const registrar = await readHomeFile(homePaths(home).registrarCertificate);
  const trust = await readTrust(home);
  const db = openDatabaseForReading(homePaths(home).database);
  try {
    const store = new PublicationStore(db);
    const { all, wanted, months, last } = choosePublications(store, options);
    const exportedAt = now();
    const manifest: Omit<AuditManifest, 'parts'> = {
      kind: 'congvan-audit',
      version: 1,
      relay: config.code,
      period: { from: options.from, to: options.to },
      exported_at: exportedAt.toISOString(),
      records: last.record,
      publication: last.sequence,
    };
    const zip = new ZipWriter(exportedAt);
    const content: Content = { manifest, store, audit: new AuditStore(db), all, wanted, last };
    const pieces = zipPieces(zip, async () => {
      await zip.add(AUDIT_PARTS.mediaType, [Buffer.from(AUDIT_MEDIA_TYPE)], { compress: false });
      await zip.add(AUDIT_PARTS.readme, [encodeReadme(manifest)]);
      await zip.add(AUDIT_PARTS.definitions, [encodeDefinitions()]);
      await zip.add(AUDIT_PARTS.registrar, [registrar]);
      await addTrust(zip, content, trust);
      await addDirectory(zip, content);
      await addPublications(zip, content);
      await addRecords(zip, content, options);
      await addForks(zip, content);
      const signed = encodeManifest({ ...manifest, parts: zip.parts.filter(isListed) });
      await zip.add(AUDIT_PARTS.manifestSignature, [await sign(signed)]);
      await zip.add(AUDIT_PARTS.manifest, [signed]);
    });
    const { path, bytes, sha256 } = await saveStream(options.output, pieces);
    const { record: records } = last;
    return { file: path, bytes, sha256, records, publications: wanted.length, months };
  } finally {
    db.close();
  }
}

interface Content {
  readonly manifest: Omit<AuditManifest, 'parts'>;
  readonly store: PublicationStore;
  readonly audit: AuditStore;
  /** Every publication up to the last one, for their chain. */
  readonly all: readonly StoredPublication[];
  /** Those of the months asked for. */
  readonly wanted: readonly StoredPublication[];
  readonly last: StoredPublication;
}

function choosePublications(
  store: PublicationStore,
  { from, to }: Pick<ExportAuditOptions, 'from' | 'to'>,
): Pick<Content, 'all' | 'wanted' | 'last'> & { months: string[] } {
  if (!MONTH.test(from) || !MONTH.test(to) || from > to) {
    throw new BusError(
      'BUS_RELAY_REQUEST_INVALID',
      `"${from}..${to}" is no period of months such as 2026-10 or 2026-10..2026-12`,
      { details: { field: 'period' } },
    );
  }
  const published = store.list();
  const wanted = published.filter(({ month }) => from <= month && month <= to);
  const months = [...new Set(wanted.map(({ month }) => month))].toSorted();
  const last = wanted.at(-1);
  const lacking = [from, to].find((month) => !months.includes(month));
  if (last === undefined || lacking !== undefined) {
    throw new BusError('BUS_PUBLICATION_NOT_FOUND', `${lacking ?? from} is not published yet`, {
      details: { month: lacking ?? from },
    });
  }
  const all = published.filter(({ sequence }) => sequence <= last.sequence);
  return { all, wanted, months, last };
}

/** The media type stands outside the manifest, as its own part does. */
function isListed({ name }: { readonly name: string }): boolean {
  return name !== AUDIT_PARTS.mediaType;
}

type TrustFiles = Map<string, Uint8Array>;

async function readTrust(home: string): Promise<TrustFiles> {
  const { intermediates, crls, ocsps } = await loadTrustStore(homePaths(home).trust);
  return new Map([
    ...intermediates.map(({ der }) => [`trust/${sha256Of(der)}.crt`, der] as const),
    ...crls.map(({ der }) => [`trust/${sha256Of(der)}.crl`, der] as const),
    ...ocsps.map(({ der }) => [`trust/${sha256Of(der)}.ors`, der] as const),
  ]);
}

const TRUST_ENDINGS = { certificate: 'crt', crl: 'crl', ocsp: 'ors' } as const;

/** What the relay knows today, and what records of earlier days were judged with. */
async function addTrust(zip: ZipWriter, { audit }: Content, files: TrustFiles): Promise<void> {
  for (const [name, der] of files) await zip.add(name, [der]);
  for (const { kind, sha256, der } of audit.trustObjects()) {
    const name = `trust/${sha256}.${TRUST_ENDINGS[kind]}`;
    if (!files.has(name)) await zip.add(name, [der]);
  }
}

async function addDirectory(zip: ZipWriter, { audit, last }: Content): Promise<void> {
  const { entries } = parseHead(last.head, publicationName(last.sequence, '.json')).directory;
  const block = new Block(zip, 'directory');
  for (const record of audit.directory(entries)) {
    block.add(record);
    if (block.isFull) await block.write();
  }
  await block.write();
}

async function addPublications(zip: ZipWriter, { store, all, wanted }: Content): Promise<void> {
  for (const { sequence, head, signature } of all) {
    await zip.add(publicationName(sequence, '.json'), [head]);
    await zip.add(publicationName(sequence, '.p7s'), signature === null ? [] : [signature]);
  }
  for (const { sequence } of wanted) {
    for (const section of SECTIONS) {
      await zip.add(
        publicationName(sequence, `/${section}.jsonl`),
        store.pieces(sequence, section),
      );
    }
  }
}

async function addRecords(
  zip: ZipWriter,
  { audit, last }: Content,
  { signal, onProgress }: ExportAuditOptions,
): Promise<void> {
  const block = new Block(zip, 'records', RECORD_COLUMNS);
  signal?.throwIfAborted();
  let hash = NO_ARRIVALS;
  for (const row of audit.records(0, last.record)) {
    hash = nextArrivalHash(hash, row);
    const { id, storedMs, agency, number, payloadHash, record } = row;
    const storedAt = new Date(storedMs).toISOString();
    block.add(record, `${id},${storedAt},${agency},${number},${payloadHash},${hash}`);
    if (!block.isFull) continue;
    await block.write();
    onProgress?.(id, last.record);
    signal?.throwIfAborted();
    await setImmediate(); // Ctrl-C is heard between two blocks
  }
  await block.write();
  onProgress?.(last.record, last.record);
}

async function addForks(zip: ZipWriter, { audit, last }: Content): Promise<void> {
  const block = new Block(zip, 'forks', FORK_COLUMNS);
  for (const { afterReport, storedMs, toldIn, record } of audit.forks(last.sequence)) {
    block.add(record, `${afterReport},${new Date(storedMs).toISOString()},${toldIn}`);
    if (block.isFull) await block.write();
  }
  await block.write();
}

/** Signed records on their way into one part, with a line for each in another. */
class Block {
  readonly #zip: ZipWriter;
  readonly #folder: 'records' | 'forks' | 'directory';
  readonly #columns: string | undefined;
  #number = 0;
  #records: Uint8Array[] = [];
  #lines: string[] = [];
  #bytes = 0;

  constructor(zip: ZipWriter, folder: 'records' | 'forks' | 'directory', columns?: string) {
    this.#zip = zip;
    this.#folder = folder;
    this.#columns = columns;
  }

  get isFull(): boolean {
    return this.#records.length >= RECORDS_PER_BLOCK || this.#bytes >= MAX_BLOCK_BYTES;
  }

  add(record: Uint8Array, line?: string): void {
    this.#records.push(record);
    this.#bytes += record.length;
    if (line !== undefined) this.#lines.push(line);
  }

  async write(): Promise<void> {
    if (this.#records.length === 0) return;
    this.#number += 1;
    if (this.#columns !== undefined) {
      const text = `${[this.#columns, ...this.#lines].join('\n')}\n`;
      await this.#zip.add(blockName(this.#folder, this.#number, 'csv'), [Buffer.from(text)]);
    }
    await this.#zip.add(blockName(this.#folder, this.#number, 'bin'), this.#records);
    this.#records = [];
    this.#lines = [];
    this.#bytes = 0;
  }
}
