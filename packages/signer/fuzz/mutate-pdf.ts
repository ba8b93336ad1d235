import { type Mutator, replace } from './mutate.ts';

const WORDS = [
  '<<', '>>', '[', ']', '(', ')', '<', '>', 'obj', 'endobj', 'stream\n', '\nendstream', 'xref\n',
  'trailer\n', 'startxref\n', '%%EOF\n', 'R', 'null', 'true', 'f \n', 'n \n', '/Prev ', '/XRefStm ',
  '/Size ', '/Root ', '/W [1 2 1]', '/Index [0 9]', '/Type /ObjStm', '/Type /XRef', '/N 1', '/First 4',
  '/Filter /FlateDecode', '/DecodeParms << /Predictor 12 /Columns 4 >>', '/ByteRange [0 1 2 3]',
  '/Contents <00>', '/Encrypt ', '/Kids [', '/Fields [', '/Annots [', '/Length 0', '/AA ', '/DSS ',
  '/DocMDP', '/FieldMDP', '/Parent 7 0 R', '#2f', '\\377',
].map((word) => Buffer.from(word, 'latin1')); // prettier-ignore

/** Changes of PDF files: words of the syntax, and cross-references made right after a change. */
export const PDF_MUTATORS: readonly Mutator[] = [
  function insertPdfWord(bytes, { random }) {
    const at = random.below(bytes.length);
    const word = random.pick(WORDS) ?? Buffer.alloc(0);
    return replace(bytes, at, random.chance(2) ? at : at + word.length, word);
  },
  function swapObjects(bytes, { random }) {
    const objects = objectsOf(bytes);
    const one = random.pick(objects);
    const other = random.pick(objects);
    if (one === undefined || other === undefined) return undefined;
    return replace(
      bytes,
      one.bodyStart,
      one.end,
      Buffer.from(bytes.subarray(other.bodyStart, other.end)),
    );
  },
  function replaceReference(bytes, { random }) {
    const text = bytes.toString('latin1');
    const hit = random.pick([...text.matchAll(/\d+ \d+ R/g)]);
    if (hit === undefined) return undefined;
    const by =
      random.pick(['null', `${random.below(14)} 0 R`, '[]', '<<>>', '(x)', '0 65535 R']) ?? '';
    return replace(bytes, hit.index, hit.index + hit[0].length, Buffer.from(by));
  },
  function appendPart(bytes, { random }) {
    const text = bytes.toString('latin1');
    const at = text.lastIndexOf('xref', random.below(bytes.length));
    if (at < 0) return undefined;
    return Buffer.concat([bytes, bytes.subarray(at)]);
  },
  repairXref,
  repairXref,
];

function objectsOf(
  bytes: Buffer,
): { number: number; start: number; bodyStart: number; end: number }[] {
  const text = bytes.toString('latin1');
  return [...text.matchAll(/(?<![\d.])(\d{1,6}) \d{1,5} obj\b/g)].map((match) => {
    const end = text.indexOf('endobj', match.index);
    const bodyStart = match.index + match[0].length;
    const number = Number(match[1]);
    return { number, start: match.index, bodyStart, end: end < bodyStart ? bytes.length : end };
  });
}

/** Writes the true offsets into tables of one revision, and the last `startxref`. */
function repairXref(bytes: Buffer): Buffer | undefined {
  let text = bytes.toString('latin1');
  const offsets = new Map(objectsOf(bytes).map(({ number, start }) => [number, start]));
  text = text.replace(
    /xref\s+(\d+) (\d+)\s+((?:\d{10} \d{5} [nf]..)+)/gs,
    (table, first: string) => {
      let number = Number(first) - 1;
      return table.replace(/\d{10}(?= \d{5} n)|\d{10}(?= \d{5} f)/g, (old) => {
        number += 1;
        const offset = offsets.get(number);
        return offset === undefined ? old : String(offset).padStart(10, '0');
      });
    },
  );
  const at = text.lastIndexOf('\nxref') + 1;
  if (at > 0) {
    const last = text.lastIndexOf('startxref');
    text = text.slice(0, last) + text.slice(last).replace(/\d+/, String(at));
  }
  return Buffer.from(text, 'latin1');
}
