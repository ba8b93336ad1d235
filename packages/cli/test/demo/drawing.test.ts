import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import fontkit from '@pdf-lib/fontkit';
import {
  beginText,
  endText,
  moveText,
  PDFDocument,
  PDFHexString,
  setFontAndSize,
  showText,
} from 'pdf-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CAST, castAgency } from '../../src/demo/agencies.ts';
import { composeDocument, notationOf } from '../../src/demo/compose.ts';
import { drawDocument } from '../../src/drawing/official/draw-document.ts';
import type { OfficialDocument } from '../../src/drawing/official/official-document.ts';
import { addPage, PAGE } from '../../src/drawing/page-writer.ts';
import { paginate } from '../../src/drawing/pagination.ts';
import {
  embedTypefaces,
  FACES,
  loadTypefaces,
  VIETNAMESE_LETTERS,
} from '../../src/drawing/typefaces.ts';
import * as bridge from '../../src/demo/texts/bridge.ts';
import * as exchange from '../../src/demo/texts/exchange.ts';
import * as fieldWork from '../../src/demo/texts/field-work.ts';
import type { TextWriter } from '../../src/demo/texts/text.ts';

const run = promisify(execFile);
const writers: Record<string, TextWriter> = { ...bridge, ...exchange, ...fieldWork };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'congvan-drawing-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function save(name: string, pdf: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, pdf);
  return file;
}

interface Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Renders one page to grey pixels, as a reader sees it. */
async function render(file: string, page: number, dpi: number): Promise<Raster> {
  const prefix = `${file}-${page}`;
  const pages = ['-f', `${page}`, '-l', `${page}`, '-singlefile'];
  await run('pdftoppm', ['-gray', '-r', `${dpi}`, ...pages, file, prefix]);
  const bytes = await readFile(`${prefix}.pgm`);
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/u.exec(bytes.subarray(0, 64).toString('latin1'));
  if (header === null) throw new Error('not a PGM file');
  const [text, width, height] = header;
  return { width: Number(width), height: Number(height), pixels: bytes.subarray(text.length) };
}

const CELL = { width: 30, height: 40, columns: 18, size: 22, top: 800, left: 25, dpi: 96 } as const;

function cellPosition(index: number): { x: number; y: number } {
  const column = index % CELL.columns;
  const row = Math.floor(index / CELL.columns);
  return { x: CELL.left + column * CELL.width, y: CELL.top - row * CELL.height };
}

/** The pixels of one cell of the sheet as a string: equal strings are equal pictures. */
function cellPixels(raster: Raster, index: number): string {
  const { x, y } = cellPosition(index);
  const scale = CELL.dpi / 72;
  const left = Math.round((x - 3) * scale);
  const top = Math.round((PAGE.height - y - CELL.height * 0.72) * scale);
  let picture = '';
  for (let row = top; row < top + Math.floor(CELL.height * scale); row += 1) {
    const start = row * raster.width + left;
    const line = raster.pixels.subarray(start, start + Math.floor(CELL.width * scale));
    picture += Buffer.from(line).toString('latin1');
  }
  return picture;
}

function isBlank(picture: string): boolean {
  return /^\u00FF*$/u.test(picture);
}

describe('the letters of the documents', () => {
  it('counts the 134 letters that Vietnamese adds to a–z', () => {
    expect(VIETNAMESE_LETTERS).toHaveLength(134);
    expect(new Set(VIETNAMESE_LETTERS).size).toBe(134);
    expect(VIETNAMESE_LETTERS.every((letter) => letter === letter.normalize('NFC'))).toBe(true);
  });

  it('shows every Vietnamese letter, each with its own picture, in all four faces', async () => {
    const typefaces = await loadTypefaces();
    const pdf = await PDFDocument.create();
    const fonts = await embedTypefaces(pdf, typefaces);
    const letters = VIETNAMESE_LETTERS;
    for (const face of FACES) {
      const writer = addPage(pdf, typefaces, fonts);
      letters.forEach((letter, index) => {
        const { x, y } = cellPosition(index);
        writer.text(letter, x, y, { face, size: CELL.size });
      });
      // After the letters stands glyph 0, which a reader shows for a letter that the font lacks.
      const { x, y } = cellPosition(letters.length);
      pdf
        .getPages()
        .at(-1)
        ?.pushOperators(
          beginText(),
          setFontAndSize(`F${FACES.indexOf(face) + 1}`, CELL.size),
          moveText(x, y),
          showText(PDFHexString.of('0000')),
          endText(),
        );
    }
    const file = await save('letters.pdf', await pdf.save());

    for (const [faceIndex, face] of FACES.entries()) {
      const raster = await render(file, faceIndex + 1, CELL.dpi);
      const missing = cellPixels(raster, letters.length);
      const seen = new Map<string, string>();
      for (const [index, letter] of letters.entries()) {
        const picture = cellPixels(raster, index);
        expect(isBlank(picture), `${face} ${letter} is blank`).toBe(false);
        expect(picture === missing, `${face} ${letter} looks like a missing letter`).toBe(false);
        expect(seen.get(picture), `${face} ${letter} looks like another letter`).toBeUndefined();
        seen.set(picture, letter);
      }
    }
  });

  it('would notice the blank letters of the subsetting that is built into pdf-lib', async () => {
    const resolve = createRequire(import.meta.url).resolve;
    const original = resolve('@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf');
    const pdf = await PDFDocument.create();
    pdf.registerFontkit(fontkit);
    const font = await pdf.embedFont(await readFile(original), { subset: true });
    const page = pdf.addPage([PAGE.width, PAGE.height]);
    const letters = VIETNAMESE_LETTERS;
    letters.forEach((letter, index) => {
      page.drawText(letter, { ...cellPosition(index), font, size: CELL.size });
    });
    const file = await save('broken.pdf', await pdf.save());

    const raster = await render(file, 1, CELL.dpi);
    const blank = letters.filter((_, index) => isBlank(cellPixels(raster, index)));
    expect(blank.length).toBeGreaterThan(50);
    // The text is all there: a test that only extracts it sees nothing wrong.
    const { stdout } = await run('pdftotext', [file, '-']);
    expect(letters.filter((letter) => !stdout.includes(letter))).toEqual([]);
  });
});

function sample(writer: TextWriter): OfficialDocument {
  const from = castAgency('H09.21');
  const to = [castAgency('H09'), castAgency('G22')];
  const issuer = castAgency('H09.21.001');
  const former = { issuer, codeNumber: '3', codeNotation: 'BC-UBND', issuedOn: '2026-02-04' };
  const text = writer({ from, to, former });
  const codeNotation = notationOf(from, text);
  const assigned = { codeNumber: '7', codeNotation, issuedOn: '2026-02-05' };
  return composeDocument({ from, to, text, assigned });
}

/** Words in reading order without the page numbers, all spaces removed. */
async function extractText(file: string): Promise<string> {
  const { stdout } = await run('pdftotext', ['-raw', file, '-']);
  const pages = stdout.split('\f').slice(0, -1);
  const body = pages.map((page, index) => {
    if (index === 0) return page;
    expect(page.startsWith(`${index + 1}\n`), 'page number on top').toBe(true);
    return page.slice(page.indexOf('\n') + 1);
  });
  return squeeze(body.join(''));
}

function squeeze(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/gu, '');
}

describe('an official document', () => {
  it('holds exactly the text that was drawn, over two to four pages', async () => {
    for (const [name, writer] of Object.entries(writers)) {
      const document = sample(writer);
      const file = await save(`${name}.pdf`, await drawDocument(document));
      const text = await extractText(file);
      const drawn = document.body.flatMap((block) =>
        block.kind === 'table' ? block.rows.flat() : 'text' in block ? [block.text] : [],
      );
      expect(drawn.filter((piece) => !text.includes(squeeze(piece)))).toEqual([]);
      const { stdout } = await run('pdfinfo', [file]);
      expect([2, 3, 4]).toContain(Number(/^Pages:\s+(\d+)$/mu.exec(stdout)?.[1]));
    }
  });

  it('bears the parts that Decree 30/2020 asks for', async () => {
    const document = sample(bridge.bridgeInspection);
    const text = await extractText(await save('parts.pdf', await drawDocument(document)));
    for (const part of [
      'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
      'Độc lập - Tự do - Hạnh phúc',
      'ỦY BAN NHÂN DÂN HUYỆN PHÚ GIÁO',
      'Số: 07/BC-UBND',
      'Phú Giáo, ngày 05 tháng 02 năm 2026',
      'BÁO CÁO',
      document.abstract,
      'Kính gửi:- Ủy ban nhân dân tỉnh Bình Dương;- Văn phòng Chính phủ.',
      'số 03/BC-UBND ngày 04/02/2026 của UBND xã Phước Hòa',
      'Nơi nhận:',
      '- Lưu: VT, VP.',
      'TM. ỦY BAN NHÂN DÂN',
      'Mạc Đình Tưởng',
    ]) {
      expect(text).toContain(squeeze(part));
    }
  });

  it('is well formed and small, and the same each time', async () => {
    const document = sample(exchange.provincePlan);
    const first = await drawDocument(document);
    const second = await drawDocument(document);
    expect(Buffer.compare(first, second)).toBe(0);
    expect(first.length).toBeGreaterThan(20_000);
    expect(first.length).toBeLessThan(60_000);
    const file = await save('plan.pdf', first);
    const { stdout } = await run('qpdf', ['--check', file]);
    expect(stdout).toContain('No syntax or stream encoding errors found');
  });

  it('names a letter that the font lacks instead of printing a box', async () => {
    const document = { ...sample(bridge.bridgeAnswer), abstract: 'Về việc 公文' };
    await expect(drawDocument(document)).rejects.toMatchObject({
      code: 'CLI_UNSUPPORTED',
      details: { codePoint: 'U+516C' },
    });
  });

  it('accepts decomposed Vietnamese letters', async () => {
    const document = sample(bridge.bridgeAnswer);
    const decomposed = { ...document, abstract: document.abstract.normalize('NFD') };
    const text = await extractText(await save('nfd.pdf', await drawDocument(decomposed)));
    expect(text).toContain(squeeze(document.abstract));
  });
});

describe('page breaks', () => {
  const line = (keepWithNext = false) => ({ before: 0, height: 10, keepWithNext, draw: () => {} });

  it('take a heading along to the page of its text', () => {
    const items = [line(), line(), line(true), line()];
    const pages = paginate(items, { firstTop: 30, top: 30, bottom: 0 });
    expect(pages.map((page) => page.length)).toEqual([2, 2]);
  });

  it('lose no line when nothing may be torn apart', () => {
    const items = Array.from({ length: 7 }, () => line(true));
    const pages = paginate(items, { firstTop: 30, top: 30, bottom: 0 });
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
  });
});

describe('the cast', () => {
  it('holds four tiers, each agency under one that exists at its own site', () => {
    const count = (tier: string) => CAST.filter((agency) => agency.tier === tier).length;
    expect([count('central'), count('province'), count('district'), count('commune')]).toEqual([
      2, 6, 3, 6,
    ]);
    expect(new Set(CAST.map((agency) => agency.code)).size).toBe(CAST.length);
    for (const agency of CAST) {
      if (agency.parent === null) continue;
      expect(castAgency(agency.parent).site).toBe(agency.site);
      expect(agency.code.startsWith(`${agency.parent}.`)).toBe(true);
    }
  });
});
