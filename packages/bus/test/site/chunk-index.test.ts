import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { MIN_CHUNK_BYTES } from '../../src/file/blob.ts';
import { ChunkIndex, missingRanges, storedCount } from '../../src/site/files/chunk-index.ts';
import { type BlobScope, chunkSubject } from '../../src/subject/blob-subject.ts';

const from = parseAgencyCode('H09.1');
const nameOf = (letter: string) => ({ fromSite: 'H09', from, sha256: letter.repeat(64) });

function head(letter: string, index: number, streamSeq: number, scope: BlobScope = 'local') {
  const subject = chunkSubject({ ...nameOf(letter), scope, index });
  return { subject, streamSeq, bytes: 20_000, storedMs: streamSeq * 1000 };
}

describe('what a site knows of its chunks', () => {
  it('is which are missing, and how much their sender uses', () => {
    const index = new ChunkIndex();
    for (const [seq, chunk] of [0, 1, 5].entries()) index.add(head('a', chunk, seq + 1));
    index.add(head('b', 0, 4, 'cross'));
    index.add(head('c', 0, 5, 'cache'));
    const blob = index.find(nameOf('a'), 'local');
    expect(missingRanges(blob, 8)).toEqual([
      [2, 4],
      [6, 7],
    ]);
    expect(storedCount(blob, 8)).toBe(3);
    expect(storedCount(blob, 2)).toBe(2);
    expect(missingRanges(undefined, 8)).toEqual([[0, 7]]);
    expect(index.usageOf({ fromSite: 'H09', from })).toEqual({ bytes: 80_000, files: 2 });
    expect(index.chunkCount).toBe(5);
  });

  it('names at most 200 gaps', () => {
    const index = new ChunkIndex();
    for (let chunk = 1; chunk < 1_000; chunk += 2) index.add(head('a', chunk, chunk));
    expect(missingRanges(index.find(nameOf('a'), 'local'), 1_000)).toHaveLength(200);
  });

  it('are told as well of a blob with a chunk far behind', () => {
    const index = new ChunkIndex();
    index.add(head('a', 3, 1));
    index.add(head('a', 262_143, 2));
    const blob = index.find(nameOf('a'), 'local');
    expect(missingRanges(blob, 262_144)).toEqual([
      [0, 2],
      [4, 262_142],
    ]);
    expect([storedCount(blob, 262_144), storedCount(blob, 262_143)]).toEqual([2, 1]);
    expect(missingRanges(blob, 3)).toEqual([[0, 2]]);
  });

  it('charges tiny chunks for what they cost, and each chunk once', () => {
    const index = new ChunkIndex();
    const tiny = { ...head('a', 0, 1), bytes: 1 };
    index.add(tiny);
    index.add({ ...tiny, streamSeq: 9 });
    expect(index.usageOf({ fromSite: 'H09', from })).toEqual({ bytes: MIN_CHUNK_BYTES, files: 1 });
  });

  it('leaves out what is no chunk', () => {
    const index = new ChunkIndex();
    const dropped = head('a', 0, 3).subject.replace(/\.0$/, '.dropped');
    index.add({ ...head('a', 0, 3), subject: dropped });
    expect(index.chunkCount).toBe(0);
    expect(index.lastSeq).toBe(3);
  });

  it('forgets what grew too old, chunk by chunk', () => {
    const index = new ChunkIndex();
    for (let chunk = 0; chunk < 10; chunk += 1) index.add(head('a', chunk, chunk + 1));
    index.add(head('b', 0, 20));
    index.forgetBefore(5);
    expect(missingRanges(index.find(nameOf('a'), 'local'), 10)).toEqual([[0, 3]]);
    expect(index.usageOf({ fromSite: 'H09', from })).toEqual({ bytes: 7 * 20_000, files: 2 });
    index.forgetBefore(15);
    expect(index.find(nameOf('a'), 'local')).toBeUndefined();
    expect(index.usageOf({ fromSite: 'H09', from })).toEqual({ bytes: 20_000, files: 1 });
    expect(index.chunkCount).toBe(1);
  });
});
