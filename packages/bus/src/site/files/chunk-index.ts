import type { StoredHead } from '../../broker/stream-follower.ts';
import { MIN_CHUNK_BYTES } from '../../file/blob.ts';
import { MAX_MISSING_RANGES } from '../../file/location.ts';
import { markSubject } from '../../stream/names.ts';
import {
  type BlobName,
  type BlobScope,
  ownerOfBlobSubject,
  parseBlobDroppedSubject,
  parseChunkSubject,
} from '../../subject/blob-subject.ts';

/** What a stream holds of one blob. */
export interface StoredBlob {
  readonly name: BlobName;
  readonly scope: BlobScope;
  /** Sequence of each chunk, by its place. */
  readonly seqs: number[];
  readonly sizes: number[];
  chunkCount: number;
  /** Of the bodies; a chunk counts for at least 16 KiB, since each costs the broker as much. */
  bytes: number;
  oldestSeq: number;
  newestMs: number;
  /** When somebody last asked for it; 0: nobody since this service runs. */
  askedMs: number;
}

/** What one agency has at its site. */
export interface Usage {
  readonly bytes: number;
  readonly files: number;
}

/** What the site service puts first into the stream (`markSubject`). */
const MARK_PREFIX = markSubject('');
/** Messages that are no chunk: beyond this somebody fills the stream with them on purpose. */
const MAX_OTHER_MESSAGES = 100_000;
/** Of one agency, until everything that it has here is deleted: honest agents have none. */
export const MAX_STRAYS_OF_OWNER = 1_000;
/** Words of one agency that a blob is gone, until they are deleted; the centre has read most of them. */
const MAX_WORDS_OF_OWNER = 20_000;

/** An agency that fills the stream with what is no chunk. */
export interface Flood {
  readonly owner: Pick<BlobName, 'fromSite' | 'from'>;
  readonly what: 'strays' | 'words';
}

interface OtherCounts {
  readonly owner: Pick<BlobName, 'fromSite' | 'from'>;
  strays: number;
  words: number;
}

/**
 * What a stream of blobs holds, kept in memory from the heads of its messages: so which chunks are
 * there, and what an agency uses, is known at once and costs the broker nothing per question.
 */
export class ChunkIndex {
  readonly #blobs = new Map<string, StoredBlob>();
  readonly #usage = new Map<string, Usage>();
  /** Sequences of what is no chunk, by subject: words that a blob is gone, and strays. */
  readonly #others = new Map<string, number>();
  /** Those of them that are nothing at all. */
  readonly #strays = new Set<string>();
  /** How many of those came, by agency; those that found no place above count too. */
  readonly #otherCounts = new Map<string, OtherCounts>();
  #chunkCount = 0;
  #cacheBytes = 0;
  #lastSeq = 0;

  /** Chunks known to be there. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** Of the copies of other sites' blobs. */
  get cacheBytes(): number {
    return this.#cacheBytes;
  }

  /** Of all messages; `undefined` when there are too many that are no chunk. */
  get messageCount(): number | undefined {
    const others = this.#others.size;
    return others < MAX_OTHER_MESSAGES ? this.#chunkCount + others : undefined;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  add(head: Omit<StoredHead, 'origin'>): StoredBlob | undefined {
    this.#lastSeq = Math.max(this.#lastSeq, head.streamSeq);
    const chunk = parseChunkSubject(head.subject);
    if (chunk === undefined) {
      this.#addOther(head);
      return undefined;
    }
    const { scope, index, ...name } = chunk;
    const size = Math.max(head.bytes, MIN_CHUNK_BYTES);
    const blob = this.#put(name, scope, index, { seq: head.streamSeq, size });
    blob.newestMs = Math.max(blob.newestMs, head.storedMs);
    return blob;
  }

  find(name: BlobName, scope: BlobScope): StoredBlob | undefined {
    return this.#blobs.get(keyOf(name, scope));
  }

  blobs(): IterableIterator<StoredBlob> {
    return this.#blobs.values();
  }

  /** Subjects that an agency may publish but that name nothing; at most `limit` of them. */
  strays(limit: number): string[] {
    const found: string[] = [];
    for (const subject of this.#strays) {
      if (found.length === limit) break;
      found.push(subject);
    }
    return found;
  }

  forgetOther(subject: string): void {
    this.#others.delete(subject);
    this.#strays.delete(subject);
  }

  /** Agencies of which more than a few came; each is told once. */
  takeFloods(): Flood[] {
    const floods: Flood[] = [];
    for (const counts of this.#otherCounts.values()) {
      const { owner } = counts;
      if (counts.strays > MAX_STRAYS_OF_OWNER) floods.push({ owner, what: 'strays' });
      else if (counts.words > MAX_WORDS_OF_OWNER) floods.push({ owner, what: 'words' });
    }
    return floods;
  }

  /** What an agency flooded the stream with is gone; with strays, all of its chunks. */
  forgetFlood({ owner, what }: Flood): void {
    const key = ownerOf(owner);
    for (const subject of this.#others.keys()) {
      const of = ownerOfBlobSubject(subject);
      if (of === undefined || ownerOf(of) !== key) continue;
      if (what === 'strays' || !this.#strays.has(subject)) this.forgetOther(subject);
    }
    const counts = this.#otherCounts.get(key);
    if (what === 'words' && counts !== undefined) counts.words = 0;
    if (what === 'words') return;
    this.#otherCounts.delete(key);
    for (const blob of this.#blobs.values()) {
      if (blob.scope !== 'cache' && ownerOf(blob.name) === key) this.forget(blob);
    }
  }

  /** Of blobs that an agency itself uploaded. */
  usageOf(owner: Pick<BlobName, 'fromSite' | 'from'>): Usage {
    return this.#usage.get(ownerOf(owner)) ?? { bytes: 0, files: 0 };
  }

  /** Blobs of agencies that use more than this, each agency's newest first. */
  blobsOver(maxBytes: number, maxFiles: number): StoredBlob[] {
    const over = new Set<string>();
    for (const [owner, { bytes, files }] of this.#usage) {
      if (bytes > maxBytes || files > maxFiles) over.add(owner);
    }
    if (over.size === 0) return [];
    return [...this.#blobs.values()]
      .filter(({ scope, name }) => scope !== 'cache' && over.has(ownerOf(name)))
      .toSorted((a, b) => b.newestMs - a.newestMs);
  }

  /** The chunks of a blob are gone. */
  forget(blob: StoredBlob): void {
    if (!this.#blobs.delete(keyOf(blob.name, blob.scope))) return;
    this.#charge(blob, -blob.bytes, -1);
    this.#chunkCount -= blob.chunkCount;
  }

  /** Everything older than this sequence is gone from the stream. */
  forgetBefore(firstSeq: number): void {
    for (const [subject, seq] of this.#others) {
      if (seq < firstSeq) this.forgetOther(subject);
    }
    for (const blob of this.#blobs.values()) {
      if (blob.oldestSeq >= firstSeq) continue;
      this.forget(blob);
      blob.seqs.forEach((seq, index) => {
        if (seq < firstSeq) return;
        const size = blob.sizes[index] ?? MIN_CHUNK_BYTES;
        const kept = this.#put(blob.name, blob.scope, index, { seq, size });
        kept.newestMs = blob.newestMs;
        kept.askedMs = blob.askedMs;
      });
    }
  }

  clear(): void {
    this.#blobs.clear();
    this.#usage.clear();
    this.#others.clear();
    this.#strays.clear();
    this.#otherCounts.clear();
    this.#chunkCount = 0;
    this.#cacheBytes = 0;
    this.#lastSeq = 0;
  }

  #addOther({ subject, streamSeq, bytes }: Omit<StoredHead, 'origin'>): void {
    // A site writes the word that a blob is gone without a body; an agency may write anything there.
    const isWord = bytes === 0 && parseBlobDroppedSubject(subject) !== undefined;
    const isMark = subject.startsWith(MARK_PREFIX);
    if (this.#others.size < MAX_OTHER_MESSAGES) {
      this.#others.set(subject, streamSeq);
      if (!isWord && !isMark) this.#strays.add(subject);
    }
    const owner = ownerOfBlobSubject(subject);
    if (owner === undefined) return;
    const key = ownerOf(owner);
    const counts = this.#otherCounts.get(key) ?? { owner, strays: 0, words: 0 };
    if (isWord) counts.words += 1;
    else counts.strays += 1;
    this.#otherCounts.set(key, counts);
  }

  #put(
    name: BlobName,
    scope: BlobScope,
    index: number,
    { seq, size }: { readonly seq: number; readonly size: number },
  ): StoredBlob {
    const key = keyOf(name, scope);
    const blob = this.#blobs.get(key) ?? newBlob(name, scope);
    if (blob.seqs[index] !== undefined) return blob;
    this.#charge(blob, size, blob.chunkCount === 0 ? 1 : 0);
    this.#blobs.set(key, blob);
    blob.seqs[index] = seq;
    blob.sizes[index] = size;
    blob.chunkCount += 1;
    blob.bytes += size;
    blob.oldestSeq = Math.min(blob.oldestSeq, seq);
    this.#chunkCount += 1;
    return blob;
  }

  #charge(blob: StoredBlob, bytes: number, files: number): void {
    if (blob.scope === 'cache') {
      this.#cacheBytes += bytes;
      return;
    }
    const owner = ownerOf(blob.name);
    const used = this.#usage.get(owner) ?? { bytes: 0, files: 0 };
    const next = { bytes: used.bytes + bytes, files: used.files + files };
    if (next.files > 0) this.#usage.set(owner, next);
    else this.#usage.delete(owner);
  }
}

/** The chunks that are not there, as ranges `[first, last]`; the first 200. */
export function missingRanges(
  blob: StoredBlob | undefined,
  chunkCount: number,
): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  // Without a gap so far, which most are, nobody has to look through them.
  const isWhole = blob !== undefined && blob.chunkCount === blob.seqs.length;
  let next = isWhole ? blob.chunkCount : 0;
  for (const index of isWhole ? [] : presentChunks(blob, chunkCount)) {
    if (index > next) ranges.push([next, index - 1]);
    if (ranges.length === MAX_MISSING_RANGES) return ranges;
    next = index + 1;
  }
  if (next < chunkCount) ranges.push([next, chunkCount - 1]);
  return ranges;
}

/** How many of the first `chunkCount` chunks are there. */
export function storedCount(blob: StoredBlob | undefined, chunkCount: number): number {
  if (blob === undefined) return 0;
  if (blob.seqs.length <= chunkCount) return blob.chunkCount;
  let count = 0;
  for (const _ of presentChunks(blob, chunkCount)) count += 1;
  return count;
}

/** A blob with one chunk far behind must not cost a walk over all the places before it. */
const SPARSE = 8;

function* presentChunks(blob: StoredBlob | undefined, chunkCount: number): Generator<number> {
  if (blob === undefined) return;
  const { seqs } = blob;
  if (blob.chunkCount * SPARSE < seqs.length) {
    for (const key of Object.keys(seqs)) {
      if (Number(key) >= chunkCount) return;
      yield Number(key);
    }
    return;
  }
  for (let index = 0; index < Math.min(chunkCount, seqs.length); index += 1) {
    if (seqs[index] !== undefined) yield index;
  }
}

function newBlob(name: BlobName, scope: BlobScope): StoredBlob {
  const empty = { seqs: [], sizes: [], chunkCount: 0, bytes: 0 };
  return { name, scope, ...empty, oldestSeq: Infinity, newestMs: 0, askedMs: 0 };
}

function keyOf({ fromSite, from, sha256 }: BlobName, scope: BlobScope): string {
  return `${scope} ${fromSite} ${from} ${sha256}`;
}

function ownerOf({ fromSite, from }: Pick<BlobName, 'fromSite' | 'from'>): string {
  return `${fromSite} ${from}`;
}
