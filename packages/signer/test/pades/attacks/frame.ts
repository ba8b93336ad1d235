import { PDFDocument } from 'pdf-lib';

import { listPdfSignatures } from '../../../src/pades/extract.ts';
import { signPdf } from '../../../src/pades/sign.ts';
import { appendRevision, replaceText } from '../revision.ts';
import { OBJECTS } from '../sources.ts';
import { rewriteWithQpdf } from '../tools.ts';
import {
  EVIL_STREAM,
  SIGNATURE,
  WIDGET,
  byteRangeText,
  catalog,
  cmsHex,
  signatureText,
} from '../victim.ts';
import type { Attack } from './attack.ts';

/** Universal forgery, wrapping, and attacks on the frame of the file. */
export const FRAME_ATTACKS: readonly Attack[] = [
  // Universal signature forgery: parts of the signature are missing.
  {
    name: 'USF: /ByteRange renamed',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => replaceText(victim.signed, '/ByteRange ', '/ByteRangX '),
    says: /ByteRange is missing/,
  },
  {
    name: 'USF: /ByteRange null',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(
        victim.signed,
        byteRangeText(victim),
        'null'.padEnd(byteRangeText(victim).length),
      ),
    says: /ByteRange is missing/,
  },
  {
    name: 'USF: /ByteRange removed by a new dictionary',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        [SIGNATURE]: signatureText(victim).replace('/ByteRange', '/X'),
      }),
    says: /ByteRange is missing/,
  },
  {
    name: 'USF: negative /ByteRange',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        [SIGNATURE]: signatureText(victim).replace('/ByteRange [0 ', '/ByteRange [0 -'),
      }),
    says: /ByteRange is missing/,
  },
  {
    name: 'USF: /Contents renamed',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => replaceText(victim.signed, '/Contents <', '/ContentX <'),
    says: /Contents is missing/,
  },
  {
    name: 'USF: /Contents null',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(victim.signed, cmsHex(victim), 'null'.padEnd(cmsHex(victim).length)),
    says: /Contents is missing/,
  },
  {
    name: 'USF: /Contents of zeros',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(victim.signed, cmsHex(victim), `<${'0'.repeat(cmsHex(victim).length - 2)}>`),
    says: /no CMS message/,
  },
  {
    name: 'USF: /Contents is no hexadecimal string',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(victim.signed, cmsHex(victim), `(${'0'.repeat(cmsHex(victim).length - 2)})`),
    says: /Contents is missing/,
  },
  {
    name: 'USF: /Contents with other characters',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => replaceText(victim.signed, cmsHex(victim).slice(-40), `${'z'.repeat(39)}>`),
    says: /hex string/,
  },
  {
    name: 'USF: bytes hidden behind the CMS',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(victim.signed, cmsHex(victim).slice(-40), `${'ab'.repeat(19)}0>`),
    says: /no CMS message/,
  },
  {
    name: 'USF: range shorter than the file',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      replaceText(
        victim.signed,
        byteRangeText(victim),
        byteRangeText(victim).replace(/\d\]/, (end) => (end === '0]' ? '1]' : '0]')),
      ),
    says: /end of a revision|two parts|at the end/,
  },
  {
    name: 'USF: key repeated in the dictionary',
    rule: 'dictionary',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        [SIGNATURE]: signatureText(victim).replace('/Contents', '/Contents null /Contents'),
      }),
    says: /repeats a key/,
  },
  // Signature wrapping: the signed bytes move, other bytes take their place.
  {
    name: 'SWA: dictionary moved behind its range',
    rule: 'dictionary',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { [SIGNATURE]: signatureText(victim) }),
    says: /gap|inside its own range/,
  },
  {
    name: 'SWA: bytes put into the gap',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const at = victim.signed.indexOf(cmsHex(victim)) + cmsHex(victim).length;
      return Buffer.concat([
        victim.signed.subarray(0, at),
        Buffer.from(`4 0 obj\n${EVIL_STREAM}\nendobj\n`),
        victim.signed.subarray(at),
      ]);
    },
    says: /unsigned integer expected/,
  },
  {
    name: 'SWA: gap made wider by a new dictionary',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const [b, c, d] = byteRangeText(victim).match(/\d+/g)?.slice(1).map(Number) ?? [];
      const wide = `[0 ${b} ${(c ?? 0) + 10} ${(d ?? 0) - 10}]`;
      return appendRevision(victim.signed, {
        [SIGNATURE]: signatureText(victim).replace(byteRangeText(victim), wide),
      });
    },
    says: /gap/,
  },
  {
    name: 'SWA: overlapping ranges',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const [b, c] = byteRangeText(victim).match(/\d+/g)?.slice(1).map(Number) ?? [];
      const overlap = `[0 ${c} ${b} ${victim.signed.length - (b ?? 0)}]`;
      return appendRevision(victim.signed, {
        [SIGNATURE]: signatureText(victim).replace(byteRangeText(victim), overlap),
      });
    },
    says: /two parts/,
  },
  {
    name: 'SWA: range that does not start at 0',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => replaceText(victim.signed, '/ByteRange [0 ', '/ByteRange [1 '),
    says: /two parts/,
  },
  {
    name: 'SWA: field of another form points at the signature',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: '<< /Fields [7 0 R 40 0 R] /SigFlags 3 >>',
        40: `<< /FT /Sig /T (x) /V ${SIGNATURE} 0 R >>`,
      }),
    says: /form fields/,
  },
  {
    name: 'SWA: a second field shares the signature',
    rule: 'dictionary',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: `<< /FT /Sig /T (x) /V ${SIGNATURE} 0 R >>`,
      }),
    says: /belongs to field/,
  },
  // The frame around the document.
  {
    name: 'frame: /Root replaced',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 40: OBJECTS[1] ?? '', 4: EVIL_STREAM }, { root: '40 0 R' }),
    says: /Root/,
  },
  {
    name: 'frame: page tree replaced',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        1: catalog('').replace('/Pages 2', '/Pages 40'),
        40: '<< /Type /Pages /Kids [] >>',
      }),
    says: /Pages was changed/,
  },
  {
    name: 'frame: signed revision left out of the chain',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const forged = appendRevision(victim.signed, { 4: EVIL_STREAM }).toString('latin1');
      const first = victim.source.lastIndexOf('xref\n0');
      return Buffer.from(forged.replace(/\/Prev \d+(?!.*\/Prev)/s, `/Prev ${first}`), 'latin1');
    },
    says: /cut out of the file/,
  },
  {
    name: 'frame: objects without cross-reference',
    rule: 'stray',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      Buffer.concat([victim.signed, Buffer.from(`1 0 obj\n${catalog('/Lang (EVIL)')}\nendobj\n`)]),
    says: /belong to no object/,
  },
  {
    name: 'frame: objects without cross-reference, in a comment',
    rule: 'stray',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      Buffer.concat([victim.signed, Buffer.from(`%1 0 obj ${catalog('')} endobj\n`)]),
    says: /belong to no object/,
  },
  {
    name: 'frame: objects hidden between two others',
    rule: 'stray',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 40: '(x)' }, { before: `4 0 obj\n${EVIL_STREAM}\nendobj\n` }),
    says: /belong to no object/,
  },
  {
    name: 'frame: object twice in one revision',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const forged = appendRevision(victim.signed, { 41: '(y)', 40: '(x)' }).toString('latin1');
      return Buffer.from(forged.replace('\n41 1\n', '\n40 1\n'), 'latin1');
    },
    says: /stands twice/,
  },
  {
    name: 'frame: encryption added',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 40: '<< >>' }, { trailer: '/Encrypt 40 0 R' }),
    says: /encryption was added/,
  },
  {
    name: 'frame: fewer objects declared',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      Buffer.from(
        appendRevision(victim.signed, { 3: OBJECTS[3] ?? '' })
          .toString('latin1')
          .replace(/\/Size \d+(?!.*\/Size)/s, '/Size 4'),
        'latin1',
      ),
    says: /declares fewer objects/,
  },
  {
    name: 'frame: hybrid section added',
    rule: 'xref',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      appendRevision(victim.signed, { 40: '(x)' }, { trailer: `/XRefStm ${victim.signed.length}` }),
    says: /no cross-reference section/,
  },
  {
    name: 'frame: signature stripped from the form',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 6: '<< /Fields [7 0 R] >>', 8: '[7 0 R]' }),
    says: /removed or replaced/,
  },
  {
    name: 'frame: form stripped from the catalog',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 1: OBJECTS[1]?.replace('/AcroForm 6 0 R', '') ?? '' }),
    says: /removed or replaced/,
  },
  {
    name: 'frame: signature field emptied',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        [WIDGET]: `<< /FT /Sig /T (Signature1) /Subtype /Widget >>`,
      }),
    says: /removed or replaced/,
  },
  {
    name: 'frame: signature replaced by another one',
    rule: 'digest',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const other = Buffer.from(
        await signPdf(victim.source, victim.mallory, { signedAt: new Date(0) }),
      );
      const [found] = listPdfSignatures(other);
      const hex = Buffer.from(found?.cms ?? []).toString('hex');
      return replaceText(
        victim.signed,
        cmsHex(victim),
        `<${hex.padEnd(cmsHex(victim).length - 2, '0')}>`,
      );
    },
    says: /not the one that was signed/,
  },
  {
    name: 'frame: rewritten by qpdf',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => rewriteWithQpdf(victim.signed),
    says: /two parts/,
  },
  {
    name: 'frame: rewritten by pdf-lib',
    rule: 'dictionary',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => (await PDFDocument.load(victim.signed)).save(),
    says: /by itself/,
  },
];
