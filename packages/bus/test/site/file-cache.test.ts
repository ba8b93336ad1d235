import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { createBlobCache } from '../../src/site/files/cache.ts';
import { ChunkIndex } from '../../src/site/files/chunk-index.ts';
import type { StoredChunks } from '../../src/site/files/stored-chunks.ts';
import { type BlobName, chunkSubject } from '../../src/subject/blob-subject.ts';
import { waitUntil } from '../../src/testing/index.ts';

const DAY_MS = 86_400_000;
const from = parseAgencyCode('H44.1');
const nameOf = (letter: string): BlobName => ({
  fromSite: 'H44',
  from,
  sha256: letter.repeat(64),
});

/** A site with a stream in memory, and a centre that has some chunks of every blob. */
function createSite(centralCount: number, maxBytes = Infinity) {
  const index = new ChunkIndex();
  const purged: string[] = [];
  const fetched: number[] = [];
  const site = { nowMs: 1_000, centralCount, real: '', purged, fetched, index };
  let streamSeq = 0;
  const store = (name: BlobName, chunk: number): void => {
    streamSeq += 1;
    const subject = chunkSubject({ ...name, scope: 'cache', index: chunk });
    index.add({ subject, streamSeq, bytes: 20_000, storedMs: site.nowMs });
  };
  const chunks: StoredChunks = {
    stream: 'BLOB_H09',
    index,
    maxBytes: () => 0,
    whenKnown: async () => true,
    purge: async (name) => {
      const blob = index.find(name, 'cache');
      if (blob !== undefined) index.forget(blob);
      purged.push(name.sha256.slice(0, 1));
      return 1;
    },
    purgeStrays: async () => [],
    purgeFloods: async () => [],
    compare: async () => {},
    stop: async () => {},
  };
  const cache = createBlobCache({
    connection: {
      getCentralChunk: async ({ sha256 }, chunk) => {
        if (chunk >= site.centralCount && sha256 !== site.real) return undefined;
        fetched.push(chunk);
        return new Uint8Array(20_000);
      },
      putCachedChunk: async (name, chunk) => {
        store(name, chunk);
        return 'stored';
      },
    },
    chunks,
    maxBytes: () => maxBytes,
    onError: (error) => {
      throw error;
    },
    now: () => site.nowMs,
  });
  return { ...site, site, cache, store };
}

it('fetches each chunk once, however many ask', async () => {
  const { cache, index, fetched } = createSite(20);
  for (let count = 0; count < 50; count += 1) cache.want(nameOf('a'), 20);
  await waitUntil(() => index.find(nameOf('a'), 'cache')?.chunkCount === 20);
  cache.want(nameOf('a'), 20);
  await cache.stop();
  expect(fetched.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

it('fetches only what an earlier service did not', async () => {
  const { cache, index, fetched, store } = createSite(10);
  for (const chunk of [0, 1, 2, 7]) store(nameOf('a'), chunk);
  cache.want(nameOf('a'), 10);
  await waitUntil(() => index.find(nameOf('a'), 'cache')?.chunkCount === 10);
  await cache.stop();
  expect(fetched.toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 8, 9]);
});

it('follows a blob that the centre does not have whole yet', async () => {
  const { cache, index, site } = createSite(3);
  cache.want(nameOf('a'), 9);
  await waitUntil(() => index.find(nameOf('a'), 'cache')?.chunkCount === 3);
  site.centralCount = 9;
  await waitUntil(() => index.find(nameOf('a'), 'cache')?.chunkCount === 9);
  await cache.stop();
});

it('is not held up by names that exist nowhere', async () => {
  const { cache, index, site } = createSite(0);
  for (let count = 0; count < 500; count += 1) {
    cache.want({ ...nameOf('a'), sha256: count.toString(16).padStart(64, '0') }, 20);
  }
  site.real = nameOf('b').sha256;
  cache.want(nameOf('b'), 20);
  await waitUntil(() => index.find(nameOf('b'), 'cache')?.chunkCount === 20);
  await cache.stop();
});

it('makes room by the copy that nobody asked for longest', async () => {
  const { cache, index, site, purged } = createSite(4, 200_000);
  for (const [turn, letter] of ['a', 'b', 'c'].entries()) {
    site.nowMs = 1_000 * (turn + 1);
    cache.want(nameOf(letter), 4);
    await waitUntil(() => index.find(nameOf(letter), 'cache')?.chunkCount === 4);
  }
  site.nowMs = 9_000;
  cache.want(nameOf('a'), 4);
  cache.want(nameOf('d'), 4);
  await waitUntil(() => index.find(nameOf('d'), 'cache')?.chunkCount === 4);
  await cache.stop();
  expect(purged).toEqual(['b']);
});

it('deletes copies that nobody asked for in three days', async () => {
  const { cache, index, site, purged } = createSite(2);
  for (const letter of ['a', 'b']) {
    cache.want(nameOf(letter), 2);
    await waitUntil(() => index.find(nameOf(letter), 'cache')?.chunkCount === 2);
  }
  site.nowMs += 2 * DAY_MS;
  cache.want(nameOf('b'), 2);
  site.nowMs += 1.5 * DAY_MS;
  await cache.clean();
  await cache.stop();
  expect(purged).toEqual(['a']);
});
