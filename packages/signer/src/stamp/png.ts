import { inflateSync } from 'node:zlib';

import { SignerError } from '../errors.ts';

/** How large a picture may be; a seal of 36 mm at 600 dpi has 0.7 million pixels. */
export interface PictureLimits {
  readonly maxBytes: number;
  readonly maxPixels: number;
}

export const DEFAULT_PICTURE_LIMITS: PictureLimits = {
  maxBytes: 2 * 1024 * 1024,
  maxPixels: 4_000_000,
};

/** What the header of a PNG says (ISO/IEC 15948 §11.2.2), and its chunks that matter here. */
export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Pixels per metre across, where the file says so (pHYs). */
  readonly pixelsPerMetre: number | undefined;
  /** The file again, without chunks that a decoder would inflate or read for nothing. */
  readonly essential: Buffer;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Chunk types that draw; what else stands in a file (texts, profiles, animation) is left out. */
const ESSENTIAL = new Set(['IHDR', 'PLTE', 'tRNS', 'pHYs', 'IDAT', 'IEND']);
const MAX_CHUNKS = 65_536;
/** Samples of a pixel by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function pictureInvalid(reason: string, cause?: unknown): SignerError {
  return new SignerError('SIGNER_STAMP_PICTURE_INVALID', `picture of the stamp: ${reason}`, {
    details: {},
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Checks the frame of a PNG before anything is decoded: sizes against the limits, and that the
 * compressed data hold exactly the pixels of the header.
 *
 * @throws {@link SignerError} `SIGNER_STAMP_PICTURE_INVALID`.
 */
export function checkPng(bytes: Uint8Array, limits: PictureLimits): PngFile {
  if (bytes.length > limits.maxBytes) {
    throw pictureInvalid(`${bytes.length} bytes, limit ${limits.maxBytes} bytes`);
  }
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw pictureInvalid('not a PNG file');
  const kept: Buffer[] = [SIGNATURE];
  const data: Buffer[] = [];
  let header: Buffer | undefined;
  let pixelsPerMetre: number | undefined;
  for (const { type, body, whole } of chunksOf(png)) {
    if (header === undefined && type !== 'IHDR') throw pictureInvalid('no IHDR at its start');
    if (type === 'IHDR') {
      if (header !== undefined || body.length !== 13) throw pictureInvalid('bad IHDR');
      header = body;
    }
    if (type === 'IDAT') data.push(body);
    if (type === 'pHYs' && body.length === 9 && body[8] === 1) {
      pixelsPerMetre = body.readUInt32BE(0) || undefined;
    }
    if (ESSENTIAL.has(type)) kept.push(whole);
  }
  if (header === undefined) throw pictureInvalid('no IHDR at its start');
  checkPixels(header, Buffer.concat(data), limits);
  return {
    width: header.readUInt32BE(0),
    height: header.readUInt32BE(4),
    pixelsPerMetre,
    essential: Buffer.concat(kept),
  };
}

function* chunksOf(png: Buffer): Generator<{ type: string; body: Buffer; whole: Buffer }> {
  let at = SIGNATURE.length;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    if (at + 12 > png.length) throw pictureInvalid('the file ends early');
    const length = png.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > png.length) throw pictureInvalid('the file ends early');
    const type = png.toString('latin1', at + 4, at + 8);
    yield { type, body: png.subarray(at + 8, end - 4), whole: png.subarray(at, end) };
    if (type === 'IEND') return;
    at = end;
  }
  throw pictureInvalid('too many chunks');
}

function checkPixels(header: Buffer, compressed: Buffer, limits: PictureLimits): void {
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const pixels = width * height;
  if (pixels === 0) throw pictureInvalid('no pixels');
  if (pixels > limits.maxPixels) {
    throw pictureInvalid(`${width} × ${height} pixels, limit ${limits.maxPixels} pixels`);
  }
  const [depth = 0, colour = 0, , , interlace = 0] = header.subarray(8);
  const channels = CHANNELS[colour];
  if (channels === undefined || interlace > 1) throw pictureInvalid('unknown colour type');
  if (interlace === 1 && depth < 8) {
    throw pictureInvalid('interlaced with fewer than 8 bits; save it without interlacing');
  }
  const lineBytes = (columns: number): number => 1 + Math.ceil((columns * channels * depth) / 8);
  const expected =
    interlace === 0
      ? height * lineBytes(width)
      : ADAM7.reduce((sum, [x, y, dx, dy]) => {
          const columns = Math.ceil((width - x) / dx);
          const rows = Math.ceil((height - y) / dy);
          return columns > 0 && rows > 0 ? sum + rows * lineBytes(columns) : sum;
        }, 0);
  let inflated: Buffer;
  try {
    inflated = inflateSync(compressed, { maxOutputLength: expected });
  } catch (cause) {
    throw pictureInvalid('its data cannot be inflated to the pixels of its header', cause);
  }
  if (inflated.length !== expected) throw pictureInvalid('pixels are missing');
}

/** First column and row, and the steps, of each pass (§8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
