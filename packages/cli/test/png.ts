import { encode } from 'fast-png';

/** A square of one colour with a transparent border, as PNG. */
export function squarePng(size: number, [red, green, blue]: readonly number[]): Uint8Array {
  const border = size / 8;
  const data = new Uint8Array(size * size * 4);
  for (let y = border; y < size - border; y += 1) {
    for (let x = border; x < size - border; x += 1) {
      data.set([red ?? 0, green ?? 0, blue ?? 0, 255], (y * size + x) * 4);
    }
  }
  return encode({ width: size, height: size, channels: 4, data });
}
