import { spawnSync } from 'node:child_process';

import { PDFDocument, PDFName, degrees, rgb } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';

import { collectFields } from '../../src/pades/form.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { isPdfArray } from '../../src/pdf/values.ts';
import type { Appearance } from '../../src/stamp/appearance.ts';
import { type PreparedStamp, prepareStamp } from '../../src/stamp/prepare.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { allSources } from '../pades/sources.ts';
import { runTool } from '../pades/tools.ts';
import { sealPng, signaturePng } from './pictures.ts';
import { type Raster, colourAt, renderPages, wordsOf } from './raster.ts';

/** Half past midnight of the next day in Viet Nam. */
const AT = new Date('2026-11-22T17:30:05Z');
const TIME = '23/11/2026 00:30:05 +07:00';
const AGENCY = 'Ủy ban nhân dân xã Hải Lăng';
const CODE = { codeNumber: '15', codeNotation: 'QĐ-UBND' };
const MM = 72 / 25.4;
let pki: TestPki;
let person: TestSigner;
let seal: TestSigner;
let stamps: Record<'personal' | 'agency' | 'appendix' | 'copy', PreparedStamp>;

beforeAll(async () => {
  pki = await createTestPki();
  person = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
  seal = await pki.issue({ commonName: 'UBND xã Hải Lăng', algorithm: 'ec-p256' });
  const picture = sealPng();
  stamps = {
    personal: await prepareStamp({ form: 'personal', picture: signaturePng() }),
    agency: await prepareStamp({ form: 'agency', picture, agency: AGENCY.normalize('NFD') }),
    appendix: await prepareStamp({ form: 'appendix', agency: AGENCY }),
    copy: await prepareStamp({ form: 'copy', picture, agency: AGENCY, copyForm: 'SAO Y' }),
  };
});

interface PageShape {
  readonly size?: [number, number];
  readonly crop?: [x: number, y: number, width: number, height: number];
  readonly rotate?: number;
  readonly userUnit?: number;
  readonly pages?: number;
}

/** Pages that are green all over. */
async function greenPdf(shape: PageShape = {}): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  for (let i = 0; i < (shape.pages ?? 1); i++) {
    const page = document.addPage(shape.size ?? [595, 842]);
    page.drawRectangle({ x: -100, y: -100, width: 5000, height: 5000, color: rgb(0, 1, 0.4) });
    if (shape.crop !== undefined) page.setCropBox(...shape.crop);
    if (shape.rotate !== undefined) page.setRotation(degrees(shape.rotate));
    if (shape.userUnit !== undefined) {
      page.node.set(PDFName.of('UserUnit'), document.context.obj(shape.userUnit));
    }
  }
  return document.save({ useObjectStreams: false });
}

function sign(pdf: Uint8Array, appearance: Appearance, fieldName = 'S1'): Promise<Uint8Array> {
  return signPdf(pdf, fieldName === 'S1' ? person : seal, { signedAt: AT, fieldName, appearance });
}

/** The colours of the seal and of the pages here; viewers convert the seal's from sRGB. */
const RED = [214, 0, 28];
const GREEN = [0, 255, 102];

function expectColour(actual: readonly number[], expected: readonly number[]): void {
  const apart = actual.map((value, i) => Math.abs(value - (expected[i] ?? -1)));
  expect({ actual, isClose: Math.max(...apart) <= 8 }).toEqual({ actual, isClose: true });
}

/** Rectangle of a field's widget, in units of its page. */
function rectOf(pdf: Uint8Array, fieldName = 'S1'): number[] {
  const field = collectFields(openPdf(pdf)).find(({ name }) => name === fieldName);
  const rect = field?.dict.get('Rect');
  return isPdfArray(rect) ? rect.map(Number) : [];
}

const textOf = (pdf: Uint8Array, page = 0): string =>
  (wordsOf(pdf)[page] ?? []).map(({ text }) => text).join(' ');

function firstPage(pdf: Uint8Array, dpi: number): Raster {
  const [page] = renderPages(pdf, { dpi });
  if (page === undefined) throw new Error('no page rendered');
  return page;
}

describe('stamps', () => {
  it('show what the Decree asks of each form', async () => {
    const pdf = await greenPdf();
    const place = { rect: [200, 300, 420, 500] } as const;
    const appendix = await sign(pdf, stamps.appendix.on({ documentCode: CODE }));
    expect(textOf(appendix)).toBe(`Số: 15/QĐ-UBND ${AGENCY} Thời gian ký: ${TIME}`);
    expect(textOf(await sign(pdf, stamps.copy.on({})))).toBe(
      `SAO Y ${AGENCY} Thời gian ký: ${TIME}`,
    );
    expect(textOf(await sign(pdf, stamps.agency.on({ place })))).toBe(`${AGENCY} ${TIME}`);
    expect(textOf(await sign(pdf, stamps.personal.on({ place })))).toBe('');
  });

  it('stand at the top right of the first page when they are for appendices and copies', async () => {
    const pdf = await greenPdf({ pages: 2 });
    for (const appearance of [stamps.appendix.on({ documentCode: CODE }), stamps.copy.on({})]) {
      const signed = await sign(pdf, appearance);
      const [left = 0, bottom = 0, right = 0, top = 0] = rectOf(signed);
      expect([595 - right, 842 - top]).toEqual([28, 28]);
      expect(left).toBeGreaterThan(300 - 60);
      expect(bottom).toBeGreaterThan(842 / 2);
      expect(wordsOf(signed).map((words) => words.length > 0)).toEqual([true, false]);
    }
  });

  it('cover a third of the personal signature with the seal, at its true size', async () => {
    const place = { rect: [300, 200, 430, 260] } as const;
    const personal = await sign(await greenPdf({ pages: 2 }), stamps.personal.on({ place }));
    const both = await sign(personal, stamps.agency.on({ besideField: 'S1' }), 'S2');
    const [left = 0, bottom = 0, right = 0, top = 0] = rectOf(both, 'S1');
    const agency = rectOf(both, 'S2');
    const [x = 0, , x2 = 0, y2 = 0] = agency;
    const [width, height] = [right - left, top - bottom];
    const sealSide = (425 / 11_811) * 1_000 * MM;
    // The widget also holds the text, which may be wider than the seal above it.
    const sealRight = (x + x2) / 2 + sealSide / 2;
    expect(sealRight - left).toBeCloseTo(width / 3, 1);
    expect(y2 - sealSide / 2).toBeCloseTo(bottom + height / 2, 1);
    const page = renderPages(both, { dpi: 72 })[1];
    if (page === undefined) throw new Error('no second page');
    const ringX = sealRight - sealSide * 0.03;
    expectColour(colourAt(page, 72, ringX, 842 - (bottom + height / 2)), RED);
  });

  it('keep the alpha of the seal: opaque ring, nothing between, half of the heart', async () => {
    const appearance = stamps.agency.on({ place: { rect: [100, 400, 300, 600] } });
    const signed = await sign(await greenPdf(), appearance);
    const [left = 0, , right = 0, top = 0] = rectOf(signed);
    const radius = ((425 / 11_811) * 1_000 * MM) / 2;
    const [x, y] = [(left + right) / 2, 842 - top + radius];
    const page = firstPage(signed, 144);
    const colour = (share: number): number[] => colourAt(page, 144, x + radius * share, y);
    expectColour(colour(-0.95), RED);
    expectColour(colour(0.7), GREEN);
    expectColour(
      colour(0.2),
      RED.map((value, i) => (value + (GREEN[i] ?? 0)) / 2),
    );
    expectColour(colour(1.2), GREEN);
  });

  it('have no grey seam where a scaled picture ends', async () => {
    const stamp = await prepareStamp({ form: 'personal', picture: sealPng() });
    const signed = await sign(await greenPdf(), stamp.on({ place: { corner: 'top-left' } }));
    const page = firstPage(signed, 25);
    let darkest = 2;
    for (let i = 0; i < page.data.length; i += 3) {
      // Red over green: what one loses the other gains, unless something dark comes in.
      const share = (page.data[i] ?? 0) / 214 + (page.data[i + 1] ?? 0) / 255;
      darkest = Math.min(darkest, share);
    }
    expect(darkest).toBeGreaterThan(0.97);
  });

  it('look the same on turned, cropped and scaled pages', async () => {
    const plain = await greenPdf({ size: [500, 500] });
    const upright = firstPage(await sign(plain, stamps.copy.on({})), 144);
    const shapes: PageShape[] = [
      ...[0, 90, 180, 270, -90].map((rotate) => ({ rotate })),
      ...[0, 90, 180, 270].map((rotate) => ({
        rotate,
        size: [700, 640] satisfies [number, number],
        crop: [120, 70, 500, 500] satisfies [number, number, number, number],
      })),
    ];
    for (const shape of shapes) {
      const signed = await sign(await greenPdf({ size: [500, 500], ...shape }), stamps.copy.on({}));
      const page = firstPage(signed, 144);
      expect({ shape, width: page.width }).toEqual({ shape, width: upright.width });
      expect({ shape, share: shareOfDifferentPixels(page, upright) }).toEqual({ shape, share: 0 });
    }
  });

  it('have the same size on paper whatever the unit of the page is', async () => {
    const plain = rectOf(await sign(await greenPdf({ size: [500, 500] }), stamps.copy.on({})));
    for (const rotate of [0, 90]) {
      const half = { size: [250, 250] satisfies [number, number], userUnit: 2 };
      const signed = await sign(await greenPdf({ ...half, rotate }), stamps.copy.on({}));
      const [left = 0, bottom = 0, right = 0, top = 0] = rectOf(signed).map((value) => 2 * value);
      const sizes = [right - left, top - bottom];
      if (rotate === 90) sizes.reverse();
      const [l = 0, b = 0, r = 0, t = 0] = plain;
      expect(sizes[0]).toBeCloseTo(r - l, 1);
      expect(sizes[1]).toBeCloseTo(t - b, 1);
    }
  });

  it('find the personal signature on a turned page', async () => {
    for (const rotate of [90, 180, 270]) {
      const pdf = await greenPdf({ size: [500, 500], rotate });
      const place = { rect: [300, 200, 430, 260] } as const;
      const personal = await sign(pdf, stamps.personal.on({ place }));
      const both = await sign(personal, stamps.agency.on({ besideField: 'S1' }), 'S2');
      const page = firstPage(both, 72);
      // The ring of the seal, 36 mm wide and right of a third of the personal signature.
      const sealRight = 300 + 130 / 3;
      expectColour(colourAt(page, 72, sealRight - 3, 500 - 230), RED);
    }
  });

  it('leave earlier signatures valid over every kind of source, for all judges', async () => {
    for (const [name, source] of await allSources()) {
      const place = { rect: [300, 200, 430, 260] } as const;
      const once = await sign(source, stamps.personal.on({ place }));
      const twice = await sign(once, stamps.agency.on({ besideField: 'S1' }), 'S2');
      const report = verifyPdf(twice, { trust: pki.trust(), at: AT });
      expect({ name, ...report }).toMatchObject({ name, indication: 'TOTAL-PASSED' });
      expect(report.signatures).toHaveLength(2);
      const pdfsig = runTool('pdfsig', ['-nocert', 'a.pdf'], { 'a.pdf': twice }).output;
      expect(pdfsig.match(/Signature is Valid/g)).toHaveLength(2);
      const before = runTool('qpdf', ['--check', 'a.pdf'], { 'a.pdf': source });
      const after = runTool('qpdf', ['--check', 'a.pdf'], { 'a.pdf': twice });
      expect({ name, status: after.status }).toEqual({ name, status: before.status });
    }
  });

  it('embed a subset font with Unicode, and no font when there is no text', async () => {
    const pdf = await greenPdf();
    const appendix = await sign(pdf, stamps.appendix.on({ documentCode: CODE }));
    const fonts = runTool('pdffonts', ['a.pdf'], { 'a.pdf': appendix }).output;
    expect(fonts).toMatch(/[A-Z]{6}\+Tinos-Regular +CID TrueType +Identity-H +yes yes yes/);
    const personal = await sign(pdf, stamps.personal.on({ place: { corner: 'bottom-left' } }));
    expect(runTool('pdffonts', ['a.pdf'], { 'a.pdf': personal }).output).not.toContain('Tinos');
    expect(appendix.length - pdf.length).toBeLessThan(24 * 1024);
  });

  it('wrap and shrink long names, and refuse what no longer fits', async () => {
    const agency = `Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân ${'thành phố '.repeat(9)}Huế`;
    const stamp = await prepareStamp({ form: 'agency', picture: sealPng(), agency });
    const signed = await sign(
      await greenPdf(),
      stamp.on({ place: { rect: [100, 300, 300, 600] } }),
    );
    expect(textOf(signed)).toBe(`${agency} ${TIME}`);
    const long = { form: 'agency', picture: sealPng(), agency: 'Huế '.repeat(70) } as const;
    const preparing = prepareStamp(long);
    await expect(preparing).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
    await expect(preparing).rejects.toThrow(/does not fit 4 lines of 126 pt at 6 pt/);
    await expect(prepareStamp({ form: 'appendix', agency: ' ' })).rejects.toThrow(/is empty/);
  });

  it.each([
    ['漢', 'U+6F22'],
    ['😀', 'U+1F600'],
    ['x\u0302', 'U+0302'],
    ['\u202e', 'U+202E'],
    ['\ud800', 'U+D800'],
  ])('name a letter they cannot show: %s', async (letter, codePoint) => {
    const missing = { code: 'SIGNER_STAMP_GLYPH_MISSING', details: { codePoint } };
    await expect(prepareStamp({ form: 'appendix', agency: `Xã ${letter}a` })).rejects.toMatchObject(
      missing,
    );
    const documentCode = { codeNumber: '1', codeNotation: letter };
    const use = async (): Promise<Appearance> => stamps.appendix.on({ documentCode });
    await expect(use()).rejects.toMatchObject(missing);
  });

  it.each([
    ['a page that is not there', { page: 3, place: { corner: 'top-left' } }, /has 1 pages/],
    ['a place over the edge', { place: { rect: [500, 500, 700, 700] } }, /reaches over page 1/],
    ['a place too small for the seal', { place: { rect: [10, 10, 60, 60] } }, /does not fit/],
    ['a field that is not there', { besideField: 'S9' }, /no signature field "S9"/],
  ] as const)('are refused for %s', async (_, use, message) => {
    const pdf = await greenPdf();
    const signing = sign(pdf, stamps.agency.on(use));
    await expect(signing).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
    await expect(signing).rejects.toThrow(message);
  });

  it('never cover more of a page than verifiers allow', async () => {
    const small = await greenPdf({ size: [200, 200] });
    await expect(sign(small, stamps.agency.on({ place: { corner: 'top-left' } }))).rejects.toThrow(
      /covers too much of page 1/,
    );
    const place = { rect: [0, 0, 595, 842] } as const;
    await expect(sign(await greenPdf(), stamps.personal.on({ place }))).rejects.toThrow(
      /limit 25 %/,
    );
  });

  it('stay on the page beside a signature at its edge', async () => {
    const place = { rect: [0, 0, 130, 60] } as const;
    const personal = await sign(await greenPdf(), stamps.personal.on({ place }));
    const both = await sign(personal, stamps.agency.on({ besideField: 'S1' }), 'S2');
    expect(rectOf(both, 'S2').slice(0, 2)).toEqual([0, 0]);
  });

  it('refuse uses that do not belong to their form', () => {
    expect(() => stamps.personal.on({})).toThrow(/needs a place/);
    expect(() => stamps.personal.on({ besideField: 'S1' })).toThrow(/agency stamps/);
    expect(() => stamps.appendix.on({})).toThrow(/give documentCode/);
    expect(() => stamps.copy.on({ documentCode: CODE })).toThrow(/for appendix stamps/);
  });

  it('load neither fonts nor decoders when nobody stamps', () => {
    const index = new URL('../../src/index.ts', import.meta.url).href;
    const script = `import { registerHooks } from 'node:module';
      const seen = [];
      registerHooks({ resolve(name, context, next) { seen.push(name); return next(name, context); } });
      await import(${JSON.stringify(index)});
      console.log(JSON.stringify(seen));`;
    const args = ['--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('./stamp/prepare.ts');
    expect(stdout).not.toMatch(/subset-font|fast-png|tinos/);
  });
});

function shareOfDifferentPixels(a: Raster, b: Raster): number {
  let different = 0;
  for (let i = 0; i < a.data.length; i++) {
    // Text and picture are turned, so their soft edges may fall a little differently.
    if (Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0)) > 90) different++;
  }
  return Math.round((1_000 * different) / a.data.length) / 1_000;
}
