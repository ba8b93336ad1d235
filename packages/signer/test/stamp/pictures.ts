import { crc32 } from 'node:zlib';

import { encode } from 'fast-png';

/** Pixels per metre of 300 dpi. */
const DPI_300 = 11_811;

/** RGBA samples from a function of the pixel. */
export function paint(
  width: number,
  height: number,
  colourAt: (x: number, y: number) => readonly [number, number, number, number],
): Uint8Array {
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(colourAt(x, y), 4 * (y * width + x));
  }
  return data;
}

/** Puts a pHYs chunk behind the header of a PNG: how large it is on paper. */
function withResolution(png: Uint8Array, pixelsPerMetre = DPI_300): Uint8Array {
  const body = Buffer.alloc(13);
  body.write('pHYs', 0, 'latin1');
  body.writeUInt32BE(pixelsPerMetre, 4);
  body.writeUInt32BE(pixelsPerMetre, 8);
  body[12] = 1;
  return insertChunk(png, body);
}

/** A chunk (type and data) behind IHDR. */
export function insertChunk(png: Uint8Array, typeAndData: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(typeAndData.length - 4);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(typeAndData));
  return Buffer.concat([png.subarray(0, 33), length, typeAndData, crc, png.subarray(33)]);
}

/** A round red seal with a soft edge, a see-through ring and a half see-through heart; 36 mm. */
export function sealPng(size = 425): Uint8Array {
  const centre = size / 2;
  const data = paint(size, size, (x, y) => {
    const radius = Math.hypot(x + 0.5 - centre, y + 0.5 - centre) / centre;
    if (radius > 1) return [0, 0, 0, 0];
    if (radius > 0.9) return [214, 0, 28, Math.round(255 * Math.min(1, (1 - radius) * 40))];
    if (radius > 0.5) return [0, 0, 0, 0];
    return [214, 0, 28, 128];
  });
  return withResolution(encode({ width: size, height: size, data, channels: 4, depth: 8 }));
}

/** Blue strokes on nothing, 45 × 20 mm. */
export function signaturePng(): Uint8Array {
  const data = paint(530, 236, (x, y) => {
    const wave = 118 + 80 * Math.sin(x / 31) * Math.cos(x / 97);
    return Math.abs(y - wave) < 6 ? [12, 34, 160, 255] : [0, 0, 0, 0];
  });
  return withResolution(encode({ width: 530, height: 236, data, channels: 4, depth: 8 }));
}
