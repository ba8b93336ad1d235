import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { SignerError } from '../../src/errors.ts';
import { repairPdf } from '../../src/pades/repair.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { DEFAULT_PDF_LIMITS } from '../../src/pdf/limits.ts';
import { type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { expectValidInPdfsig, expectWellFormed } from './judges.ts';
import { appendRevision } from './revision.ts';
import { OBJECTS, allSources, drawPdf, hybridPdf, plainPdf, writePdf } from './sources.ts';
import { rewriteWithQpdf, runTool } from './tools.ts';

const AT = new Date('2026-11-22T02:30:05Z');
let signer: TestSigner;

beforeAll(async () => {
  const pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
});

/** The text that poppler sees on the pages. */
function textOf(pdf: Uint8Array): string {
  return runTool('pdftotext', ['a.pdf', '-'], { 'a.pdf': pdf }).output.trim();
}

function edit(pdf: Uint8Array, from: string | RegExp, to: string): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1');
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
  return Buffer.from(changed, 'latin1');
}

function repairOrReason(pdf: Uint8Array): Uint8Array | SignerError {
  try {
    return repairPdf(pdf);
  } catch (error) {
    if (error instanceof SignerError) return error;
    throw error;
  }
}

const HIDDEN_PAGE = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>';

describe('repairPdf', () => {
  it('rebuilds every kind of file whose startxref is wrong', async () => {
    for (const [name, source] of await allSources()) {
      if (name === 'no line end at the end') continue;
      const text = Buffer.from(source).toString('latin1');
      const at = text.lastIndexOf('startxref');
      const broken = Buffer.from(
        `${text.slice(0, at)}${text.slice(at).replace(/[0-9]+/, '7')}`,
        'latin1',
      );
      await expect(signPdf(broken, signer, { signedAt: AT })).rejects.toMatchObject({
        code: 'SIGNER_PDF_BROKEN',
      });
      const repaired = repairPdf(broken);
      expectWellFormed(repaired);
      expect({ name, text: textOf(repaired) }).toEqual({ name, text: textOf(source) });
    }
  });

  it.each<[string, (pdf: Uint8Array) => Uint8Array]>([
    ['offsets that are wrong', (pdf) => edit(pdf, '%PDF-1.7\n', '%PDF-1.7\n% more bytes\n')],
    ['bytes before the header', (pdf) => Buffer.concat([Buffer.from('HTTP/1.1 200\r\n'), pdf])],
    ['the end cut off', (pdf) => edit(pdf, /xref\n0 10[^]*$/, '')],
    ['a stream whose length is wrong', (pdf) => edit(pdf, /\/Length 45/, '/Length 9')],
    ['an object without its end', (pdf) => edit(pdf, 'endobj\n5 0 obj', '\n5 0 obj')],
  ])('rebuilds a file with %s', async (_name, damage) => {
    const broken = damage(plainPdf());
    await expect(signPdf(broken, signer, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_BROKEN',
    });
    const repaired = repairPdf(broken);
    expectWellFormed(repaired);
    expect(textOf(repaired)).toBe(textOf(plainPdf()));
    const signed = await signPdf(broken, signer, { signedAt: AT, repair: true });
    expect(Buffer.compare(signed.subarray(0, repaired.length), repaired)).toBe(0);
    expectValidInPdfsig(signed, ['ETSI.CAdES.detached']);
  });

  it('keeps the newest of several revisions', () => {
    const content = 'BT /F1 24 Tf 60 760 Td (Cong van so 13) Tj ET';
    const stream = `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
    const saved = appendRevision(plainPdf(), { 4: stream });
    const broken = edit(saved, /startxref\n\d+\n%%EOF\n$/, 'startxref\n1\n%%EOF\n');
    expect(textOf(repairPdf(broken))).toContain('Cong van so 13');
  });

  it('drops a page that is held but not shown, and references that lead nowhere', async () => {
    const source = plainPdf({ 20: HIDDEN_PAGE, 9: '<< /Dests << /Names [] >> /Other 77 0 R >>' });
    await expect(signPdf(source, signer, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_HIDDEN_PAGE',
    });
    const repaired = repairPdf(source);
    const document = openPdf(repaired);
    expect(document.get(20)).toBeNull();
    expect(Buffer.from(repaired).includes('77 0 R')).toBe(false);
    await expect(signPdf(source, signer, { signedAt: AT, repair: true })).resolves.toBeDefined();
  });

  it('gives a file that the strict reader opens, or a reason, whatever is damaged', async () => {
    const sources = [plainPdf(), await drawPdf({ streams: true }), hybridPdf()];
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(),
        fc.boolean(),
        (source, changes, cut, isCut) => {
          const damaged = Buffer.from(source);
          for (const [place, byte] of changes) damaged[place % damaged.length] = byte;
          const input = isCut ? damaged.subarray(0, cut % damaged.length) : damaged;
          const result = repairOrReason(input);
          expect(result instanceof SignerError || openPdf(result).catalog() !== undefined).toBe(
            true,
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is quick with a hostile file', () => {
    const many = `%PDF-1.7\n${'trailer<<('.repeat(200_000)}`;
    expect(() => repairPdf(Buffer.from(many))).toThrow('too many trailers');
    const heads = `%PDF-1.7\n${'1 0 obj ['.repeat(200_000)}`;
    expect(() => repairPdf(Buffer.from(heads))).toThrow(SignerError);
  });

  it('leaves a file alone that needs no repair', async () => {
    const source = await drawPdf({ streams: true });
    const signed = await signPdf(source, signer, { signedAt: AT, repair: true });
    expect(Buffer.compare(signed.subarray(0, source.length), source)).toBe(0);
  });
});

describe('repairPdf refuses', () => {
  it('a file with a trace of a signature', async () => {
    const signed = await signPdf(plainPdf(), signer, { signedAt: AT });
    const broken = edit(signed, /startxref\n\d+\n%%EOF\n$/, 'startxref\n1\n%%EOF\n');
    expect(() => repairPdf(broken)).toThrow(/was signed/);
    await expect(signPdf(broken, signer, { signedAt: AT, repair: true })).rejects.toMatchObject({
      code: 'SIGNER_PDF_TAMPERED',
    });
    const hidden = edit(broken, '/ByteRange', '/Byte#52ange');
    expect(() => repairPdf(hidden)).toThrow(/was signed/);
  });

  const cases: readonly (readonly [string, string, Uint8Array])[] = [
    ['what is no PDF', 'SIGNER_PDF_NOT_PDF', Buffer.from('PK\x03\x04')],
    [
      'an encrypted file',
      'SIGNER_PDF_ENCRYPTED',
      rewriteWithQpdf(plainPdf(), '--encrypt', 'a', 'b', '256', '--'),
    ],
    [
      'an object that is damaged itself',
      'SIGNER_PDF_BROKEN',
      edit(plainPdf(), '/BaseFont /Helvetica >>', '/BaseFont /Helvetica >)'),
    ],
    ['a stream that is cut off', 'SIGNER_PDF_BROKEN', edit(plainPdf(), /endstream[^]*$/, '')],
    [
      'a file that may be one of two documents',
      'SIGNER_PDF_BROKEN',
      edit(writePdf({ ...OBJECTS, 30: OBJECTS[1] ?? '' }), /trailer[^]*$/, ''),
    ],
    ['a file without pages', 'SIGNER_PDF_NO_PAGES', plainPdf({ 2: '<< /Type /Pages /Kids [] >>' })],
  ];

  it.each(cases)('%s', (_name, code, pdf) => {
    expect(() => repairPdf(pdf)).toThrow(expect.objectContaining({ code }));
  });

  it('what is larger than its limits', () => {
    expect(() => repairPdf(plainPdf(), { ...DEFAULT_PDF_LIMITS, maxFileBytes: 500 })).toThrow(
      expect.objectContaining({ code: 'SIGNER_PDF_TOO_LARGE' }),
    );
    expect(() => repairPdf(plainPdf(), { ...DEFAULT_PDF_LIMITS, maxObjects: 5 })).toThrow(
      expect.objectContaining({ code: 'SIGNER_PDF_TOO_COMPLEX' }),
    );
  });
});
