import { deflateSync } from 'node:zlib';

import { beforeAll, describe, expect, it } from 'vitest';

import { openPdf } from '../../src/pdf/document.ts';
import { Lexer } from '../../src/pdf/lexer.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../../src/pdf/limits.ts';
import { PdfDict, PdfRef, PdfStream, type PdfValue, valuesEqual } from '../../src/pdf/values.ts';
import { allSources, drawPdf, hybridPdf, plainPdf, writePdf } from '../pades/sources.ts';
import { rewriteWithQpdf, runTool } from '../pades/tools.ts';

let sources: [name: string, pdf: Uint8Array][];

beforeAll(async () => {
  sources = await allSources();
});

function parse(text: string): PdfValue {
  const bytes = Buffer.from(text, 'latin1');
  return new Lexer(bytes, 0, bytes.length, 64).parseValue();
}

/** What qpdf reads for an object; of a stream only its dictionary. */
function readWithQpdf(pdf: Uint8Array, number: number): PdfValue {
  const { output } = runTool('qpdf', [`--show-object=${number}`, 'a.pdf'], { 'a.pdf': pdf });
  return parse(output.replace(/^Object is stream\..*\n/, ''));
}

describe('openPdf', () => {
  it('reads the same objects as qpdf, for every kind of file', () => {
    for (const [name, pdf] of sources) {
      const document = openPdf(pdf);
      const size = Number(document.trailer.get('Size'));
      for (let number = 1; number < size; number++) {
        const value = document.get(number);
        const own = value instanceof PdfStream ? value.dict : value;
        const isXref = own instanceof PdfDict && valuesEqual(own.get('Type'), parse('/XRef'));
        const isSame = isXref || valuesEqual(own, readWithQpdf(pdf, number));
        expect({ name, number, isSame }).toEqual({ name, number, isSame: true });
      }
    }
  });

  it('reads the catalog that viewers read, not one that was appended without cross-reference', () => {
    const evil = '1 0 obj\n<< /Type /Catalog /Lang (EVIL) >>\nendobj\n';
    const document = openPdf(Buffer.concat([plainPdf(), Buffer.from(evil)]));
    expect(document.catalog().get('Lang')).toBeUndefined();
  });

  it('gives null for objects that are free or absent, or referred to by a wrong generation', () => {
    const document = openPdf(plainPdf({ 4: '12' }));
    expect(document.get(0)).toBeNull();
    expect(document.get(999)).toBeNull();
    expect(document.resolve(new PdfRef(4, 0))).toBe(12);
    expect(document.resolve(new PdfRef(4, 1))).toBeNull();
  });

  it('undoes the predictors of cross-reference streams', async () => {
    const table = openPdf(await drawPdf({ streams: false }));
    const rows = [10, 11, 12, 13, 14, 15];
    expect(rows.map((predictor) => readThrough(predictor, table.source.bytes))).toEqual(
      rows.map(() => 'Catalog'),
    );
    expect(readThrough(2, table.source.bytes)).toBe('Catalog');
  });

  it('knows hidden objects of a hybrid file, also after a further revision', () => {
    const document = openPdf(hybridPdf());
    expect(document.newestSection.hidden).toBeDefined();
    expect(document.get(12)).toBeInstanceOf(PdfDict);
  });

  it('sees two sections in a linearized file', async () => {
    const pdf = rewriteWithQpdf(await drawPdf({ streams: false }), '--linearize');
    expect(openPdf(pdf).sections).toHaveLength(2);
  });
});

/** The type of the catalog when the cross-reference is a stream with the given predictor. */
function readThrough(predictor: number, pdf: Uint8Array): unknown {
  const document = openPdf(pdf);
  const size = Number(document.trailer.get('Size'));
  const rows = Buffer.alloc(size * 5);
  for (let number = 0; number < size; number++) {
    const entry = document.entry(number);
    rows.writeUInt8(entry === undefined ? 0 : 1, number * 5);
    rows.writeUInt32BE(entry?.position ?? 0, number * 5 + 1);
  }
  const packed = deflateSync(predict(rows, 5, predictor)).toString('latin1');
  const root = document.trailer.get('Root');
  const rootText = root instanceof PdfRef ? `${root.number} 0 R` : '';
  const dict =
    `<< /Type /XRef /Size ${size} /W [1 4 0] /Root ${rootText} /Filter [/FlateDecode] ` +
    `/DecodeParms [<< /Predictor ${predictor} /Columns 5 >>] /Length ${packed.length} >>`;
  const text = `${size} 0 obj\n${dict}\nstream\n${packed}\nendstream\nendobj\nstartxref\n${pdf.length}\n%%EOF\n`;
  const catalog = openPdf(Buffer.concat([pdf, Buffer.from(text, 'latin1')])).catalog();
  const type = catalog.get('Type');
  return type !== null && typeof type === 'object' && 'text' in type ? type.text : type;
}

/** PNG filters 0 to 4 (15 mixes them), or TIFF predictor 2, for rows of one-byte pixels. */
function predict(data: Buffer, width: number, predictor: number): Buffer {
  const at = (row: number, column: number): number =>
    row < 0 || column < 0 ? 0 : (data[row * width + column] ?? 0);
  const rows: Buffer[] = [];
  for (let row = 0; row < data.length / width; row++) {
    const type = predictor === 15 ? row % 5 : predictor - 10;
    const line = Buffer.alloc(width);
    for (let column = 0; column < width; column++) {
      const [left, up, corner] = [
        at(row, column - 1),
        at(row - 1, column),
        at(row - 1, column - 1),
      ];
      const guess = left + up - corner;
      const nearest = [left, up, corner].toSorted(
        (a, b) => Math.abs(guess - a) - Math.abs(guess - b),
      )[0];
      const expected =
        predictor === 2 ? left : [0, left, up, Math.floor((left + up) / 2), nearest ?? 0][type];
      line[column] = (at(row, column) - (expected ?? 0)) & 0xff;
    }
    if (predictor !== 2) rows.push(Buffer.from([type]));
    rows.push(line);
  }
  return Buffer.concat(rows);
}

describe('limits', () => {
  const open = (pdf: Uint8Array, limits: Partial<PdfLimits>): unknown => {
    const document = openPdf(pdf, { ...DEFAULT_PDF_LIMITS, ...limits });
    for (let number = 0; number < 20; number++) document.get(number);
    return document;
  };

  it.each([
    ['a file that is too large', { maxFileBytes: 100 }, 'SIGNER_PDF_TOO_LARGE'],
    ['too many objects', { maxObjects: 5 }, 'SIGNER_PDF_TOO_COMPLEX'],
    ['values that are nested too deep', { maxDepth: 1 }, 'SIGNER_PDF_TOO_COMPLEX'],
    ['streams that inflate too much', { maxInflatedBytes: 10 }, 'SIGNER_PDF_TOO_COMPLEX'],
    ['too many revisions', { maxSections: 1 }, 'SIGNER_PDF_TOO_COMPLEX'],
  ])('stop %s', async (_name, limits, code) => {
    const pdf = rewriteWithQpdf(await drawPdf({ streams: true }), '--linearize');
    expect(() => open(pdf, limits)).toThrow(expect.objectContaining({ code }));
    expect(() => open(pdf, {})).not.toThrow();
  });

  it('stop streams whose lengths stand in one another, in a row without end', () => {
    const objects: Record<number, string> = { 1: '<< /Type /Catalog >>' };
    for (let number = 2; number < 5_000; number++) {
      objects[number] = `<< /Length ${number + 1} 0 R >>\nstream\n\nendstream`;
    }
    const document = openPdf(writePdf(objects));
    expect(() => document.get(2)).toThrow(expect.objectContaining({ code: 'SIGNER_PDF_BROKEN' }));
  });

  it('stop a file that makes the reader read the same bytes again and again', () => {
    // Every object begins a string that only the end of the file closes.
    const count = 4_000;
    let text = '%PDF-1.7\n';
    const offsets: number[] = [];
    for (let i = 0; i < count; i++) {
      offsets.push(text.length);
      text += `${i + 1} 0 obj\n(`;
    }
    text += `${'x'.repeat(100_000)}${')'.repeat(count)}\nendobj\n`;
    const start = text.length;
    const lines = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
    text += `xref\n0 ${count + 1}\n0000000000 65535 f \n${lines.join('')}`;
    text += `trailer\n<< /Size ${count + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
    const document = openPdf(Buffer.from(text, 'latin1'));
    expect(() => {
      for (let number = 1; number <= count; number++) {
        try {
          document.get(number);
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'SIGNER_PDF_BROKEN') {
            continue;
          }
          throw error;
        }
      }
    }).toThrow(expect.objectContaining({ code: 'SIGNER_PDF_TOO_COMPLEX' }));
  });
});
