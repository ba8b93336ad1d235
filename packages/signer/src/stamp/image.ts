import { deflateSync } from 'node:zlib';

import type { Picture } from './picture.ts';
import { type PreparedObject, preparedStream } from './prepared-object.ts';

/**
 * sRGB as a colour space that needs no output device (ISO 32000-1 §8.6.5.3): allowed in every PDF/A,
 * whatever its output intent is.
 */
export const STAMP_COLOURS =
  '[/CalRGB << /WhitePoint [0.9505 1 1.089] /Gamma [2.2 2.2 2.2] /Matrix [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505] >>]';

/** The objects of a picture: the image first, then its soft mask when it has transparent parts. */
export function imageObjects(picture: Picture, firstPlace: number): PreparedObject[] {
  const { width, height, alpha } = picture;
  const head = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /BitsPerComponent 8`;
  const image = compress(bleedColour(picture), width, 3);
  const entries = [`${head} /ColorSpace ${STAMP_COLOURS} ${image.parameters}`];
  if (alpha === undefined) return [preparedStream(entries, image.data)];
  const mask = compress(alpha, width, 1);
  return [
    preparedStream([...entries, ' /SMask ', firstPlace + 1], image.data),
    preparedStream([`${head} /ColorSpace /DeviceGray ${mask.parameters}`], mask.data),
  ];
}

/**
 * Gives pixels that cannot be seen the mean colour of those that can. Viewers that scale a picture
 * mix neighbours before they look at the mask, so the usual see-through black would leave a grey
 * seam around a seal; and one colour takes fewer bytes.
 */
function bleedColour({ rgb, alpha }: Picture): Uint8Array {
  if (alpha === undefined) return rgb;
  const sums = [0, 0, 0];
  let weight = 0;
  for (const [i, opacity] of alpha.entries()) {
    weight += opacity;
    for (let c = 0; c < 3; c++) sums[c] = (sums[c] ?? 0) + opacity * (rgb[3 * i + c] ?? 0);
  }
  const mean = sums.map((sum) => Math.round(sum / Math.max(1, weight)));
  const filled = Uint8Array.from(rgb);
  for (const [i, opacity] of alpha.entries()) if (opacity === 0) filled.set(mean, 3 * i);
  return filled;
}

/** Deflates samples as they are and as differences to the pixel before; the shorter one counts. */
function compress(
  samples: Uint8Array,
  width: number,
  channels: number,
): { data: Buffer; parameters: string } {
  const lineBytes = width * channels;
  const lines = samples.length / lineBytes;
  const differences = Buffer.alloc(lines * (lineBytes + 1));
  for (let line = 0; line < lines; line++) {
    const from = line * lineBytes;
    const to = line * (lineBytes + 1) + 1;
    differences[to - 1] = 1; // PNG filter "Sub"
    for (let i = 0; i < lineBytes; i++) {
      const before = i < channels ? 0 : (samples[from + i - channels] ?? 0);
      differences[to + i] = (samples[from + i] ?? 0) - before;
    }
  }
  const plain = deflateSync(samples, { level: 9 });
  const predicted = deflateSync(differences, { level: 9 });
  if (plain.length <= predicted.length) return { data: plain, parameters: '' };
  const parameters = `/DecodeParms << /Predictor 11 /Colors ${channels} /Columns ${width} >>`;
  return { data: predicted, parameters };
}
