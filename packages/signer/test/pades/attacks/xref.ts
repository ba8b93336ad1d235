import { openPdf } from '../../../src/pdf/document.ts';
import { serializeValue } from '../../../src/pdf/serialize.ts';
import { numberOf } from '../../../src/pdf/values.ts';
import { findStartXref } from '../../../src/pdf/xref.ts';
import { appendRevision } from '../revision.ts';
import { OBJECTS, plainPdf } from '../sources.ts';
import { rewriteWithQpdf } from '../tools.ts';
import { EVIL_STREAM, type Victim, WIDGET, catalog, page, signatureText } from '../victim.ts';
import type { Attack } from './attack.ts';

/** Appends an object stream with these objects, and a cross-reference stream that says so. */
function appendStreams(
  pdf: Buffer,
  packed: Readonly<Record<number, string>>,
  options: { container?: number; type?: string } = {},
): Buffer {
  const container = options.container ?? 60;
  const numbers = Object.keys(packed).map(Number);
  let head = '';
  let body = '';
  for (const number of numbers) {
    head += `${number} ${body.length} `;
    body += `${packed[number]} `;
  }
  const offset = pdf.length;
  const size = `/N ${numbers.length} /First ${head.length} /Length ${head.length + body.length}`;
  let text = `${container} 0 obj\n<< /Type /${options.type ?? 'ObjStm'} ${size} >>\nstream\n${head}${body}\nendstream\nendobj\n`;
  const startXref = offset + text.length;
  const row = (kind: number, position: number, index: number): string =>
    String.fromCharCode(kind, (position >> 16) & 255, (position >> 8) & 255, position & 255, index);
  const rows = [
    ...numbers.map((_number, index) => row(2, container, index)),
    row(1, offset, 0),
    row(1, startXref, 0),
  ].join('');
  const index = [...numbers, container, 61].map((number) => `${number} 1`).join(' ');
  const { offset: previous } = findStartXref(pdf, pdf.length);
  const root = numberOf(openPdf(pdf).trailer.get('Root'));
  text += `61 0 obj\n<< /Type /XRef /Size 200 /W [1 3 1] /Index [${index}] /Root ${root} 0 R /Prev ${previous} /Length ${rows.length} >>\nstream\n`;
  text += `${rows}\nendstream\nendobj\nstartxref\n${startXref}\n%%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(text, 'latin1')]);
}

/** Replaces the last `/Prev` of a file. */
function withPrevious(pdf: Buffer, previous: number): Buffer {
  const text = pdf.toString('latin1');
  return Buffer.from(text.replace(/\/Prev \d+(?!.*\/Prev)/s, `/Prev ${previous}`), 'latin1');
}

/** A copy of the signed table in new bytes: the same objects, another chain. */
function copiedTable({ signed, source }: Victim): Buffer {
  const text = signed.toString('latin1');
  const at = findStartXref(signed, signed.length).offset;
  const table = text.slice(at, text.indexOf('trailer', at));
  const { offset: previous } = findStartXref(source, source.length);
  const offset = String(signed.length).padStart(10, '0');
  const evil = `4 0 obj\n${EVIL_STREAM}\nendobj\n`;
  const startXref = signed.length + evil.length;
  const tail = `trailer\n<< /Size 200 /Root 1 0 R /Prev ${previous} >>\nstartxref\n${startXref}\n%%EOF\n`;
  return Buffer.concat([
    signed,
    Buffer.from(`${evil}${table}4 1\n${offset} 00000 n \n${tail}`, 'latin1'),
  ]);
}

/** A hybrid revision: old readers keep the page, new ones get another. */
function hybrid({ signed }: Victim): Buffer {
  const first = appendStreams(signed, { 3: page('/Contents 4 0 R', '/Contents 62 0 R') });
  const { offset: hidden } = findStartXref(first, first.length);
  const cut = first.subarray(0, first.lastIndexOf('startxref'));
  const { offset: previous } = findStartXref(signed, signed.length);
  const text = `62 0 obj\n${EVIL_STREAM}\nendobj\nxref\n62 1\n${String(cut.length).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 200 /Root 1 0 R /Prev ${previous} /XRefStm ${hidden} >>\n`;
  const startXref = cut.length + text.indexOf('xref\n');
  return Buffer.concat([cut, Buffer.from(`${text}startxref\n${startXref}\n%%EOF\n`, 'latin1')]);
}

/** Games with `/Prev`, object streams, hybrids, keys that stand twice and second documents. */
export const XREF_ATTACKS: readonly Attack[] = [
  {
    name: '/Prev: a copy of the signed table takes its place',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: copiedTable,
    says: /does not build on the signed one/,
  },
  {
    name: '/Prev: leads to the revision itself',
    rule: 'chain',
    verdict: 'INDETERMINATE',
    forge: (victim) => {
      const forged = appendRevision(victim.signed, { 4: EVIL_STREAM });
      return withPrevious(forged, findStartXref(forged, forged.length).offset);
    },
    says: /run in a circle/,
  },
  {
    name: '/Prev: zero, so that viewers rebuild the file',
    rule: 'chain',
    verdict: 'INDETERMINATE',
    forge: (victim) => withPrevious(appendRevision(victim.signed, { 4: EVIL_STREAM }), 0),
    says: /newest revision cannot be read/,
  },
  {
    name: '/Prev: left out, the whole document written again',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const objects = { ...OBJECTS, 4: EVIL_STREAM, 6: '<< /Fields [] >>', 8: '[]' };
      const forged = appendRevision(victim.signed, objects).toString('latin1');
      return Buffer.from(forged.replace(/\/Prev \d+ (?!.*\/Prev)/s, ''), 'latin1');
    },
    says: /cut out of the file/,
  },
  {
    name: 'xref: the page moves into an object stream',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendStreams(victim.signed, { 3: page('[0 0 595 842]', '[0 0 595 100]') }),
    says: /object 3 \(Page\) was changed/,
  },
  {
    name: 'xref: a signed object stream is overridden',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await victim.sign(rewriteWithQpdf(plainPdf(), '--object-streams=generate'));
      const document = openPdf(target);
      const numbers = [...Array(20).keys()].filter((n) => document.entry(n)?.kind === 2);
      const container = document.entry(numbers[0] ?? 0)?.position ?? 0;
      const copies = numbers.map((n) => [n, serializeValue(document.get(n))] as const);
      const evil = copies.map(([n, text]) => [n, text.replace('595 842', '595 100')] as const);
      return appendStreams(target, Object.fromEntries(evil), { container });
    },
    says: /\(ObjStm\) was changed/,
  },
  {
    name: 'xref: an object in a stream that is none',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendStreams(victim.signed, { 3: OBJECTS[3] ?? '' }, { type: 'EmbeddedFile' }),
    says: /no object stream/,
  },
  {
    name: 'xref: table entry points at another object',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const forged = appendRevision(victim.signed, { 60: EVIL_STREAM }).toString('latin1');
      return Buffer.from(
        forged.replace(/\n60 1\n(?=\d{10} 00000 n \ntrailer)/, '\n4 1\n'),
        'latin1',
      );
    },
    says: /does not stand where/,
  },
  {
    name: 'xref: the page comes back with another generation',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const forged = appendRevision(victim.signed, { 3: page('0 0 595 842', '0 0 595 100') });
      const text = forged.toString('latin1');
      const at = text.lastIndexOf('3 0 obj');
      const moved = `${text.slice(0, at)}3 1 obj${text.slice(at + 7)}`;
      return Buffer.from(
        moved.replace(/(3 1\n\d{10}) 00000 n(?= \ntrailer)/, '$1 00001 n'),
        'latin1',
      );
    },
    says: /object 3 \(Page\) was changed/,
  },
  {
    name: 'hybrid: old readers see the signed page, new ones another',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: hybrid,
    says: /object 3 \(Page\) was changed/,
  },
  {
    name: 'keys twice: page with a second /Contents',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        3: page('/Contents 4 0 R', '/Contents 4 0 R /Contents 60 0 R'),
        60: EVIL_STREAM,
      }),
    says: /object 3/,
  },
  {
    name: 'keys twice: catalog with a second /Pages',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 1: catalog('/Pages 2 0 R') }),
    says: /catalog repeats a key/,
  },
  {
    name: 'keys twice: form with a second /Fields',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R] /Fields [7 0 R ${WIDGET} 0 R] /SigFlags 3 >>`,
      }),
    says: /form repeats a key/,
  },
  {
    name: 'second catalog that nothing refers to',
    rule: 'object',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      appendRevision(victim.signed, {
        60: '<< /Type /Catalog /Pages 61 0 R >>',
        61: '<< /Type /Pages /Kids [62 0 R] /Count 1 >>',
        62: '<< /Type /Page /Parent 61 0 R /Contents 63 0 R >>',
        63: EVIL_STREAM,
      }),
    says: /belongs to no page tree/,
  },
  {
    name: 'second document appended, with a header of its own',
    rule: 'chain',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => Buffer.concat([victim.signed, plainPdf({ 4: EVIL_STREAM })]),
    says: /cut out of the file/,
  },
  {
    name: 'second document before the header',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => Buffer.concat([Buffer.from('GIF89a'), victim.signed]),
    says: /before the %PDF- header|magic|circle|expected|range/,
  },
  {
    name: 'structure tree replaced, read aloud and exported',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const tagged = plainPdf({
        1: catalog('/StructTreeRoot 60 0 R'),
        60: '<< /Type /StructTreeRoot /K 61 0 R >>',
        61: '<< /S /P /ActualText (so 12) /P 60 0 R >>',
      });
      return appendRevision(await victim.sign(tagged), {
        61: '<< /S /P /ActualText (so 99) /P 60 0 R >>',
      });
    },
    says: /structure tree/,
  },
  {
    name: 'appearance of the first signature replaced',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => {
      const text = victim.signed.toString('latin1');
      const start = text.indexOf('<<', text.indexOf(`${WIDGET} 0 obj`));
      const widget = text.slice(start, text.indexOf('endobj', start));
      const moved = widget.replace(/\/Rect *\[[^\]]*\]/, '/Rect [0 0 500 500]');
      return appendRevision(victim.signed, { [WIDGET]: moved });
    },
    says: /was filled in or changed/,
  },
  {
    name: 'USF: /ByteRange of five integers',
    rule: 'range',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        10: signatureText(victim).replace(/\/ByteRange \[/, '/ByteRange [0 '),
      }),
    says: /not four integers/,
  },
  {
    name: 'USF: /Contents behind a reference',
    rule: 'gap',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        10: signatureText(victim).replace(/\/Contents <[^>]*>/, '/Contents 60 0 R'),
        60: /<[0-9a-f]{100,}>/.exec(signatureText(victim))?.[0] ?? '',
      }),
    says: /Contents is missing/,
  },
  {
    name: 'USF: signature dictionary written into the field',
    rule: 'dictionary',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        [WIDGET]: `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /V ${signatureText(victim)} >>`,
      }),
    says: /no indirect reference/,
  },
];
