import { appendRevision } from '../revision.ts';
import { EVIL_STREAM, type Victim, catalog } from '../victim.ts';
import type { Attack } from './attack.ts';

const EVIL_OBJECT = `4 0 obj\n${EVIL_STREAM}\nendobj\n`;

const stream = (keys: string, body: string): string =>
  `<< ${keys} /Length ${body.length} >>\nstream\n${body}\nendstream`;
const metadata = (body: string): string => stream('/Type /Metadata /Subtype /XML', body);

/** A revision that adds metadata, which is harmless by itself. */
function described(
  { signed }: Victim,
  body = '<x/>',
  more: Readonly<Record<number, string>> = {},
): Buffer {
  return appendRevision(signed, {
    1: catalog('/Metadata 150 0 R'),
    150: metadata(body),
    ...more,
  });
}

/** Changes the last part of a file that fits. */
function withLast(pdf: Buffer, from: RegExp, to: string): Buffer {
  const text = pdf.toString('latin1');
  const start = text.lastIndexOf('\nxref\n');
  return Buffer.from(text.slice(0, start) + text.slice(start).replace(from, to), 'latin1');
}

/**
 * A viewer that takes offence at a cross-reference section searches the file for objects, and finds
 * those that an attacker hid in metadata, which may change. Poppler 22.12 shows the forged page of the
 * first two.
 */
export const READER_ATTACKS: readonly Attack[] = [
  {
    name: 'readers: a page hidden in metadata, and /Prev as a real number',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim, EVIL_OBJECT), /\/Prev (\d+)/, '/Prev $1.0'),
    says: /cannot be read: .* not written as integers/,
  },
  {
    name: 'readers: a page hidden in metadata, and entries of eighteen bytes',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim, EVIL_OBJECT), / n \n/g, ' n'),
    says: /cannot be read: cross-reference entries without a space/,
  },
  {
    name: 'readers: a page hidden in metadata, for a search that something else may bring about',
    rule: 'readers',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => described(victim, EVIL_OBJECT),
    says: /look like an object to readers that search/,
  },
  {
    name: 'readers: a trailer hidden in metadata',
    rule: 'readers',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => described(victim, 'trailer\n<< /Root 151 0 R >>'),
    says: /look like a trailer to readers that search/,
  },
  {
    name: 'readers: a page in an object stream that no section leads to',
    rule: 'readers',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      described(victim, '<x/>', { 151: stream('/Type /ObjStm /N 1 /First 4', '4 0 (evil)') }),
    says: /object 151 \(ObjStm\) holds what no cross-reference section leads to/,
  },
  {
    name: 'readers: a cross-reference stream that belongs to no chain',
    rule: 'readers',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      described(victim, '<x/>', {
        151: stream('/Type /XRef /Size 5 /W [1 2 1] /Index [4 1] /Root 1 0 R', '\u0001\0\u0009\0'),
      }),
    says: /object 151 \(XRef\) holds what no cross-reference section leads to/,
  },
  {
    name: 'readers: entries of nineteen bytes',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), / n \n/g, ' n\n'),
    says: /cross-reference section is written in a way that readers differ on/,
  },
  {
    name: 'readers: /Prev under an escaped name',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /\/Prev/, '/#50rev'),
    says: /cross-reference section is written in a way that readers differ on/,
  },
  {
    name: 'readers: a comment in the cross-reference table',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /xref\n/, 'xref %\n'),
    says: /cross-reference section is written in a way that readers differ on/,
  },
  {
    name: 'readers: a /Size that overflows',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /\/Size \d+/, '/Size 4294967496'),
    says: /cross-reference section is written in a way that readers differ on/,
  },
  {
    name: 'readers: startxref too far from the end of the file',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /%%EOF/, `${' '.repeat(1_500)}%%EOF`),
    says: /end of the file \(startxref\) is written in a way that readers differ on/,
  },
  {
    name: 'readers: a second startxref in a comment at the end',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /startxref\n/, '%Tool startxref 9\nstartxref\n'),
    says: /end of the file \(startxref\) is written in a way that readers differ on/,
  },
  {
    name: 'readers: an object that begins a byte later than the table says',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => {
      const file = described(victim);
      const position = file.lastIndexOf('\n150 0 obj');
      const [right, wrong] = [position + 1, position].map((at) => String(at).padStart(10, '0'));
      return withLast(file, new RegExp(right ?? ''), wrong ?? '');
    },
    says: /cross-reference section names object 150 inexactly/,
  },
  {
    name: 'readers: an object above /Size',
    rule: 'readers',
    verdict: 'INDETERMINATE',
    forge: (victim) => withLast(described(victim), /\/Size \d+/, '/Size 120'),
    says: /cross-reference section names object 150 inexactly/,
  },
];
