import { inflateSync } from 'node:zlib';

import { SignerError } from '../errors.ts';
import {
  PdfDict,
  type PdfStream,
  type PdfValue,
  integerOf,
  isPdfArray,
  nameText,
} from './values.ts';

function fail(message: string, cause?: unknown): never {
  throw new SignerError('SIGNER_PDF_BROKEN', message, { details: {}, cause });
}

/**
 * Decodes a cross-reference or object stream: no filter or `/FlateDecode`, with PNG or TIFF
 * predictors (ISO 32000-1 §7.4.4). Other filters make no sense there and are refused.
 *
 * @param maxBytes - the most the data may inflate to.
 * @throws {@link SignerError} `SIGNER_PDF_BROKEN`, or `SIGNER_PDF_TOO_COMPLEX` at the limit.
 */
export function decodeStream(
  stream: PdfStream,
  resolve: (value: PdfValue | undefined) => PdfValue | undefined,
  maxBytes: number,
): Uint8Array {
  const filter = firstOf(resolve(stream.dict.get('Filter')), 'Filter');
  if (filter === undefined || filter === null) return stream.raw;
  const name = nameText(resolve(filter));
  if (name !== 'FlateDecode') fail(`filter ${name ?? 'unknown'} in a structure stream`);
  const data = inflate(stream.raw, maxBytes);
  const parameters = resolve(firstOf(resolve(stream.dict.get('DecodeParms')), 'DecodeParms'));
  return parameters instanceof PdfDict ? undoPredictor(data, parameters, resolve) : data;
}

function firstOf(value: PdfValue | undefined, key: string): PdfValue | undefined {
  if (!isPdfArray(value)) return value;
  if (value.length > 1) fail(`more than one ${key} in a structure stream`);
  return value[0];
}

/** Such a stream is short as a rule; the default would allocate 16 KiB for each. */
function inflate(raw: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const chunkSize = Math.min(Math.max(raw.length * 4, 1_024), 64 * 1_024);
    return inflateSync(raw, { maxOutputLength: Math.max(1, maxBytes), chunkSize });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `compressed data exceed ${maxBytes} bytes`, {
        details: { maxBytes },
        cause,
      });
    }
    return fail('compressed data are corrupt', cause);
  }
}

function undoPredictor(
  data: Uint8Array,
  parameters: PdfDict,
  resolve: (value: PdfValue | undefined) => PdfValue | undefined,
): Uint8Array {
  const read = (key: string, standard: number): number =>
    integerOf(resolve(parameters.get(key)) ?? standard) ?? fail(`/${key} is no integer`);
  const predictor = read('Predictor', 1);
  if (predictor === 1) return data;
  const colors = read('Colors', 1);
  const bits = read('BitsPerComponent', 8);
  const columns = read('Columns', 1);
  if (bits !== 8 || colors < 1 || colors > 32 || columns < 1 || columns > 65_535) {
    fail('predictor parameters out of range');
  }
  if (predictor === 2) return undoTiff(data, colors, columns * colors);
  if (predictor < 10 || predictor > 15) fail(`predictor ${predictor} is unknown`);
  return undoPng(data, colors, columns * colors);
}

function undoTiff(data: Uint8Array, pixelBytes: number, rowBytes: number): Uint8Array {
  const out = Uint8Array.from(data);
  for (let row = 0; row + rowBytes <= out.length; row += rowBytes) {
    for (let i = row + pixelBytes; i < row + rowBytes; i++) {
      out[i] = (out[i] ?? 0) + (out[i - pixelBytes] ?? 0);
    }
  }
  return out;
}

function undoPng(data: Uint8Array, pixelBytes: number, rowBytes: number): Uint8Array {
  const rows = Math.ceil(data.length / (rowBytes + 1));
  if (rows * (rowBytes + 1) !== data.length) fail('predictor rows do not fill the data');
  const out = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    const source = row * (rowBytes + 1);
    const target = row * rowBytes;
    const type = data[source] ?? 0;
    if (type > 4) fail(`PNG filter ${type} is unknown`);
    for (let i = 0; i < rowBytes; i++) {
      const left = i >= pixelBytes ? (out[target + i - pixelBytes] ?? 0) : 0;
      const up = row > 0 ? (out[target + i - rowBytes] ?? 0) : 0;
      const upLeft =
        row > 0 && i >= pixelBytes ? (out[target + i - rowBytes - pixelBytes] ?? 0) : 0;
      out[target + i] = (data[source + 1 + i] ?? 0) + pngPrediction(type, left, up, upLeft);
    }
  }
  return out;
}

function pngPrediction(type: number, left: number, up: number, upLeft: number): number {
  if (type === 1) return left;
  if (type === 2) return up;
  if (type === 3) return (left + up) >> 1;
  return type === 4 ? paeth(left, up, upLeft) : 0;
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toUpLeft = Math.abs(estimate - upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
