import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import fontkit from '@pdf-lib/fontkit';
import { PDFDocument } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { prepareStamp } from '../../src/stamp/prepare.ts';
import { createTestPki } from '../../src/testing/test-pki.ts';
import {
  type Raster,
  type Shape,
  type Word,
  cutShape,
  difference,
  renderPages,
  wordsOf,
} from './raster.ts';

/** The 134 letters of Vietnamese beyond ASCII: vowels with tones, and Đ, in both cases. */
const LETTERS = Array.from('AĂÂEÊIOÔƠUƯY')
  .flatMap((vowel) =>
    ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323'].map((tone) =>
      (vowel + tone).normalize('NFC'),
    ),
  )
  .concat('Đ')
  .flatMap((letter) => [letter, letter.toLowerCase()])
  .filter((letter) => !/[A-Za-z]/.test(letter));
const PER_LINE = 18;
const DPI = 600;
/** Share of the ink that may differ: far less than one accent. */
const TOLERANCE = 0.01;
const AT = new Date('2026-11-22T02:30:05Z');

const lines = Array.from({ length: Math.ceil(LETTERS.length / PER_LINE) }, (_, i) =>
  LETTERS.slice(i * PER_LINE, (i + 1) * PER_LINE),
);
let references: Map<string, Shape>;

/** The letters as pdf-lib draws them with the whole font embedded. */
async function drawReference(): Promise<Uint8Array> {
  const path = '@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf';
  const document = await PDFDocument.create();
  document.registerFontkit(fontkit);
  const file = readFileSync(
    createRequire(import.meta.resolve('../../src/stamp/font.ts')).resolve(path),
  );
  const font = await document.embedFont(file, { subset: false });
  for (const line of lines) {
    document.addPage([300, 80]).drawText(line.join(' '), { x: 20, y: 40, size: 10, font });
  }
  return document.save();
}

/** One line of letters a page, each in a stamp of its own signature. */
async function drawStamps(form: 'NFC' | 'NFD'): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  for (let i = 0; i < lines.length; i++) document.addPage([400, 120]);
  let pdf: Uint8Array = await document.save();
  const pki = await createTestPki();
  const signer = await pki.issue({ commonName: 'UBND', algorithm: 'ec-p256' });
  for (const [index, line] of lines.entries()) {
    const stamp = await prepareStamp({ form: 'appendix', agency: line.join(' ').normalize(form) });
    const appearance = stamp.on({
      page: index + 1,
      documentCode: { codeNumber: '1', codeNotation: 'A' },
    });
    pdf = await signPdf(pdf, signer, { signedAt: AT, appearance });
  }
  return pdf;
}

/** The letters of a rendered file, found by what text extraction says stands where. */
function shapesOf(pdf: Uint8Array): Map<string, Shape> {
  const pages = renderPages(pdf, { dpi: DPI, grey: true });
  const shapes = new Map<string, Shape>();
  for (const [index, words] of wordsOf(pdf).entries()) {
    const page = pages[index];
    for (const word of words) {
      if (page !== undefined && LETTERS.includes(word.text))
        shapes.set(word.text, shapeOf(page, word));
    }
  }
  return shapes;
}

function shapeOf(page: Raster, { box: [left, , right, bottom] }: Word): Shape {
  const toPixels = (points: number): number => Math.round((points * DPI) / 72);
  const baseLine = bottom - 2.16;
  return cutShape(page, [
    toPixels(left - 1),
    toPixels(baseLine - 10.5),
    toPixels(right + 1),
    toPixels(baseLine + 3),
  ]);
}

beforeAll(async () => {
  references = shapesOf(await drawReference());
});

describe('letters of a stamp', () => {
  it('has references that can tell all 134 letters apart', () => {
    expect(LETTERS).toHaveLength(134);
    expect([...references.keys()].sort()).toEqual([...LETTERS].sort());
    let closest = 9;
    for (const [a, one] of references) {
      expect(one.total).toBeGreaterThan(0);
      for (const [b, other] of references)
        if (a !== b) closest = Math.min(closest, difference(one, other));
    }
    expect(closest).toBeGreaterThan(2 * TOLERANCE);
  });

  it.each(['NFC', 'NFD'] as const)('draws each as the whole font does, from %s', async (form) => {
    const shapes = shapesOf(await drawStamps(form));
    const differences = Object.fromEntries(
      LETTERS.map((letter) => {
        const [drawn, reference] = [shapes.get(letter), references.get(letter)];
        return [letter, drawn && reference ? difference(drawn, reference) : undefined];
      }),
    );
    const wrong = Object.entries(differences).filter(
      ([, value]) => !(value !== undefined && value < TOLERANCE),
    );
    expect(wrong).toEqual([]);
  });
});
