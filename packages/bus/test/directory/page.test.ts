import { deflateRawSync, zstdCompressSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import {
  MAX_PAGE_RATIO,
  MAX_UNPACKED_PAGE_BYTES,
  encodePayload,
  packPage,
  readPage,
  signRecord,
} from '../../src/index.ts';
import { parseHeads } from '../../src/directory/page.ts';
import { createEntry, createTestKey } from '../record/fixture.ts';

const key = createTestKey();
const sign = async (sequence: number) =>
  await signRecord(
    'directory',
    encodePayload('directory', createEntry(createTestKey(), { sequence })),
    key.sign,
  );

describe('a page of the directory', () => {
  it.each(['zstd', 'deflate', 'identity'] as const)('comes back out of %s', async (encoding) => {
    const records = [await sign(1), await sign(2), await sign(3)];
    const read = readPage(packPage(Buffer.concat(records), encoding), encoding);
    expect(read.map((record) => Buffer.from(record))).toEqual(records.map(Buffer.from));
    expect(readPage(packPage(new Uint8Array(), encoding), encoding)).toEqual([]);
  });

  it.each([
    ['zstd', zstdCompressSync],
    ['deflate', deflateRawSync],
  ] as const)('in %s is not unpacked beyond its bounds', (encoding, pack) => {
    const bomb = pack(new Uint8Array(64 * MAX_UNPACKED_PAGE_BYTES));
    expect(() => readPage(bomb, encoding)).toThrow('unpacks to more than');
    const steep = pack(new Uint8Array(MAX_UNPACKED_PAGE_BYTES / 2));
    expect(steep.length * MAX_PAGE_RATIO).toBeLessThan(MAX_UNPACKED_PAGE_BYTES / 2);
    expect(() => readPage(steep, encoding)).toThrow('unpacks to more than');
  });

  it('is refused in an encoding that nobody named, cut short, or with bytes behind it', async () => {
    const packed = packPage(await sign(1), 'zstd');
    expect(() => readPage(packed, 'gzip')).toThrow('the encoding "gzip"');
    expect(() => readPage(packed.subarray(0, -9), 'zstd')).toThrow('not a directory page');
    const behind = packPage(Buffer.concat([await sign(1), Buffer.from('more')]), 'zstd');
    expect(() => readPage(behind, 'zstd')).toThrow('not a record');
  });
});

it.each([
  '',
  '[]',
  '{"heads":[["H09"]]}',
  '{"heads":[["h09",1]]}',
  '{"heads":[["H09",-1]]}',
  '{"heads":[["H09",1.5]]}',
  JSON.stringify({ heads: Array.from({ length: 1_001 }, () => ['H09', 1]) }),
])('reads no heads out of %s', (text) => {
  expect(parseHeads(new TextEncoder().encode(text))).toBeUndefined();
});
