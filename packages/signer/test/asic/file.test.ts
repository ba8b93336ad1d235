import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { buildAsicE } from '../../src/asic/container.ts';
import { openAsicEFile, verifyAsicEFile } from '../../src/asic/open-file.ts';
import { type AsicSourceFile, writeAsicEFile } from '../../src/asic/write-file.ts';
import { surveyFile } from '../../src/disk/pieces.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { runTool } from '../pades/tools.ts';
import { collect } from '../seal/parties.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const SCAN = randomBytes(2_500_000);
const TEXT = Buffer.from('Kính gửi: Ủy ban nhân dân tỉnh');

let pki: TestPki;
let signer: TestSigner;
let folder: string;

beforeAll(async () => {
  pki = await createTestPki();
  // RSA signatures of the same content are the same bytes.
  signer = await pki.issue({ commonName: 'UBND xã', use: 'node', algorithm: 'rsa-2048' });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-asic-'));
  await writeFile(at('scan'), SCAN);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const sources = (): AsicSourceFile[] => [
  { name: 'a.txt', mediaType: 'text/plain', source: TEXT },
  { name: 'b/Bản quét.bin', mediaType: 'application/octet-stream', source: { path: at('scan') } },
];
const built = (compress = false): ReturnType<typeof buildAsicE> =>
  buildAsicE({
    files: [
      { name: 'a.txt', mediaType: 'text/plain', bytes: TEXT },
      { name: 'b/Bản quét.bin', mediaType: 'application/octet-stream', bytes: SCAN },
    ],
    signer,
    signedAt: AT,
    compress,
  });

describe('a container written to a file', () => {
  it('is the container that is built in memory, byte for byte', async () => {
    const inMemory = await built();
    const seen: number[] = [];
    const written = await writeAsicEFile(at('a.asice'), {
      files: sources(),
      signer,
      signedAt: AT,
      onProgress: (bytes) => seen.push(bytes),
    });
    expect((await readFile(at('a.asice'))).equals(inMemory.container)).toBe(true);
    expect(written).toMatchObject({
      bytes: inMemory.container.length,
      manifestSha256: inMemory.manifestSha256,
    });
    expect(seen.at(-1)).toBe(SCAN.length + TEXT.length);
    expect(await verifyAsicEFile(at('a.asice'), { trust: pki.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-PASSED',
      files: [{ name: 'a.txt' }, { name: 'b/Bản quét.bin', bytes: SCAN.length }],
    });
    const listed = runTool('unzip', ['-t', 'a.asice'], { 'a.asice': inMemory.container });
    expect(listed).toMatchObject({ status: 0 });
  });

  it('stores what would shrink so much that a reader refuses it', async () => {
    const source = Buffer.alloc(300_000);
    const files = [{ name: 'a.txt', mediaType: 'text/plain', compress: true, source }];
    await writeAsicEFile(at('a.asice'), { files, signer, signedAt: AT });
    await using opened = await openAsicEFile(at('a.asice'));
    expect(source.equals(await opened.read('a.txt', { maxBytes: 300_000 }))).toBe(true);
  });

  it('deflates the files that ask for it, as in memory, and any reader opens it', async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => `Nơi nhận ${index}: UBND xã\n`);
    const long = Buffer.from(lines.join(''));
    const first = { name: 'a.txt', mediaType: 'text/plain', compress: true };
    const rest = { name: 'b.bin', mediaType: 'application/octet-stream' };
    const common = { signer, signedAt: AT };
    const { container } = await buildAsicE({
      files: [
        { ...first, bytes: long },
        { ...rest, bytes: SCAN },
      ],
      ...common,
    });
    await writeAsicEFile(at('a.asice'), {
      files: [
        { ...first, source: long },
        { ...rest, source: { path: at('scan') } },
      ],
      ...common,
    });
    expect((await readFile(at('a.asice'))).equals(container)).toBe(true);
    expect(container.length).toBeLessThan(SCAN.length + long.length / 4 + 8_192);
    await using opened = await openAsicEFile(at('a.asice'));
    expect(long.equals(await opened.read('a.txt', { maxBytes: long.length }))).toBe(true);
    expect(runTool('unzip', ['-t', 'a.asice'], { 'a.asice': container })).toMatchObject({
      status: 0,
    });
  });

  it('is named by its SHA-256 in a folder', async () => {
    const { path, sha256 } = await writeAsicEFile({ folder }, { files: sources(), signer });
    expect(path).toBe(at(sha256));
    expect((await readdir(folder)).sort()).toEqual([sha256, 'scan'].sort());
  });

  it.each([
    ['grew', async () => appendFile(at('scan'), 'x')],
    ['became shorter', async () => writeFile(at('scan'), SCAN.subarray(1))],
    ['has other bytes', async () => writeFile(at('scan'), randomBytes(SCAN.length))],
  ])('is not made when a file %s after it was looked at', async (_name, change) => {
    const survey = await surveyFile(at('scan'));
    await change();
    const files = sources().map((file) => ({ ...file, ...(file.name !== 'a.txt' && { survey }) }));
    await expect(writeAsicEFile(at('a.asice'), { files, signer })).rejects.toMatchObject({
      code: 'SIGNER_FILE_CHANGED',
    });
    expect(await readdir(folder)).toEqual(['scan']);
  });

  it('is not made beyond 4 GiB, and leaves nothing behind when it is called off', async () => {
    const survey = { bytes: 0xffff_ffff, sha256: '0'.repeat(64), crc32: 0 };
    const files = sources().map((file) => ({ ...file, survey }));
    await expect(writeAsicEFile(at('a.asice'), { files, signer })).rejects.toMatchObject({
      code: 'SIGNER_ASIC_LIMIT',
    });
    const controller = new AbortController();
    const outcome = writeAsicEFile(at('a.asice'), {
      files: sources(),
      signer,
      signal: controller.signal,
      onProgress: (bytes) => {
        if (bytes > 1_000_000) controller.abort(new Error('called off'));
      },
    });
    await expect(outcome).rejects.toThrow('called off');
    expect(await readdir(folder)).toEqual(['scan']);
  });
});

describe('a container in a file', () => {
  it.each([false, true])('gives out its files (compressed: %s)', async (compress) => {
    await writeFile(at('a.asice'), (await built(compress)).container);
    await using opened = await openAsicEFile(at('a.asice'));
    expect(opened.entries).toEqual([
      { name: 'a.txt', mediaType: 'text/plain', bytes: TEXT.length },
      { name: 'b/Bản quét.bin', mediaType: 'application/octet-stream', bytes: SCAN.length },
    ]);
    expect((await collect(opened.stream('b/Bản quét.bin'))).equals(SCAN)).toBe(true);
    const text = await opened.read('a.txt', { maxBytes: 100 });
    expect(TEXT.equals(text)).toBe(true);
    await expect(opened.read('b/Bản quét.bin', { maxBytes: 100 })).rejects.toMatchObject({
      code: 'SIGNER_ASIC_LIMIT',
    });
  });

  it('is checked again whenever a file is read: it may have changed on disk', async () => {
    const { container } = await built();
    await writeFile(at('a.asice'), container);
    await using opened = await openAsicEFile(at('a.asice'));
    const spoilt = Buffer.from(container);
    spoilt.writeUInt8(spoilt.readUInt8(1_000_000) ^ 1, 1_000_000);
    await writeFile(at('a.asice'), spoilt);
    await expect(collect(opened.stream('b/Bản quét.bin'))).rejects.toMatchObject({
      code: 'SIGNER_ASIC_MALFORMED',
    });
  });
});
