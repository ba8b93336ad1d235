import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryHead } from '../directory/client.ts';
import { DirectoryCopy, type TakenIn } from '../directory/copy.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import type { EntryKey, VerifiedEntry } from '../directory/ledger.ts';
import { MemoryLedger } from '../directory/memory-ledger.ts';
import { readDirectoryEntry, readVerifiedEntry } from '../directory/verify.ts';
import { BusError } from '../errors.ts';
import type { VerifySignature } from '../record/authenticate.ts';
import { encodePayload, parsePayloadAs } from '../record/codec.ts';
import {
  type RawRecord,
  type SignBytes,
  decodeRecord,
  signRecord,
  tryDecodeRecord,
} from '../record/frame.ts';
import { type BusMark, readBusMark, writeBusMark } from './directory/bus-mark.ts';
import type { FramePlace } from './directory/frame-file.ts';
import { OtherEntries } from './directory/other-entries.ts';
import { MAX_SEQUENCE, OwnEntries, damagedFolder, forkedFolder } from './directory/own-entries.ts';

/** An entry and the signed bytes that prove it. */
export interface RegisteredEntry {
  readonly entry: DirectoryEntry;
  readonly record: Uint8Array;
}

/** A directory entry before it has its place in the sequence. */
export type EntryDraft = Omit<DirectoryEntry, 'sequence' | 'registrar' | 'signedAt' | 'basedOn'>;

/** An entry without what its registrar puts in when it signs: the start of a later one. */
export function draftOf(entry: DirectoryEntry): EntryDraft {
  const { sequence: _1, registrar: _2, signedAt: _3, basedOn: _4, ...draft } = entry;
  return draft;
}

/**
 * The directory as a site service keeps it: the entries that its own registrar signs, and those of
 * the others as they come from the bus. Several processes may add; each number is given once.
 */
export interface Registry {
  /** Who signs here. */
  readonly registrar: AgencyCode;
  /** All entries known here, in the order in which they came; `refresh` brings in what is new. */
  entries(): readonly RegisteredEntry[];
  /** The entry that holds for a code. */
  newest(code: AgencyCode): RegisteredEntry | undefined;
  /** The entries that hold, one for each code. */
  holders(): readonly RegisteredEntry[];
  /** How far each registrar's entries go, the root first. */
  heads(): readonly DirectoryHead[];
  /** The signed bytes of one entry. */
  record(key: EntryKey): Uint8Array | undefined;
  /** Reads new files. @returns the entries that were not known before. */
  refresh(): Promise<readonly RegisteredEntry[]>;
  /**
   * @throws {@link BusError} `BUS_DIRECTORY_NOT_DELEGATED` for what would not count;
   *   `BUS_DIRECTORY_CATCHING_UP` as long as {@link Registry.busMark} awaits something.
   */
  append(draft: EntryDraft): Promise<RegisteredEntry>;
  /** Verifies entries of other registrars and keeps the good ones. */
  takeIn(records: readonly Uint8Array[], at: Date): Promise<TakenIn>;
  /**
   * Verifies entries of this registrar that the bus has, in order, and keeps those that this folder
   * lacks: it was put back from an older copy.
   *
   * @throws {@link BusError} `BUS_DIRECTORY_FORKED` when one was given its number here again.
   */
  takeBack(records: readonly Uint8Array[], at: Date): Promise<TakenBack>;
  /** @throws {@link BusError} `BUS_DIRECTORY_CATCHING_UP`, as `append` would. */
  requireCaughtUp(): Promise<void>;
  busMark(): Promise<BusMark | undefined>;
  setBusMark(mark: BusMark): Promise<void>;
  readonly copy: DirectoryCopy;
}

export interface TakenBack {
  readonly added: number;
  /** What cannot be believed, each in words. */
  readonly refused: readonly string[];
}

export interface RegistryOptions {
  readonly folder: string;
  /** Who signs the entries. */
  readonly registrar: AgencyCode;
  readonly sign: SignBytes;
  /** The registrar whose certificate is pinned everywhere. */
  readonly root?: { readonly code: AgencyCode; readonly certificate: Uint8Array };
  /** Verifies what other registrars signed; without it none of them is taken in. */
  readonly verify?: VerifySignature;
  readonly now?: () => Date;
}

/** They are judged anew with each batch, so they are few; honest ones wait for seconds. */
const MAX_WAITING_ENTRIES = 1_000;

/** @throws {@link BusError} `BUS_DIRECTORY_FOLDER_DAMAGED` for a gap or a file that is no entry. */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const own = await OwnEntries.open(options.folder);
  const others = await OtherEntries.open(join(options.folder, 'others'));
  const registry = new FolderRegistry(options, own, others);
  await registry.refresh();
  return registry;
}

class FolderRegistry implements Registry {
  readonly registrar: AgencyCode;
  readonly copy: DirectoryCopy;
  readonly #options: RegistryOptions;
  readonly #own: OwnEntries;
  readonly #others: OtherEntries;
  readonly #ledger = new MemoryLedger(
    (key) => this.record(key),
    (verified) => this.#note(verified),
  );
  /** Where the entries of others are; bytes until their batch is on disk. */
  readonly #places = new Map<string, FramePlace | Uint8Array>();
  readonly #entries: LazyEntry[] = [];
  /** What came before the entries of the root that it builds on. */
  readonly #waiting = new Map<string, Uint8Array>();
  /** As {@link #waiting}, from the folder: verified already. */
  readonly #unsettled: Uint8Array[] = [];
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: RegistryOptions, own: OwnEntries, others: OtherEntries) {
    this.#options = options;
    this.#own = own;
    this.#others = others;
    this.registrar = options.registrar;
    this.#ledger.setRoot(options.root?.code ?? options.registrar);
    this.copy = new DirectoryCopy({
      ledger: this.#ledger,
      rootCertificate: options.root?.certificate ?? new Uint8Array(),
      verify: options.verify ?? verifyNobody,
    });
  }

  entries(): readonly RegisteredEntry[] {
    return this.#entries;
  }

  newest(code: AgencyCode): RegisteredEntry | undefined {
    const key = this.#ledger.holderOf(code);
    return key && new LazyEntry(key, this);
  }

  holders(): readonly RegisteredEntry[] {
    return this.#ledger.holders().map((key) => new LazyEntry(key, this));
  }

  heads(): readonly DirectoryHead[] {
    const root = this.copy.root() ?? this.registrar;
    const delegated = [...this.copy.registrars().values()].map(({ registrar }) => registrar);
    return [root, ...delegated]
      .map((registrar) => ({ registrar, sequence: this.#ledger.readUpTo(registrar) }))
      .filter(({ registrar, sequence }) => sequence > 0 || registrar === root);
  }

  record(key: EntryKey): Uint8Array | undefined {
    if (key.registrar === this.registrar) return this.#own.record(key.sequence);
    const place = this.#places.get(nameOf(key));
    return place === undefined || place instanceof Uint8Array ? place : this.#others.record(place);
  }

  async refresh(): Promise<readonly RegisteredEntry[]> {
    return await this.#alone(() => this.#refresh());
  }

  async append(draft: EntryDraft): Promise<RegisteredEntry> {
    const { registrar, sign, folder } = this.#options;
    for (;;) {
      await this.requireCaughtUp();
      await this.refresh();
      const sequence = this.#own.count + 1;
      if (sequence > MAX_SEQUENCE) {
        throw damagedFolder(folder, sequence, 'is over the highest number');
      }
      const entry = this.#complete(draft, sequence);
      const objection = this.copy.objectionTo(entry);
      if (objection !== undefined) throw notDelegated(registrar, objection);
      const record = await signRecord('directory', encodePayload('directory', entry), sign);
      // False: another process took the number while we signed.
      if (await this.#own.create(sequence, record)) {
        return { entry: parsePayloadAs(decodeRecord(record), 'directory'), record };
      }
    }
  }

  async requireCaughtUp(): Promise<void> {
    const { registrar, folder } = this.#options;
    if (((await this.busMark())?.awaits ?? null) !== null) throw catchingUp(registrar, folder);
  }

  async busMark(): Promise<BusMark | undefined> {
    return await readBusMark(this.#options.folder);
  }

  async setBusMark(mark: BusMark): Promise<void> {
    await writeBusMark(this.#options.folder, mark);
  }

  async takeIn(records: readonly Uint8Array[], at: Date): Promise<TakenIn> {
    return await this.#alone(async () => {
      const waited = [...this.#waiting.values()];
      this.#waiting.clear();
      const taken = this.#take([...records, ...waited], at);
      this.#settle();
      await this.#keepOthers();
      return taken;
    });
  }

  async takeBack(records: readonly Uint8Array[], at: Date): Promise<TakenBack> {
    return await this.#alone(async () => {
      await this.#refresh();
      const refused: string[] = [];
      const before = this.#own.count;
      for (const record of records) {
        const refusal = await this.#takeOneBack(record, at);
        if (refusal !== undefined) refused.push(refusal);
      }
      return { added: this.#own.count - before, refused };
    });
  }

  /** @returns why it is not believed. */
  async #takeOneBack(record: Uint8Array, at: Date): Promise<string | undefined> {
    const raw = tryDecodeRecord(record);
    if (typeof raw === 'string') return raw;
    const entry = readDirectoryEntry(raw);
    if (typeof entry === 'string') return entry;
    const { registrar, sequence } = entry;
    if (registrar !== this.registrar) return `it is of ${registrar}`;
    if (isSame(this.#own.record(sequence), record)) return undefined;
    // Only what was signed here proves anything: nobody else stops a registrar with a forgery.
    const refusal = this.copy.refusalOf(raw, entry, at);
    if (refusal !== undefined) return `${sequence}: ${refusal}`;
    if (sequence > this.#own.count + 1) return `${sequence}: those before it are missing`;
    if (sequence > this.#own.count) {
      await this.#own.create(sequence, record);
      await this.#refresh();
    }
    if (isSame(this.#own.record(sequence), record)) return undefined;
    throw forkedFolder(this.#options.folder, registrar, sequence);
  }

  /** One at a time, or two would both take the same file for the next one. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#working.catch(() => undefined).then(work);
    this.#working = done;
    return await done;
  }

  #complete(draft: EntryDraft, sequence: number): DirectoryEntry {
    const { registrar, now = () => new Date() } = this.#options;
    const root = this.copy.root();
    const basedOn =
      root === undefined || root === registrar ? {} : { basedOn: this.copy.readUpTo(root) };
    return { ...draft, sequence, registrar, signedAt: now().toISOString(), ...basedOn };
  }

  async #refresh(): Promise<readonly RegisteredEntry[]> {
    const before = this.#entries.length;
    let waiting: Uint8Array[] = [];
    const restore = (raw: RawRecord, entry: DirectoryEntry): void => {
      waiting.push(...this.#restore(raw, entry));
    };
    await this.#own.refresh((sequence, raw) => {
      const entry = readVerifiedEntry(raw);
      if (entry?.sequence !== sequence) throw new Error('it holds an entry of another number');
      restore(raw, entry);
    });
    await this.#others.refresh((raw, place) => {
      const entry = readVerifiedEntry(raw);
      if (entry === undefined) return;
      const name = nameOf(entry);
      if (!this.#places.has(name)) this.#places.set(name, place);
      restore(raw, entry);
    });
    // Own entries come before those of the root that they build on, and batches in any order.
    for (let left = waiting.length + 1; waiting.length < left;) {
      left = waiting.length;
      waiting = waiting.flatMap((record) => this.#restoreAgain(record));
    }
    this.#unsettled.push(...waiting);
    return this.#entries.slice(before);
  }

  #settle(): void {
    const again = this.#unsettled.splice(0);
    this.#unsettled.push(...again.flatMap((record) => this.#restoreAgain(record)));
  }

  #restoreAgain(record: Uint8Array): readonly Uint8Array[] {
    const raw = decodeRecord(record);
    const entry = readVerifiedEntry(raw);
    return entry === undefined ? [] : this.#restore(raw, entry);
  }

  /** @returns the record, to be tried again, when what its registrar was delegated is not here yet. */
  #restore(raw: RawRecord, entry: DirectoryEntry): readonly Uint8Array[] {
    const { waiting, refused } = this.copy.restore(raw, entry);
    return refused.length === 0 ? waiting : [raw.bytes];
  }

  #take(records: readonly Uint8Array[], at: Date): TakenIn {
    const taken = this.copy.takeIn(records, at);
    for (const record of taken.waiting) {
      if (this.#waiting.size < MAX_WAITING_ENTRIES) this.#waiting.set(digestOf(record), record);
    }
    return taken;
  }

  #note({ registrar, sequence, record, counts }: VerifiedEntry): void {
    const key = { registrar, sequence };
    const name = nameOf(key);
    if (registrar !== this.registrar && !this.#places.has(name)) this.#places.set(name, record);
    // Nobody gets an inbox for what its registrar had no right to say.
    if (counts) this.#entries.push(new LazyEntry(key, this));
  }

  async #keepOthers(): Promise<void> {
    const fresh = [...this.#places].filter(
      (one): one is [string, Uint8Array] => one[1] instanceof Uint8Array,
    );
    if (fresh.length === 0) return;
    const places = await this.#others.keep(fresh.map(([, record]) => record));
    fresh.forEach(([name], index) => {
      const place = places[index];
      if (place !== undefined) this.#places.set(name, place);
    });
  }
}

/** Parsed only when somebody looks: a site serves more than 100,000 and hosts some hundred. */
class LazyEntry implements RegisteredEntry {
  readonly #key: EntryKey;
  readonly #registry: Pick<Registry, 'record'>;

  constructor(key: EntryKey, registry: Pick<Registry, 'record'>) {
    this.#key = key;
    this.#registry = registry;
  }

  get record(): Uint8Array {
    const record = this.#registry.record(this.#key);
    if (record !== undefined) return record;
    throw damagedFolder(this.#key.registrar, this.#key.sequence, 'is missing');
  }

  get entry(): DirectoryEntry {
    return parsePayloadAs(decodeRecord(this.record), 'directory');
  }
}

function isSame(kept: Uint8Array | undefined, record: Uint8Array): boolean {
  return kept !== undefined && Buffer.compare(kept, record) === 0;
}

/** Without trust anchors nobody else is believed. */
function verifyNobody(): ReturnType<VerifySignature> {
  const detail = 'this site service verifies no other registrars';
  return { indication: 'INDETERMINATE', subIndication: null, certificateSha256: null, detail };
}

function digestOf(record: Uint8Array): string {
  return createHash('sha256').update(record).digest('hex');
}

function nameOf({ registrar, sequence }: EntryKey): string {
  return `${registrar} ${sequence}`;
}

function catchingUp(registrar: AgencyCode, folder: string): BusError {
  return new BusError(
    'BUS_DIRECTORY_CATCHING_UP',
    `the broker's disk was lost, and the other sites may have entries of ${registrar} that "${folder}" lacks`,
    { details: { registrar, folder } },
  );
}

function notDelegated(registrar: AgencyCode, objection: string): BusError {
  return new BusError('BUS_DIRECTORY_NOT_DELEGATED', `nobody would believe it: ${objection}`, {
    details: { registrar },
  });
}
