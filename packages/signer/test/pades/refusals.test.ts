import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { DEFAULT_PDF_LIMITS } from '../../src/pdf/limits.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { appendRevision, signByHand } from './revision.ts';
import { OBJECTS, drawPdf, plainPdf, writePdf } from './sources.ts';
import { rewriteWithQpdf } from './tools.ts';

const AT = new Date('2026-11-22T02:30:05Z');
let pki: TestPki;
let signer: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'Nguyễn Văn An', use: 'person' });
});

const catalog = (extra: string): Record<number, string> => ({
  1: OBJECTS[1]?.replace('>>', `${extra} >>`) ?? '',
});

const CERTIFIED = {
  6: '<< /Fields [7 0 R 20 0 R] /SigFlags 3 >>',
  20: '<< /FT /Sig /T (cert) /V 21 0 R >>',
  21: '<< /Type /Sig /Filter /Adobe.PPKLite /Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> >>] >>',
};

const REFUSED: readonly (readonly [string, string, Uint8Array])[] = [
  ['an empty file', 'SIGNER_PDF_NOT_PDF', new Uint8Array(0)],
  ['a file that is no PDF', 'SIGNER_PDF_NOT_PDF', Buffer.from('PK\x03\x04 something else')],
  [
    'bytes before the header',
    'SIGNER_PDF_BROKEN',
    Buffer.concat([Buffer.from('\n\n'), plainPdf()]),
  ],
  ['a file without cross-reference', 'SIGNER_PDF_BROKEN', Buffer.from('%PDF-1.7\n1 0 obj\n')],
  // Poppler takes offence, searches the file for objects, and may show others than those signed.
  [
    'a trailer with a real number',
    'SIGNER_PDF_BROKEN',
    Buffer.from(
      Buffer.from(plainPdf())
        .toString('latin1')
        .replace(/\/Size (\d+)/, '/Size $1.0'),
      'latin1',
    ),
  ],
  [
    'cross-reference entries without a space between them',
    'SIGNER_PDF_BROKEN',
    Buffer.from(
      Buffer.from(plainPdf())
        .toString('latin1')
        .replaceAll(/ ([nf]) \n/g, ' $1'),
      'latin1',
    ),
  ],
  ['a cut-off file', 'SIGNER_PDF_BROKEN', plainPdf().subarray(0, 700)],
  [
    'a document that is encrypted by name',
    'SIGNER_PDF_ENCRYPTED',
    writePdf(OBJECTS, '/Root 1 0 R /Encrypt 5 0 R'),
  ],
  [
    'a document encrypted by qpdf',
    'SIGNER_PDF_ENCRYPTED',
    rewriteWithQpdf(plainPdf(), '--encrypt', 'a', 'b', '256', '--'),
  ],
  ['an XFA form', 'SIGNER_PDF_XFA', plainPdf({ 6: '<< /Fields [7 0 R] /XFA 5 0 R >>' })],
  ['a locked certification in the form', 'SIGNER_PDF_LOCKED', plainPdf(CERTIFIED)],
  [
    'a locked certification in /Perms',
    'SIGNER_PDF_LOCKED',
    plainPdf({ ...catalog('/Perms << /DocMDP 21 0 R >>'), 21: CERTIFIED[21] }),
  ],
  [
    'JavaScript by name',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 9: '<< /JavaScript << /Names [] >> >>' }),
  ],
  [
    'JavaScript on opening',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf(catalog('/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>')),
  ],
  [
    'a chain of actions on opening',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf(catalog('/OpenAction << /S /GoTo /D (a) /Next << /S /Launch >> >>')),
  ],
  [
    'actions of the catalog',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf(catalog('/AA << /WC << /S /JavaScript >> >>')),
  ],
  [
    'actions of a page',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 3: OBJECTS[3]?.replace('/Parent', '/AA << >> /Parent') ?? '' }),
  ],
  [
    'actions of a field',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 7: OBJECTS[7]?.replace('/FT', '/AA << >> /FT') ?? '' }),
  ],
  [
    'an annotation that launches a program',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 8: '[7 0 R << /Subtype /Link /A << /S /Launch /F (x.exe) >> >>]' }),
  ],
  [
    'an action in an object that nothing refers to',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 30: '<< /S /JavaScript /JS (app.alert\\(1\\)) >>' }),
  ],
  [
    'an action whose type is spelled with #',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 30: '<< /Title (x) /A << /S /Java#53cript >> >>' }),
  ],
  [
    'an action whose type stands in another object',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 30: '<< /A << /S 31 0 R >> >>', 31: '/Launch' }),
  ],
  [
    'an action that opens an embedded file',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 8: '[7 0 R << /Subtype /Link /A << /S /GoToE /T << /R /C >> >> >>]' }),
  ],
  [
    'an action that switches layers',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 30: '<< /Type /Outlines /A << /S /SetOCGState /State [/Toggle 9 0 R] >> >>' }),
  ],
  [
    'layers that differ between screen and paper',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf(
      catalog('/OCProperties << /OCGs [9 0 R] /D << /AS [<< /Event /Print /OCGs [9 0 R] >>] >> >>'),
    ),
  ],
  [
    'a stream whose content lies in another file',
    'SIGNER_PDF_ACTIVE_CONTENT',
    plainPdf({ 30: '<< /Length 0 /F (other.bin) >>\nstream\n\nendstream' }),
  ],
  [
    'a page that is held but not shown',
    'SIGNER_PDF_HIDDEN_PAGE',
    plainPdf({ 30: OBJECTS[3] ?? '' }),
  ],
  [
    'a page with a repeated key',
    'SIGNER_PDF_BROKEN',
    plainPdf({ 3: OBJECTS[3]?.replace('/Parent', '/Contents 5 0 R /Parent') ?? '' }),
  ],
  [
    'a page tree without pages',
    'SIGNER_PDF_NO_PAGES',
    plainPdf({ 2: '<< /Type /Pages /Kids [] /Count 0 >>' }),
  ],
  ['a catalog without page tree', 'SIGNER_PDF_NO_PAGES', plainPdf({ 1: '<< /Type /Catalog >>' })],
  [
    'an object that is not where it should be',
    'SIGNER_PDF_BROKEN',
    Buffer.from(Buffer.from(plainPdf()).toString('latin1').replace('5 0 obj', '6 0 obj'), 'latin1'),
  ],
  ['a catalog with a repeated key', 'SIGNER_PDF_BROKEN', plainPdf(catalog('/Pages 2 0 R'))],
  [
    'sections that run in a circle',
    'SIGNER_PDF_BROKEN',
    Buffer.from(
      Buffer.from(plainPdf())
        .toString('latin1')
        .replace(
          /trailer\n<< \/Size 10 (.*)startxref\n(\d+)/s,
          'trailer\n<< /Size 10 /Prev $2 $1startxref\n$2',
        ),
      'latin1',
    ),
  ],
];

describe('signPdf refuses', () => {
  it.each(REFUSED)('%s', async (_name, code, pdf) => {
    await expect(signPdf(pdf, signer, { signedAt: AT })).rejects.toMatchObject({
      name: 'SignerError',
      code,
    });
    // The verifier gives a result for the same bytes.
    expect(verifyPdf(pdf, { trust: pki.trust(), at: AT }).indication).not.toBe('TOTAL-PASSED');
  });

  it('a file above the size limit', async () => {
    const limits = { ...DEFAULT_PDF_LIMITS, maxFileBytes: 500 };
    await expect(signPdf(plainPdf(), signer, { signedAt: AT, limits })).rejects.toMatchObject({
      code: 'SIGNER_PDF_TOO_LARGE',
      details: { maxBytes: 500 },
    });
  });

  it('a time that is none and texts that are too long', async () => {
    const options = [
      { signedAt: new Date(Number.NaN) },
      { signedAt: AT, reason: 'x'.repeat(2_001) },
    ];
    for (const option of options) {
      await expect(signPdf(plainPdf(), signer, option)).rejects.toMatchObject({
        code: 'SIGNER_INPUT_INVALID',
      });
    }
  });
});

describe('signPdf accepts', () => {
  it('what office programs write: an opening destination and web links', async () => {
    const source = plainPdf({
      ...catalog('/OpenAction [3 0 R /XYZ null null 0]'),
      8: '[7 0 R << /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.org) >> >>]',
    });
    const signed = await signPdf(source, signer, { signedAt: AT });
    expect(verifyPdf(signed, { trust: pki.trust(), at: AT }).indication).toBe('TOTAL-PASSED');
  });

  it('what only looks like an action: fonts, glyphs and structure of such names', async () => {
    const source = plainPdf({
      3: OBJECTS[3]?.replace('/F1 5 0 R', '/F1 5 0 R /AA 5 0 R') ?? '',
      30: '<< /Type /StructElem /S /P /A << /O /Layout >> >>',
      31: '<< /Type /Encoding /Differences [1 /AA /Hide /Sound] >>',
      32: '<< /Type /Filespec /F (a.xml) /EF << /F 33 0 R >> >>',
      33: '<< /Type /EmbeddedFile /Length 1 >>\nstream\nx\nendstream',
    });
    await expect(signPdf(source, signer, { signedAt: AT })).resolves.toBeDefined();
  });

  it('layers that only a reader switches', async () => {
    const layers = '/OCProperties << /OCGs [9 0 R] /D << /OFF [9 0 R] /AS [] >> >>';
    const source = plainPdf(catalog(layers));
    await expect(signPdf(source, signer, { signedAt: AT })).resolves.toBeDefined();
  });

  it('a second signature on a file with a hidden page, since it is too late for the first', async () => {
    const source = plainPdf({ 30: OBJECTS[3] ?? '' });
    const foreign = await signByHand(source, signer);
    await expect(signPdf(foreign, signer, { signedAt: AT })).resolves.toBeDefined();
  });

  it('a certification that allows further signatures, and objects with other generations', async () => {
    const objects = { ...CERTIFIED, 21: CERTIFIED[21].replace('/P 1', '/P 2') };
    await expect(signPdf(plainPdf(objects), signer, { signedAt: AT })).resolves.toBeDefined();
    const text = Buffer.from(plainPdf()).toString('latin1');
    const source = text
      .replace('3 0 obj', '3 4 obj')
      .replaceAll('3 0 R', '3 4 R')
      .replace(/(xref\n0 10\n(?:.{18} \n){3}\d{10}) 00000/, '$1 00004');
    const once = await signPdf(Buffer.from(source, 'latin1'), signer, { signedAt: AT });
    const twice = await signPdf(once, signer, { signedAt: AT });
    expect(verifyPdf(twice, { trust: pki.trust(), at: AT }).indication).toBe('TOTAL-PASSED');
  });

  it('references that lead nowhere, and does not fill them', async () => {
    const source = plainPdf({ 4: '[10 0 R 11 0 R 13 0 R]' });
    const once = await signPdf(source, signer, { signedAt: AT });
    const twice = await signPdf(once, signer, { signedAt: AT });
    const report = verifyPdf(twice, { trust: pki.trust(), at: AT });
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
  });

  it('a file that another program saved in several revisions', async () => {
    const source = appendRevision(
      await drawPdf({ streams: true }),
      { 90: '(x)' },
      { root: '2 0 R' },
    );
    const text = Buffer.from(source).toString('latin1');
    const root = /\/Root (\d+ 0 R)/.exec(text)?.[1] ?? '';
    const saved = appendRevision(await drawPdf({ streams: true }), { 90: '(x)' }, { root });
    const signed = await signPdf(saved, signer, { signedAt: AT });
    const report = verifyPdf(signed, { trust: pki.trust(), at: AT });
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED', signatures: [{ revision: 3 }] });
  });
});
