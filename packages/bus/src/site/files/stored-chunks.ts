import type { SiteFiles } from '../../broker/site-files.ts';
import type { StreamAdmin } from '../../broker/stream-admin.ts';
import {
  type BlobName,
  type BlobScope,
  blobDroppedSubject,
  blobFilter,
  droppedFilter,
  ownerFilters,
} from '../../subject/blob-subject.ts';
import { ChunkIndex, type Flood } from './chunk-index.ts';

export interface StoredChunksOptions {
  readonly connection: Pick<SiteFiles, 'followStream' | 'purgeMessages'> &
    Pick<StreamAdmin, 'streamState'>;
  readonly stream: string;
  readonly onError: (error: Error) => void;
}

/** The chunks of one stream, followed as they come and go. */
export interface StoredChunks {
  readonly stream: string;
  readonly index: ChunkIndex;
  /** What the stream may hold; 0 until it was looked at. */
  maxBytes(): number;
  /** Settles when everything that was there at the start is known, or after the time. */
  whenKnown(timeoutMs: number): Promise<boolean>;
  /** Deletes a blob. @returns how many messages are gone. */
  purge(name: BlobName, scope?: BlobScope): Promise<number>;
  /** Deletes messages that are no chunks, a hundred at once. @returns their subjects. */
  purgeStrays(): Promise<string[]>;
  /**
   * Deletes what agencies flooded the stream with: words that blobs are gone, or, where it is nothing
   * at all, everything that they have here.
   */
  purgeFloods(): Promise<Flood[]>;
  /** Compares with the stream, where messages also grow too old or are deleted by others. */
  compare(): Promise<void>;
  stop(): Promise<void>;
}

const SCOPES: readonly BlobScope[] = ['local', 'cross', 'cache'];
const DOUBTS_UNTIL_READ_AGAIN = 2;
const MAX_STRAYS_AT_ONCE = 100;

export function openStoredChunks(options: StoredChunksOptions): StoredChunks {
  return new FollowedChunks(options);
}

class FollowedChunks implements StoredChunks {
  readonly stream: string;
  readonly index = new ChunkIndex();
  readonly #options: StoredChunksOptions;
  #known = Promise.withResolvers<true>();
  #isKnown = false;
  #maxBytes = 0;
  #doubts = 0;
  #madeMs: number | undefined;
  #reading: { stop(): Promise<void> };

  constructor(options: StoredChunksOptions) {
    this.#options = options;
    this.stream = options.stream;
    this.#reading = this.#read();
  }

  maxBytes(): number {
    return this.#maxBytes;
  }

  async whenKnown(timeoutMs: number): Promise<boolean> {
    if (this.#isKnown) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const first = await Promise.race([this.#known.promise, late]);
    clearTimeout(timer);
    return first;
  }

  async purge(name: BlobName, scope?: BlobScope): Promise<number> {
    const filter = blobFilter(name, scope);
    const purged = await this.#options.connection.purgeMessages(this.stream, filter);
    for (const one of scope === undefined ? SCOPES : [scope]) {
      const blob = this.index.find(name, one);
      if (blob !== undefined) this.index.forget(blob);
    }
    if (scope !== 'local' && scope !== 'cache') this.index.forgetOther(blobDroppedSubject(name));
    return purged;
  }

  async purgeStrays(): Promise<string[]> {
    const strays = this.index.strays(MAX_STRAYS_AT_ONCE);
    for (const subject of strays) {
      await this.#options.connection.purgeMessages(this.stream, subject);
      this.index.forgetOther(subject);
    }
    return strays;
  }

  async purgeFloods(): Promise<Flood[]> {
    const floods = this.index.takeFloods();
    for (const flood of floods) {
      const { owner, what } = flood;
      const filters = what === 'strays' ? ownerFilters(owner) : [droppedFilter(owner)];
      for (const filter of filters) {
        await this.#options.connection.purgeMessages(this.stream, filter);
      }
      this.index.forgetFlood(flood);
    }
    return floods;
  }

  async compare(): Promise<void> {
    const state = await this.#options.connection.streamState(this.stream);
    if (state === undefined) return;
    this.#maxBytes = state.maxBytes;
    if (!this.#isKnown) return;
    const madeMs = state.createdAt.getTime();
    const isAnother = this.#madeMs !== undefined && this.#madeMs !== madeMs;
    this.#madeMs = madeMs;
    const { index } = this;
    index.forgetBefore(state.firstSeq);
    const { messageCount = state.messageCount } = index;
    const differs = index.lastSeq === state.lastSeq && messageCount !== state.messageCount;
    const isDoubtful =
      differs || index.lastSeq > state.lastSeq || index.chunkCount > state.messageCount;
    // Once is no proof: chunks come and go while we look.
    this.#doubts = isDoubtful ? this.#doubts + 1 : 0;
    if (!isAnother && this.#doubts < DOUBTS_UNTIL_READ_AGAIN) return;
    this.#doubts = 0;
    await this.#reading.stop();
    index.clear();
    this.#isKnown = false;
    this.#known = Promise.withResolvers<true>();
    this.#reading = this.#read();
  }

  async stop(): Promise<void> {
    await this.#reading.stop();
  }

  #read(): { stop(): Promise<void> } {
    const { connection, onError } = this.#options;
    const ended = new AbortController();
    const known = this.#known;
    const following = connection.followStream({
      stream: this.stream,
      fromSeq: 0,
      onHead: (head) => void this.index.add(head),
      onCaughtUp: () => {
        this.#isKnown = true;
        known.resolve(true);
      },
      onError,
      signal: ended.signal,
    });
    const stop = async (): Promise<void> => {
      ended.abort();
      await following;
    };
    return { stop };
  }
}
