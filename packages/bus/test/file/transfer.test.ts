import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import type { FileClient } from '../../src/broker/file-client.ts';
import { BusError } from '../../src/errors.ts';
import { MIN_CHUNK_BYTES, chunkCountOf } from '../../src/file/blob.ts';
import { downloadFile } from '../../src/file/download.ts';
import { type FileLocation, parseFileLocation } from '../../src/file/location.ts';
import { type TransferProgress, createProgressMeter } from '../../src/file/progress.ts';
import { uploadFile } from '../../src/file/upload.ts';
import { createWindow } from '../../src/file/window.ts';
import { waitUntil } from '../../src/testing/index.ts';

const chunkBytes = MIN_CHUNK_BYTES;
const content = Buffer.from(Array.from({ length: 10 * chunkBytes + 5 }, (_, i) => (i * 31) % 253));
const file = {
  fromSite: 'H09',
  from: parseAgencyCode('H09.1'),
  sha256: createHash('sha256').update(content).digest('hex'),
  bytes: content.length,
  chunkBytes,
};
const read = async (offset: number, length: number) => content.subarray(offset, offset + length);
const fast = { random: () => 0 };

/** Chunks in memory, in the place of a broker. */
class Store implements Pick<FileClient, 'putChunk' | 'getChunk' | 'locateFile'> {
  readonly chunks = new Map<number, Uint8Array>();
  quota: FileLocation['quota'];
  putCount = 0;
  beforePut: (index: number) => void | Promise<void> = () => {};

  async putChunk({ index, data }: { index: number; data: Uint8Array }) {
    this.putCount += 1;
    await this.beforePut(index);
    if (this.chunks.has(index)) return 'present' as const;
    this.chunks.set(index, data);
    return 'stored' as const;
  }

  async getChunk(_location: FileLocation, _name: unknown, index: number) {
    return this.chunks.get(index);
  }

  async locateFile({ chunkCount }: { chunkCount: number }): Promise<FileLocation> {
    const missing = Array.from({ length: chunkCount }, (_, index) => index)
      .filter((index) => !this.chunks.has(index))
      .map((index) => [index, index] as const);
    const { quota } = this;
    return { stream: 'BLOB_H09', scope: 'local', stored: this.chunks.size, missing, quota };
  }

  fill(): this {
    for (let index = 0; index < chunkCountOf(file); index += 1) {
      this.chunks.set(index, content.subarray(index * chunkBytes, (index + 1) * chunkBytes));
    }
    return this;
  }
}

const unacked = () => new BusError('BUS_PUBLISH_UNACKED', 'no answer', { details: {} });

describe('an upload', () => {
  it('sends every chunk once and tells how far it is', async () => {
    const connection = new Store();
    const told: TransferProgress[] = [];
    const result = await uploadFile({
      connection,
      file,
      scope: 'local',
      read,
      onProgress: (progress) => told.push(progress),
    });
    expect(result).toEqual({ finished: true, movedBytes: content.length });
    expect(connection.putCount).toBe(11);
    expect(told.at(-1)).toMatchObject({ doneBytes: content.length, totalBytes: content.length });
  });

  it('sends only what is missing', async () => {
    const connection = new Store().fill();
    connection.chunks.delete(3);
    connection.chunks.delete(10);
    const result = await uploadFile({ connection, file, scope: 'local', read });
    expect(result).toEqual({ finished: true, movedBytes: chunkBytes + 5 });
    expect(connection.chunks.size).toBe(11);
  });

  it('repeats a chunk whose answer did not come', async () => {
    const connection = new Store();
    const failed = new Set<number>();
    connection.beforePut = (index) => {
      if (index % 2 === 0 || failed.has(index)) return;
      failed.add(index);
      throw unacked();
    };
    await uploadFile({ connection, file, scope: 'local', read, ...fast });
    expect(connection.chunks.size).toBe(11);
    expect(connection.putCount).toBe(16);
  });

  it('hands a full store to its caller at once', async () => {
    const connection = new Store();
    connection.beforePut = (index) => {
      if (index === 4) throw new BusError('BUS_STORE_FULL', 'full', { details: {} });
    };
    const upload = uploadFile({ connection, file, scope: 'local', read });
    await expect(upload).rejects.toMatchObject({ code: 'BUS_STORE_FULL' });
    expect(connection.chunks.size).toBeGreaterThanOrEqual(4);
  });

  it('does not start over the quota, and ends what was already counted', async () => {
    const connection = new Store();
    connection.quota = { usedBytes: 1, maxBytes: content.length, usedFiles: 0, maxFiles: 9 };
    const upload = uploadFile({ connection, file, scope: 'local', read });
    await expect(upload).rejects.toMatchObject({
      code: 'BUS_QUOTA_EXCEEDED',
      message: expect.stringContaining(`${content.length} may be`) as unknown,
    });
    expect(connection.putCount).toBe(0);
    connection.quota = { usedBytes: 0, maxBytes: content.length, usedFiles: 9, maxFiles: 9 };
    await expect(uploadFile({ connection, file, scope: 'local', read })).rejects.toMatchObject({
      code: 'BUS_QUOTA_EXCEEDED',
    });
    connection.fill().chunks.delete(10);
    connection.quota = { ...connection.quota, usedBytes: content.length - 5 };
    await uploadFile({ connection, file, scope: 'local', read });
    expect(connection.chunks.size).toBe(11);
  });

  it('waits while something urgent does, and ends with its signal', async () => {
    const connection = new Store();
    const stop = new AbortController();
    let asked = 0;
    const mayProceed = async (): Promise<void> => {
      asked += 1;
      if (asked === 5) await new Promise(() => setTimeout(() => stop.abort(), 10));
    };
    const { signal } = stop;
    const result = await uploadFile({ connection, file, scope: 'local', read, mayProceed, signal });
    expect(result.finished).toBe(false);
    expect(connection.chunks.size).toBe(4);
  });

  it('refuses a source that is shorter than announced', async () => {
    const connection = new Store();
    const short = async (offset: number, length: number) =>
      (await read(offset, length)).subarray(1);
    const upload = uploadFile({ connection, file, scope: 'local', read: short });
    await expect(upload).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
  });
});

/** Collects what a download writes, and insists on order. */
function collector() {
  let got = Buffer.alloc(0);
  return {
    bytes: () => got,
    write: async (offset: number, data: Uint8Array) => {
      expect(offset).toBe(got.length);
      got = Buffer.concat([got, data]);
    },
  };
}

describe('a download', () => {
  it('writes the parts in order, whatever order they come in', async () => {
    const connection = new Store().fill();
    const out = collector();
    const getChunk: FileClient['getChunk'] = async (location, name, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * 7) % 11));
      return await connection.getChunk(location, name, index);
    };
    const locateFile = connection.locateFile.bind(connection);
    const result = await downloadFile({
      connection: { getChunk, locateFile },
      file,
      write: out.write,
      window: 16,
    });
    expect(result).toEqual({ finished: true, verified: true, movedBytes: content.length });
    expect(out.bytes().equals(content)).toBe(true);
  });

  it('goes on where it stood, and still checks the whole', async () => {
    const connection = new Store().fill();
    const parts: Buffer[] = [];
    const write = (_: number, data: Uint8Array) => void parts.push(Buffer.from(data));
    const result = await downloadFile({ connection, file, write, read, from: 8 });
    expect(result).toEqual({ finished: true, verified: true, movedBytes: 2 * chunkBytes + 5 });
    expect(Buffer.concat(parts).equals(content.subarray(8 * chunkBytes))).toBe(true);
    const spoilt = async (offset: number, length: number) => {
      const bytes = Buffer.from(await read(offset, length));
      bytes[0] = 1;
      return bytes;
    };
    await expect(
      downloadFile({ connection, file, write, read: spoilt, from: 8 }),
    ).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
  });

  it('follows an upload that is still running', async () => {
    const connection = new Store();
    connection.beforePut = async () => await new Promise((resolve) => setTimeout(resolve, 5));
    const out = collector();
    const [, result] = await Promise.all([
      uploadFile({ connection, file, scope: 'local', read, window: 1 }),
      downloadFile({ connection, file, write: out.write, ...fast }),
    ]);
    expect(result.verified).toBe(true);
    expect(out.bytes().equals(content)).toBe(true);
  });

  it('gives up a blob with a hole after its patience, and keeps what came before', async () => {
    const connection = new Store().fill();
    connection.chunks.delete(6);
    const out = collector();
    const download = downloadFile({ connection, file, write: out.write, patienceMs: 50, ...fast });
    await expect(download).rejects.toMatchObject({
      code: 'BUS_BLOB_INCOMPLETE',
      details: { chunk: 6 },
    });
    expect(out.bytes()).toHaveLength(6 * chunkBytes);
  });

  it.each([
    ['too long', (data: Uint8Array) => Buffer.concat([data, Buffer.alloc(1)])],
    ['too short', (data: Uint8Array) => data.subarray(1)],
    ['empty', () => new Uint8Array()],
  ])('refuses a chunk that is %s', async (_, spoil) => {
    const connection = new Store().fill();
    connection.chunks.set(5, spoil(content.subarray(5 * chunkBytes, 6 * chunkBytes)));
    const download = downloadFile({ connection, file, write: collector().write });
    await expect(download).rejects.toMatchObject({
      code: 'BUS_BLOB_INVALID',
      details: { chunk: 5 },
    });
  });

  it('refuses bytes of another digest', async () => {
    const connection = new Store().fill();
    connection.chunks.set(5, Buffer.alloc(chunkBytes));
    const download = downloadFile({ connection, file, write: collector().write });
    await expect(download).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
  });

  it('passes on what the disk says', async () => {
    const connection = new Store().fill();
    const write = async () => {
      throw new Error('ENOSPC');
    };
    await expect(downloadFile({ connection, file, write, window: 4 })).rejects.toThrow('ENOSPC');
  });

  it('refuses a blob of impossible size before it asks for anything', async () => {
    const connection = new Store();
    for (const bad of [{ chunkBytes: 1 }, { bytes: 2 ** 33 }, { bytes: 0 }]) {
      await expect(
        downloadFile({ connection, file: { ...file, ...bad }, write: () => {} }),
      ).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
    }
  });
});

it('keeps no chunk longer than it needs', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes = 1_500 * chunkBytes;
  const connection = new Store();
  const getChunk = async () => new Uint8Array(new ArrayBuffer(chunkBytes));
  const locateFile = connection.locateFile.bind(connection);
  collect();
  const before = process.memoryUsage().arrayBuffers;
  let kept = Infinity;
  const write = async (offset: number): Promise<void> => {
    if (offset + chunkBytes < bytes) return;
    // Freed memory is counted in its own time.
    await waitUntil(() => {
      collect();
      kept = process.memoryUsage().arrayBuffers - before;
      return kept < 100 * chunkBytes;
    }, 2_000).catch(() => undefined);
  };
  const zeros = { ...file, bytes };
  await expect(
    downloadFile({ connection: { getChunk, locateFile }, file: zeros, write }),
  ).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
  expect(kept).toBeLessThan(100 * chunkBytes);
});

describe('the window of a transfer', () => {
  it('opens while answers stay fast, and closes when they queue', () => {
    const window = createWindow(8);
    for (let count = 0; count < 60; count += 1) window.took(10);
    expect(window.size()).toBe(8);
    for (let count = 0; count < 20; count += 1) window.took(200);
    expect(window.size()).toBe(1);
  });

  it('tries a line that is full less and less often', () => {
    const window = createWindow(8);
    let queuedCount = 0;
    for (let count = 0; count < 1_000; count += 1) {
      if (window.size() > 1) queuedCount += 1;
      window.took(window.size() * 100); // each chunk takes its time on the line
    }
    expect(queuedCount).toBeGreaterThan(0);
    expect(queuedCount).toBeLessThan(50);
  });

  it('stays at one chunk where that alone fills the line for long', () => {
    const window = createWindow(8);
    for (let count = 0; count < 100; count += 1) window.took(262);
    expect(window.size()).toBe(1);
  });

  it('stays at one chunk on a thin line', () => {
    const window = createWindow(1);
    for (let count = 0; count < 60; count += 1) window.took(10);
    expect(window.size()).toBe(1);
  });

  it('starts again from one chunk after a failure', () => {
    const window = createWindow(8);
    for (let count = 0; count < 60; count += 1) window.took(10);
    window.failed();
    expect(window.size()).toBe(1);
  });
});

it('tells rate and time left over the last seconds', () => {
  let nowMs = 0;
  const told: TransferProgress[] = [];
  const meter = createProgressMeter(
    1_000_000,
    200_000,
    (progress) => told.push(progress),
    () => nowMs,
  );
  for (let second = 0; second < 4; second += 1) {
    nowMs += 1_000;
    meter.add(100_000);
    meter.add(0);
  }
  expect(told).toHaveLength(4);
  expect(told.at(-1)).toEqual({
    doneBytes: 600_000,
    totalBytes: 1_000_000,
    bytesPerSecond: 100_000,
    secondsLeft: 4,
  });
});

it('takes from a site service only an answer that makes sense', () => {
  const answer = { stream: 'BLOB_H09', scope: 'local', stored: 3, missing: [[3, 4]] };
  const parse = (value: unknown) => parseFileLocation(Buffer.from(JSON.stringify(value)), 5);
  expect(parse(answer)).toEqual(answer);
  for (const bad of [
    { missing: [[3, 5]] },
    { missing: [[4, 3]] },
    {
      missing: [
        [3, 4],
        [4, 4],
      ],
    },
    { missing: Array.from({ length: 201 }, () => [0, 0]) },
    { stored: 6 },
    { stored: -1 },
    { scope: 'other' },
    { stream: 'x'.repeat(65) },
    { quota: {} },
  ]) {
    expect(parse({ ...answer, ...bad })).toBeUndefined();
  }
  expect(parseFileLocation(Buffer.from('{'), 5)).toBeUndefined();
  expect(parseFileLocation(Buffer.alloc(20_000, ' '), 5)).toBeUndefined();
});
