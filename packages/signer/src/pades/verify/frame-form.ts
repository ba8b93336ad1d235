import { skipWhite } from '../../pdf/characters.ts';
import { PdfStream, integerOf, nameText } from '../../pdf/values.ts';
import {
  IN_FILE,
  IN_OBJECT_STREAM,
  type XrefSection,
  entryInSection,
  numbersInSection,
} from '../../pdf/xref.ts';
import type { Comparison } from './comparison.ts';

/**
 * A viewer that stumbles over a cross-reference section rebuilds the document: it searches the file
 * for objects, also inside of streams, and shows what it finds. So later revisions must neither make
 * any viewer stumble nor hold anything that only such a search finds.
 */
export function checkFrameForm(c: Comparison, sections: readonly XrefSection[]): void {
  for (const section of sections) {
    const { hidden } = section;
    if (!isPlainSection(c, section) || (hidden !== undefined && !isPlainStream(c, hidden))) {
      c.add(
        'undecided',
        'a later cross-reference section is written in a way that readers differ on',
      );
    }
  }
  if (!hasPlainTail(c)) {
    c.add(
      'undecided',
      'the end of the file (startxref) is written in a way that readers differ on',
    );
  }
  checkPlaces(c, sections);
  findBuriedObjects(c, sections);
  findIdleStreams(c, sections);
}

/** What an entry names must stand exactly there, and below /Size, or readers give the section up. */
function checkPlaces(c: Comparison, sections: readonly XrefSection[]): void {
  for (const section of sections) {
    const size = integerOf(section.trailer.get('Size')) ?? 0;
    for (const number of numbersInSection(section)) {
      const entry = entryInSection(section, number);
      const position = entry?.kind === IN_FILE ? entry.position : undefined;
      const isPlain = position === undefined || startsObject(c, position, number);
      if (isPlain && number < size) continue;
      c.add('undecided', `a later cross-reference section names object ${number} inexactly`);
    }
  }
}

function startsObject(c: Comparison, position: number, number: number): boolean {
  OBJECT_START.lastIndex = 0;
  const head = OBJECT_START.exec(textOf(c, position, position + 64))?.[0];
  return head !== undefined && Number.parseInt(head, 10) === number;
}

/** Larger numbers of objects overflow in some readers. */
const MAX_PLAIN_SIZE = 8_388_607;
const EOL = '(?:\\r\\n|\\r|\\n)';
const TABLE_START = new RegExp(`xref ?${EOL}`, 'y');
const RUN_START = new RegExp(`([0-9]{1,7}) ([0-9]{1,7}) ?${EOL}`, 'y');
const ENTRY = /[0-9]{10} ([0-9]{5}) ([nf])(?: \r| \n|\r\n)/y;
const TRAILER = /trailer[\t\n\r ]*(?=<<)/y;
const OBJECT_START = /[0-9]{1,10}[\t\n\f\r ]+[0-9]{1,5}[\t\n\f\r ]+obj(?![A-Za-z])/y;
/** Programs write their name between the section and `startxref`. */
const COMMENT = `%(?!%EOF|.{0,200}(?:startxref|trailer|obj))[ -~]{0,200}${EOL}`;
/** Readers look for `startxref` in the last kilobyte. */
const TAIL = new RegExp(
  `^[\\t\\n\\f\\r ]{0,16}(?:${COMMENT}){0,2}startxref ?${EOL}[0-9]{1,10} ?${EOL}%%EOF[\\0\\t\\n\\f\\r ]{0,256}$`,
);

function isPlainSection(c: Comparison, section: XrefSection): boolean {
  return section.kind === 'stream' ? isPlainStream(c, section) : isPlainTable(c, section);
}

/** Lines of twenty bytes exactly (ISO 32000-1 §7.5.4), and whole numbers without a point. */
function isPlainTable(c: Comparison, section: XrefSection): boolean {
  const { offset, end } = section;
  const text = textOf(c, offset, end);
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  };
  if (take(TABLE_START) === null) return false;
  for (let run = take(RUN_START); run !== null; run = take(RUN_START)) {
    for (let index = 0; index < Number(run[2]); index++) {
      const entry = take(ENTRY);
      if (entry === null) return false;
      // Known mistake of writers: the table begins at 1 and means 0. Readers correct it.
      if (index === 0 && run[1] === '1' && entry[1] === '65535' && entry[2] === 'f') return false;
    }
  }
  return take(TRAILER) !== null && hasWholeNumbers(c, section, offset + at);
}

function isPlainStream(c: Comparison, section: XrefSection): boolean {
  const { offset, end } = section;
  OBJECT_START.lastIndex = 0;
  const head = OBJECT_START.exec(textOf(c, offset, Math.min(end, offset + 64)));
  return head !== null && hasWholeNumbers(c, section, offset + head[0].length);
}

/** The dictionary of a section: `/Prev 17.0` is a number to some readers, and nothing to others. */
function hasWholeNumbers(
  { final }: Comparison,
  { trailer }: XrefSection,
  position: number,
): boolean {
  const lexer = final.source.lexerAt(position);
  lexer.parseValue();
  const size = integerOf(trailer.get('Size')) ?? Infinity;
  return size <= MAX_PLAIN_SIZE && !lexer.hasOddNumbers && !lexer.hasEscapedNames;
}

function hasPlainTail(c: Comparison): boolean {
  const { bytes } = c.final.source;
  const { offset, end } = c.final.newestSection;
  const length = bytes.length - end;
  return length >= 0 && length <= 512 && offset < end && TAIL.test(textOf(c, end, bytes.length));
}

/** Looks for objects and trailers where the cross-reference sections know of none. */
function findBuriedObjects(c: Comparison, sections: readonly XrefSection[]): void {
  const { bytes } = c.final.source;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const known = new Set<number>();
  for (const section of sections) {
    known.add(section.offset);
    if (section.hidden !== undefined) known.add(section.hidden.offset);
    for (const number of numbersInSection(section)) {
      const entry = entryInSection(section, number);
      if (entry?.kind === IN_FILE) known.add(skipWhite(bytes, entry.position));
    }
  }
  const from = c.signed.end;
  for (let at = file.indexOf('obj', from); at >= 0; at = file.indexOf('obj', at + 3)) {
    const before = textOf(c, Math.max(from, at - 64), at);
    const head = /[0-9]+[\0\t\n\f\r ]+[0-9]+[\0\t\n\f\r ]*$/.exec(before);
    if (head !== null && known.has(at - head[0].length)) continue;
    if (head !== null) {
      c.add('violation', `bytes at ${at} look like an object to readers that search the file`);
    } else if (/[\0\t\n\f\r ]$/.test(before) && !/[A-Za-z]/.test(textOf(c, at + 3, at + 4))) {
      c.add('undecided', `bytes at ${at} may look like an object to readers that search the file`);
    }
  }
  for (let at = file.indexOf('trailer', from); at >= 0; at = file.indexOf('trailer', at + 7)) {
    const isOwn = sections.some(
      ({ kind, offset, end }) => kind === 'table' && offset <= at && at < end,
    );
    if (isOwn || !/^[\0\t\n\f\r ]*<</.test(textOf(c, at + 7, at + 64))) continue;
    c.add('violation', `bytes at ${at} look like a trailer to readers that search the file`);
  }
}

/** Streams of objects that no section leads to: a reader that rebuilds the file opens them. */
function findIdleStreams(c: Comparison, sections: readonly XrefSection[]): void {
  const held = heldByStreams(sections);
  const frames = new Set(sections.flatMap(({ offset, hidden }) => [offset, hidden?.offset]));
  for (const section of sections) {
    for (const number of numbersInSection(section)) {
      const entry = entryInSection(section, number);
      const latest = c.final.entry(number);
      // An entry that was replaced since is in no reader's way: its bytes were looked at above.
      if (entry?.kind !== IN_FILE || entry.position !== latest?.position) continue;
      const value = c.final.get(number);
      const type = value instanceof PdfStream ? nameText(value.dict.get('Type')) : undefined;
      const isIdle =
        type === 'ObjStm'
          ? !areAllKnown(c, number, held.get(number) ?? [])
          : !frames.has(entry.position);
      if ((type !== 'XRef' && type !== 'ObjStm') || !isIdle) continue;
      c.add(
        'violation',
        `object ${number} (${type}) holds what no cross-reference section leads to`,
      );
    }
  }
}

interface Held {
  readonly number: number;
  readonly index: number;
}

/** What the sections say to be held by object streams, by the number of the stream. */
function heldByStreams(sections: readonly XrefSection[]): ReadonlyMap<number, readonly Held[]> {
  const held = new Map<number, Held[]>();
  for (const section of sections) {
    for (const number of numbersInSection(section)) {
      const entry = entryInSection(section, number);
      if (entry?.kind !== IN_OBJECT_STREAM) continue;
      const items = held.get(entry.position) ?? [];
      items.push({ number, index: entry.generation });
      held.set(entry.position, items);
    }
  }
  return held;
}

function areAllKnown({ final }: Comparison, container: number, held: readonly Held[]): boolean {
  const [first] = held;
  if (first === undefined) return false;
  const { numbers } = final.objectStream(first.number, container, first.index);
  const known = new Set(held.map(({ number, index }) => `${number} ${index}`));
  return numbers.every((number, index) => known.has(`${number} ${index}`));
}

function textOf({ final }: Comparison, start: number, end: number): string {
  const { bytes } = final.source;
  return Buffer.from(bytes.subarray(start, Math.max(start, end))).toString('latin1');
}
