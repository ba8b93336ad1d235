import { PDFDocument } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';

import { listPdfSignatures } from '../../src/pades/extract.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { appendRevision, replaceText } from './revision.ts';
import { OBJECTS } from './sources.ts';
import { rewriteWithQpdf } from './tools.ts';
import {
  EVIL_STREAM,
  SIGNATURE,
  type Victim,
  WIDGET,
  catalog,
  createVictim,
  textOf,
} from './victim.ts';

let victim: Victim;

beforeAll(async () => {
  victim = await createVictim();
});
function signatureText(): string {
  const text = victim.signed.toString('latin1');
  const start = text.indexOf('<<', text.indexOf(`${SIGNATURE} 0 obj`));
  return text.slice(start, text.indexOf('endobj', start));
}

function byteRangeText(): string {
  return /\/ByteRange (\[[^\]]*\])/.exec(victim.signed.toString('latin1'))?.[1] ?? '';
}

function cmsHex(): string {
  return /\/Contents (<[0-9a-f]+>)/.exec(victim.signed.toString('latin1'))?.[1] ?? '';
}

/** One forged file per name; the pattern must stand in what the report says. */
const FORGERIES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>, RegExp])[] = [
  // Universal signature forgery: parts of the signature are missing.
  [
    'USF: /ByteRange renamed',
    () => replaceText(victim.signed, '/ByteRange ', '/ByteRangX '),
    /ByteRange is missing/,
  ],
  [
    'USF: /ByteRange null',
    () => replaceText(victim.signed, byteRangeText(), 'null'.padEnd(byteRangeText().length)),
    /ByteRange is missing/,
  ],
  [
    'USF: /ByteRange removed by a new dictionary',
    () =>
      appendRevision(victim.signed, { [SIGNATURE]: signatureText().replace('/ByteRange', '/X') }),
    /ByteRange is missing/,
  ],
  [
    'USF: negative /ByteRange',
    () =>
      appendRevision(victim.signed, {
        [SIGNATURE]: signatureText().replace('/ByteRange [0 ', '/ByteRange [0 -'),
      }),
    /ByteRange is missing/,
  ],
  [
    'USF: /Contents renamed',
    () => replaceText(victim.signed, '/Contents <', '/ContentX <'),
    /Contents is missing/,
  ],
  [
    'USF: /Contents null',
    () => replaceText(victim.signed, cmsHex(), 'null'.padEnd(cmsHex().length)),
    /Contents is missing/,
  ],
  [
    'USF: /Contents of zeros',
    () => replaceText(victim.signed, cmsHex(), `<${'0'.repeat(cmsHex().length - 2)}>`),
    /no CMS message/,
  ],
  [
    'USF: /Contents is no hexadecimal string',
    () => replaceText(victim.signed, cmsHex(), `(${'0'.repeat(cmsHex().length - 2)})`),
    /Contents is missing/,
  ],
  [
    'USF: /Contents with other characters',
    () => replaceText(victim.signed, cmsHex().slice(-40), `${'z'.repeat(39)}>`),
    /hex string/,
  ],
  [
    'USF: bytes hidden behind the CMS',
    () => replaceText(victim.signed, cmsHex().slice(-40), `${'ab'.repeat(19)}0>`),
    /no CMS message/,
  ],
  [
    'USF: range shorter than the file',
    () =>
      replaceText(
        victim.signed,
        byteRangeText(),
        byteRangeText().replace(/\d\]/, (end) => (end === '0]' ? '1]' : '0]')),
      ),
    /end of a revision|two parts|at the end/,
  ],
  [
    'USF: key repeated in the dictionary',
    () =>
      appendRevision(victim.signed, {
        [SIGNATURE]: signatureText().replace('/Contents', '/Contents null /Contents'),
      }),
    /repeats a key/,
  ],
  // Signature wrapping: the signed bytes move, other bytes take their place.
  [
    'SWA: dictionary moved behind its range',
    () => appendRevision(victim.signed, { [SIGNATURE]: signatureText() }),
    /gap|inside its own range/,
  ],
  [
    'SWA: bytes put into the gap',
    () => {
      const at = victim.signed.indexOf(cmsHex()) + cmsHex().length;
      return Buffer.concat([
        victim.signed.subarray(0, at),
        Buffer.from(`4 0 obj\n${EVIL_STREAM}\nendobj\n`),
        victim.signed.subarray(at),
      ]);
    },
    /unsigned integer expected/,
  ],
  [
    'SWA: gap made wider by a new dictionary',
    () => {
      const [b, c, d] = byteRangeText().match(/\d+/g)?.slice(1).map(Number) ?? [];
      const wide = `[0 ${b} ${(c ?? 0) + 10} ${(d ?? 0) - 10}]`;
      return appendRevision(victim.signed, {
        [SIGNATURE]: signatureText().replace(byteRangeText(), wide),
      });
    },
    /gap/,
  ],
  [
    'SWA: overlapping ranges',
    () => {
      const [b, c] = byteRangeText().match(/\d+/g)?.slice(1).map(Number) ?? [];
      const overlap = `[0 ${c} ${b} ${victim.signed.length - (b ?? 0)}]`;
      return appendRevision(victim.signed, {
        [SIGNATURE]: signatureText().replace(byteRangeText(), overlap),
      });
    },
    /two parts/,
  ],
  [
    'SWA: range that does not start at 0',
    () => replaceText(victim.signed, '/ByteRange [0 ', '/ByteRange [1 '),
    /two parts/,
  ],
  [
    'SWA: field of another form points at the signature',
    () =>
      appendRevision(victim.signed, {
        6: '<< /Fields [7 0 R 40 0 R] /SigFlags 3 >>',
        40: `<< /FT /Sig /T (x) /V ${SIGNATURE} 0 R >>`,
      }),
    /form fields/,
  ],
  [
    'SWA: a second field shares the signature',
    () =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: `<< /FT /Sig /T (x) /V ${SIGNATURE} 0 R >>`,
      }),
    /belongs to field/,
  ],
  // The frame around the document.
  [
    'frame: /Root replaced',
    () =>
      appendRevision(victim.signed, { 40: OBJECTS[1] ?? '', 4: EVIL_STREAM }, { root: '40 0 R' }),
    /Root/,
  ],
  [
    'frame: page tree replaced',
    () =>
      appendRevision(victim.signed, {
        1: catalog('').replace('/Pages 2', '/Pages 40'),
        40: '<< /Type /Pages /Kids [] >>',
      }),
    /Pages was changed/,
  ],
  [
    'frame: signed revision left out of the chain',
    () => {
      const forged = appendRevision(victim.signed, { 4: EVIL_STREAM }).toString('latin1');
      const first = victim.source.lastIndexOf('xref\n0');
      return Buffer.from(forged.replace(/\/Prev \d+(?!.*\/Prev)/s, `/Prev ${first}`), 'latin1');
    },
    /cut out of the file/,
  ],
  [
    'frame: objects without cross-reference',
    () =>
      Buffer.concat([victim.signed, Buffer.from(`1 0 obj\n${catalog('/Lang (EVIL)')}\nendobj\n`)]),
    /belong to no object/,
  ],
  [
    'frame: objects without cross-reference, in a comment',
    () => Buffer.concat([victim.signed, Buffer.from(`%1 0 obj ${catalog('')} endobj\n`)]),
    /belong to no object/,
  ],
  [
    'frame: objects hidden between two others',
    () =>
      appendRevision(victim.signed, { 40: '(x)' }, { before: `4 0 obj\n${EVIL_STREAM}\nendobj\n` }),
    /belong to no object/,
  ],
  [
    'frame: object twice in one revision',
    () => {
      const forged = appendRevision(victim.signed, { 41: '(y)', 40: '(x)' }).toString('latin1');
      return Buffer.from(forged.replace('\n41 1\n', '\n40 1\n'), 'latin1');
    },
    /stands twice/,
  ],
  [
    'frame: encryption added',
    () => appendRevision(victim.signed, { 40: '<< >>' }, { trailer: '/Encrypt 40 0 R' }),
    /encryption was added/,
  ],
  [
    'frame: fewer objects declared',
    () =>
      Buffer.from(
        appendRevision(victim.signed, { 3: OBJECTS[3] ?? '' })
          .toString('latin1')
          .replace(/\/Size \d+(?!.*\/Size)/s, '/Size 4'),
        'latin1',
      ),
    /declares fewer objects/,
  ],
  [
    'frame: hybrid section added',
    () =>
      appendRevision(victim.signed, { 40: '(x)' }, { trailer: `/XRefStm ${victim.signed.length}` }),
    /no cross-reference section/,
  ],
  [
    'frame: signature stripped from the form',
    () => appendRevision(victim.signed, { 6: '<< /Fields [7 0 R] >>', 8: '[7 0 R]' }),
    /removed or replaced/,
  ],
  [
    'frame: form stripped from the catalog',
    () => appendRevision(victim.signed, { 1: OBJECTS[1]?.replace('/AcroForm 6 0 R', '') ?? '' }),
    /removed or replaced/,
  ],
  [
    'frame: signature field emptied',
    () =>
      appendRevision(victim.signed, {
        [WIDGET]: `<< /FT /Sig /T (Signature1) /Subtype /Widget >>`,
      }),
    /removed or replaced/,
  ],
  [
    'frame: signature replaced by another one',
    async () => {
      const other = Buffer.from(
        await signPdf(victim.source, victim.mallory, { signedAt: new Date(0) }),
      );
      const [found] = listPdfSignatures(other);
      const hex = Buffer.from(found?.cms ?? []).toString('hex');
      return replaceText(victim.signed, cmsHex(), `<${hex.padEnd(cmsHex().length - 2, '0')}>`);
    },
    /not the one that was signed/,
  ],
  ['frame: rewritten by qpdf', () => rewriteWithQpdf(victim.signed), /two parts/],
  [
    'frame: rewritten by pdf-lib',
    async () => (await PDFDocument.load(victim.signed)).save(),
    /by itself/,
  ],
];

describe('verifyPdf rejects a broken frame', () => {
  it.each(FORGERIES)('%s', async (_name, forge, reason) => {
    const report = victim.verify(await forge());
    expect(report.indication).not.toBe('TOTAL-PASSED');
    expect(textOf(report)).toMatch(reason);
  });

  it('a signed file with any one byte of the text changed', () => {
    const { source, signed } = victim;
    for (const at of [
      source.indexOf('so 12') + 3,
      source.indexOf('(100)') + 1,
      signed.length - 40,
    ]) {
      const copy = Buffer.from(signed);
      copy[at] = (copy[at] ?? 0) ^ 1;
      expect(victim.verify(copy).indication).toBe('TOTAL-FAILED');
    }
  });
});
