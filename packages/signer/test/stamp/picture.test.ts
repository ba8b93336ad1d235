import { crc32, deflateSync } from 'node:zlib';

import fc from 'fast-check';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';

import { SignerError } from '../../src/errors.ts';
import { readPicture } from '../../src/stamp/picture.ts';
import { insertChunk, paint, sealPng } from './pictures.ts';

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

interface Parts {
  readonly size: readonly [width: number, height: number];
  readonly depth: number;
  readonly colour: number;
  /** Lines as they are stored, each with its filter byte. */
  readonly lines: readonly (readonly number[])[];
  readonly interlace?: number;
  readonly extra?: readonly Buffer[];
}

/** A PNG of exactly these parts. */
function writePng({ size, depth, colour, lines, interlace = 0, extra = [] }: Parts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size[0], 0);
  header.writeUInt32BE(size[1], 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const data = deflateSync(Buffer.from(lines.flat()));
  const chunks = [chunk('IHDR', header), ...extra, chunk('IDAT', data), chunk('IEND', Buffer.of())];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

const PALETTE = chunk('PLTE', Buffer.of(255, 0, 0, 0, 0, 255, 0, 255, 0));

describe('pictures of a stamp', () => {
  it.each<[string, Parts, { rgb: number[]; alpha: number[] | undefined }]>([
    [
      'grey of 1 bit',
      {
        size: [3, 2],
        depth: 1,
        colour: 0,
        lines: [
          [0, 0b10100000],
          [0, 0b01000000],
        ],
      },
      {
        rgb: [255, 0, 255, 0, 255, 0].flatMap((grey) => [grey, grey, grey]),
        alpha: undefined,
      },
    ],
    [
      'palette of 2 bits with transparency',
      {
        size: [3, 1],
        depth: 2,
        colour: 3,
        lines: [[0, 0b00011000]],
        extra: [PALETTE, chunk('tRNS', Buffer.of(255, 100))],
      },
      { rgb: [255, 0, 0, 0, 0, 255, 0, 255, 0], alpha: [255, 100, 255] },
    ],
    [
      'true colour with one transparent colour',
      {
        size: [3, 1],
        depth: 8,
        colour: 2,
        lines: [[0, 1, 2, 3, 9, 8, 7, 9, 8, 6]],
        extra: [chunk('tRNS', Buffer.of(0, 9, 0, 8, 0, 7))],
      },
      { rgb: [1, 2, 3, 9, 8, 7, 9, 8, 6], alpha: [255, 0, 255] },
    ],
    [
      'grey and alpha of 16 bits',
      { size: [2, 1], depth: 16, colour: 4, lines: [[0, 128, 128, 0, 0, 255, 255, 64, 64]] },
      { rgb: [128, 128, 128, 255, 255, 255], alpha: [0, 64] },
    ],
  ])('are read from %s', async (_, parts, expected) => {
    const { rgb, alpha } = await readPicture(writePng(parts));
    expect([...rgb]).toEqual(expected.rgb);
    expect(alpha && [...alpha]).toEqual(expected.alpha);
  });

  it('are the same interlaced or not, with 8 and 16 bits', async () => {
    const samples = paint(23, 17, (x, y) => [x * 11, y * 15, x ^ y, (x * y) % 256]);
    const wide = Uint16Array.from(samples, (sample) => sample * 257);
    const image = { width: 23, height: 17, channels: 4 };
    for (const interlace of ['null', 'Adam7'] as const) {
      for (const [depth, data] of [
        [8, samples],
        [16, wide],
      ] as const) {
        const { rgb, alpha } = await readPicture(encode({ ...image, data, depth }, { interlace }));
        for (let i = 0; i < 23 * 17; i++) {
          const pixel = [...rgb.subarray(3 * i, 3 * i + 3), alpha?.[i] ?? 255];
          expect(pixel).toEqual([...samples.subarray(4 * i, 4 * i + 4)]);
        }
      }
    }
  });

  it('know how wide they are on paper when the file says so', async () => {
    expect((await readPicture(sealPng())).widthMm).toBeCloseTo(36, 1);
    const { widthMm } = await readPicture(
      encode({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3), channels: 3 }),
    );
    expect(widthMm).toBeUndefined();
  });

  const small: Parts = {
    size: [2, 2],
    depth: 8,
    colour: 0,
    lines: [
      [0, 1, 2],
      [0, 3, 4],
    ],
  };
  const good = writePng(small);
  it.each<[string, Uint8Array, RegExp]>([
    ['another format', Buffer.from('\xff\xd8\xff\xe0 a JPEG', 'latin1'), /not a PNG/],
    ['a file that ends early', good.subarray(0, good.length - 20), /ends early/],
    ['a wrong checksum', Buffer.from(good).fill(7, 30, 31), /damaged/],
    ['no end of the data', writePng({ ...small, lines: [[0, 1, 2]] }), /pixels are missing/],
    ['too many data', writePng({ ...small, lines: [[0, 1, 2], [0, 3, 4], [0]] }), /inflated/],
    ['a bomb', writePng({ ...small, lines: [Array<number>(3_000_000).fill(0)] }), /inflated/],
    ['too many pixels', writePng({ ...small, size: [60_000, 60_000] }), /limit 4000000 pixels/],
    ['no pixels', writePng({ ...small, size: [0, 5] }), /no pixels/],
    ['an unknown colour type', writePng({ ...small, colour: 5 }), /colour type/],
    [
      'a pixel outside the palette',
      writePng({ ...small, colour: 3, extra: [PALETTE] }),
      /not in its palette/,
    ],
    [
      'interlacing with few bits',
      writePng({ ...small, depth: 4, interlace: 1 }),
      /save it without interlacing/,
    ],
    ['too many bytes', Buffer.alloc(3_000_000), /limit 2097152 bytes/],
  ])('are refused for %s', async (_, bytes, message) => {
    const reading = readPicture(bytes);
    await expect(reading).rejects.toMatchObject({ code: 'SIGNER_STAMP_PICTURE_INVALID' });
    await expect(reading).rejects.toThrow(message);
  });

  it('leave out chunks that only cost memory, such as texts and profiles', async () => {
    const profile = Buffer.concat([
      Buffer.from('iCCPx\0\0'),
      deflateSync(Buffer.alloc(10_000_000)),
    ]);
    await expect(readPicture(insertChunk(sealPng(50), profile))).resolves.toMatchObject({
      width: 50,
    });
  });

  it('are read or refused, never anything else, whatever bytes come', async () => {
    const seal = sealPng(9);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(seal.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const bytes = Uint8Array.from(seal);
          for (const [at, value] of changes) bytes[at] = value;
          const outcome = await readPicture(bytes).catch((error: unknown) => error);
          const isRefusal =
            outcome instanceof SignerError && outcome.code === 'SIGNER_STAMP_PICTURE_INVALID';
          expect(isRefusal || !(outcome instanceof Error)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
