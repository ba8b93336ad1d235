import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

import { type Entry, type ZipFile, openPromise } from 'yauzl';

import { BusError } from '../../errors.ts';
import type { Findings } from './finding.ts';
import {
  AUDIT_MEDIA_TYPE,
  AUDIT_PARTS,
  MAX_BLOCK_BYTES,
  invalidFile,
  isPartName,
} from './format.ts';

/** What an audit file may hold; a file over a limit is refused before anything is inflated. */
export const AUDIT_FILE_LIMITS = {
  /** Two for each block of 1,000 records, and the rest. */
  parts: 400_000,
  /** One part, inflated. */
  partBytes: 256 * 1024 * 1024,
  /** All parts together, inflated. */
  totalBytes: 1024 * 1024 * 1024 * 1024,
  /** Inflated bytes for each byte in the file; figures of silent agencies are much alike. */
  ratio: 200,
  /** Below this the ratio says nothing. */
  ratioFromBytes: 4 * 1024 * 1024,
} as const;

/** The longest lines name a hundred causes or two hundred ranges. */
const MAX_LINE_LENGTH = 1024 * 1024;
/** Blocks are read whole; one ends with the record that fills it. */
const MAX_BLOCK_PART_BYTES = 2 * MAX_BLOCK_BYTES;
const BLOCK = /^(?:records|forks|directory)\//u;

type Limits = { readonly [L in keyof typeof AUDIT_FILE_LIMITS]: number };

/** What a part turned out to be when it was read. */
export interface ReadPart {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The parts of an audit file, read on demand. Names are those of the format and none comes twice, so
 * a part is found by its name alone; nothing is ever written to a path out of the file.
 */
export class AuditZip implements AsyncDisposable {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #limits: Limits;
  /** Parts that were read to their end. */
  readonly read = new Map<string, ReadPart>();

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>, limits: Limits) {
    this.#zip = zip;
    this.#entries = entries;
    this.#limits = limits;
  }

  /** @throws {@link BusError} `BUS_AUDIT_FILE_INVALID` for what is no audit file or over a limit. */
  static async open(file: string, limits: Limits = AUDIT_FILE_LIMITS): Promise<AuditZip> {
    let zip: ZipFile;
    try {
      zip = await openPromise(file, { autoClose: false, strictFileNames: true });
    } catch (cause) {
      if (cause instanceof Error && 'syscall' in cause) throw cause;
      throw invalidFile(`${file} is no ZIP file: ${String(cause)}`, file, cause);
    }
    try {
      const opened = new AuditZip(zip, await readEntries(zip, limits), limits);
      await opened.#checkMediaType();
      return opened;
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  get names(): IterableIterator<string> {
    return this.#entries.keys();
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws {@link BusError} `BUS_AUDIT_FILE_INVALID` when the part is missing or damaged. */
  async bytes(name: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(name)) pieces.push(piece);
    return new Uint8Array(Buffer.concat(pieces));
  }

  /** A part piece by piece; its size and digest are noted when it has ended. */
  async *pieces(name: string): AsyncGenerator<Uint8Array> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw invalidFile(`${name} is missing`, name);
    const hash = createHash('sha256');
    let bytes = 0;
    let stream: Readable;
    try {
      stream = await this.#zip.openReadStreamPromise(entry);
    } catch (cause) {
      throw invalidFile(`${name} cannot be read: ${String(cause)}`, name, cause);
    }
    try {
      for await (const piece of stream) {
        if (!(piece instanceof Uint8Array)) throw new TypeError('a ZIP part gave no bytes');
        bytes += piece.length;
        if (bytes > this.#limits.partBytes) throw new Error(`over ${this.#limits.partBytes} bytes`);
        hash.update(piece);
        yield piece;
      }
    } catch (cause) {
      throw invalidFile(`${name} is damaged: ${String(cause)}`, name, cause);
    }
    this.read.set(name, { bytes, sha256: hash.digest('hex') });
  }

  /** The lines of a part; when it cannot be read, that is a finding and no line comes. */
  async *lines(name: string, findings: Findings): AsyncGenerator<string> {
    const decoder = new TextDecoder('utf-8');
    let rest = '';
    try {
      for await (const piece of this.pieces(name)) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > MAX_LINE_LENGTH) {
          rest = '';
          throw invalidFile(`${name} has a line of more than ${MAX_LINE_LENGTH} characters`, name);
        }
        yield* lines;
      }
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      findings.add(this.has(name) ? 'PART_DAMAGED' : 'PART_MISSING', error.message, { part: name });
    }
    if (rest !== '') yield rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#zip.close();
    await Promise.resolve();
  }

  async #checkMediaType(): Promise<void> {
    const text = Buffer.from(await this.bytes(AUDIT_PARTS.mediaType)).toString('latin1');
    if (text === AUDIT_MEDIA_TYPE) return;
    throw invalidFile('it is a ZIP file, but no audit file', AUDIT_PARTS.mediaType);
  }
}

async function readEntries(zip: ZipFile, limits: Limits): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.parts) {
    throw invalidFile(`${zip.entryCount} parts, at most ${limits.parts} are read`, 'directory');
  }
  const entries = new Map<string, Entry>();
  let totalBytes = 0;
  for await (const entry of eachEntry(zip)) {
    const { fileName, uncompressedSize: bytes, compressedSize: packed } = entry;
    const name = JSON.stringify(fileName.slice(0, 100));
    if (!isPartName(fileName)) throw invalidFile(`${name} is no part of an audit file`, fileName);
    if (entries.has(fileName)) throw invalidFile(`${name} is there twice`, fileName);
    if (entry.isEncrypted()) throw invalidFile(`${name} is encrypted`, fileName);
    totalBytes += bytes;
    const isBomb = bytes > limits.ratioFromBytes && bytes > packed * limits.ratio;
    const partBytes = BLOCK.test(fileName) ? MAX_BLOCK_PART_BYTES : limits.partBytes;
    if (bytes > partBytes || totalBytes > limits.totalBytes || isBomb) {
      throw invalidFile(`${name} would inflate from ${packed} to ${bytes} bytes`, fileName);
    }
    entries.set(fileName, entry);
  }
  return entries;
}

async function* eachEntry(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (cause) {
    throw invalidFile(`the list of its parts is damaged: ${String(cause)}`, 'directory', cause);
  }
}
