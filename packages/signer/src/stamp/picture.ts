import { DEFAULT_PICTURE_LIMITS, type PictureLimits, checkPng, pictureInvalid } from './png.ts';

/** A picture as a PDF draws it: colours and alpha apart (ISO 32000-1 §11.6.5.3). */
export interface Picture {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Width on paper, where the file states its resolution. */
  readonly widthMm: number | undefined;
  /** Three bytes a pixel. */
  readonly rgb: Uint8Array;
  /** One byte a pixel; undefined when every pixel is opaque. */
  readonly alpha: Uint8Array | undefined;
}

type Decoded = ReturnType<typeof import('fast-png').decode>;

/**
 * Reads a PNG of any colour type and bit depth. Colours keep 8 bits of 16; alpha is kept, whether it
 * is a channel, a palette's or one transparent colour. Colour profiles are not applied: sRGB.
 *
 * @throws {@link SignerError} `SIGNER_STAMP_PICTURE_INVALID` says what is wrong.
 */
export async function readPicture(
  bytes: Uint8Array,
  limits: PictureLimits = DEFAULT_PICTURE_LIMITS,
): Promise<Picture> {
  const { width, height, pixelsPerMetre, essential } = checkPng(bytes, limits);
  // Loaded when the first picture comes: who draws no stamps pays nothing.
  const { decode } = await import('fast-png');
  let decoded: Decoded;
  try {
    decoded = decode(essential, { checkCrc: true });
  } catch (cause) {
    throw pictureInvalid('damaged', cause);
  }
  const { rgb, alpha } = separate(decoded, width * height);
  const widthMm = pixelsPerMetre === undefined ? undefined : (width * 1_000) / pixelsPerMetre;
  return { width, height, widthMm, rgb, alpha: alpha.every((a) => a === 255) ? undefined : alpha };
}

function separate(png: Decoded, pixels: number): { rgb: Uint8Array; alpha: Uint8Array } {
  const rgb = new Uint8Array(3 * pixels);
  const alpha = new Uint8Array(pixels).fill(255);
  const samples = png.depth < 8 ? unpack(png) : png.data;
  const { channels, palette, transparency, depth } = png;
  const scale = depth === 16 ? 1 / 257 : 255 / (2 ** depth - 1);
  const hasAlpha = channels === 2 || channels === 4;
  const isGrey = channels < 3;
  for (let i = 0; i < pixels; i++) {
    const at = i * channels;
    if (palette !== undefined) {
      const entry = palette[samples[at] ?? 0];
      if (entry === undefined) throw pictureInvalid('a pixel is not in its palette');
      for (let c = 0; c < 3; c++) rgb[3 * i + c] = entry[c] ?? 0;
      alpha[i] = entry[3] ?? 255;
      continue;
    }
    for (let c = 0; c < 3; c++) {
      rgb[3 * i + c] = Math.round((samples[at + (isGrey ? 0 : c)] ?? 0) * scale);
    }
    if (hasAlpha) alpha[i] = Math.round((samples[at + channels - 1] ?? 0) * scale);
    else if (isTransparentColour(samples, at, channels, transparency)) alpha[i] = 0;
  }
  return { rgb, alpha };
}

/** One colour of the file may be called transparent (tRNS of colour types 0 and 2). */
function isTransparentColour(
  samples: ArrayLike<number>,
  at: number,
  channels: number,
  transparency: ArrayLike<number> | undefined,
): boolean {
  if (transparency === undefined || transparency.length < channels) return false;
  for (let c = 0; c < channels; c++) if (samples[at + c] !== transparency[c]) return false;
  return true;
}

/** Samples of fewer than 8 bits stand packed; every line begins with a new byte. */
function unpack({ data, width, height, depth }: Decoded): Uint8Array {
  const samples = new Uint8Array(width * height);
  const lineBytes = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * lineBytes + (bit >> 3)] ?? 0;
      samples[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return samples;
}
