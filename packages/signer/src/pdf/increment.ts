import type { PdfDocument } from './document.ts';
import { serializeValue } from './serialize.ts';
import { PdfDict, PdfName, PdfRef, type PdfValue } from './values.ts';
import { IN_FILE } from './xref.ts';

const EOL = [10, 13];

interface Written {
  readonly generation: number;
  readonly offset: number;
}

/**
 * Builds the bytes that are appended to a PDF for its next revision (ISO 32000-1 §7.5.6). The
 * existing bytes are never touched, and the new cross-reference section is of the kind that the
 * newest one has: table after table (also after a hybrid), stream after stream.
 */
export class IncrementWriter {
  private readonly document: PdfDocument;
  private readonly avoid: ReadonlyMap<number, number>;
  private readonly written = new Map<number, Written>();
  private text: string;
  private nextNumber: number;

  /**
   * @param avoid - numbers that something refers to although no object has them: a new object there
   *   would change the document (and look like a shadow attack).
   */
  constructor(document: PdfDocument, avoid: ReadonlyMap<number, number>) {
    this.document = document;
    this.avoid = avoid;
    const bytes = document.source.bytes;
    this.text = EOL.includes(bytes[bytes.length - 1] ?? 0) ? '' : '\n';
    this.nextNumber = firstFreeNumber(document);
  }

  /** Offset in the new file at which the next object begins. */
  get offset(): number {
    return this.document.source.bytes.length + this.text.length;
  }

  /** A number that no object has had before. */
  allocate(): PdfRef {
    while (this.avoid.has(this.nextNumber)) this.nextNumber++;
    return new PdfRef(this.nextNumber++, 0);
  }

  /** The reference under which an existing object is written again: it keeps its generation. */
  existing(number: number): PdfRef {
    const entry = this.document.entry(number);
    return new PdfRef(number, entry?.kind === IN_FILE ? entry.generation : 0);
  }

  write(ref: PdfRef, value: PdfValue): void {
    this.writeText(ref, serializeValue(value));
  }

  /**
   * Writes an object whose body is already PDF syntax, one character per byte.
   *
   * @returns the offset of the body in the new file.
   */
  writeText(ref: PdfRef, body: string): number {
    const head = `${ref.number} ${ref.generation} obj\n`;
    this.written.set(ref.number, { generation: ref.generation, offset: this.offset });
    const bodyOffset = this.offset + head.length;
    this.text += `${head}${body}\nendobj\n`;
    return bodyOffset;
  }

  /**
   * Adds the cross-reference section and ends the revision.
   *
   * @param id - second part of the file identifier, new for each revision (§14.4).
   */
  finish(id: PdfValue): Buffer {
    const { newestSection, trailer } = this.document;
    const entries = new Map<string, PdfValue>();
    for (const key of ['Root', 'Info']) {
      const value = trailer.get(key);
      if (value !== undefined) entries.set(key, value);
    }
    const oldId = this.document.array(trailer.get('ID'))?.[0];
    entries.set('ID', [this.document.resolve(oldId) ?? id, id]);
    entries.set('Prev', newestSection.offset);
    const startXref =
      newestSection.kind === 'table' ? this.writeTable(entries) : this.writeStream(entries);
    this.text += `startxref\n${startXref}\n%%EOF\n`;
    return Buffer.from(this.text, 'latin1');
  }

  private writeTable(entries: Map<string, PdfValue>): number {
    const startXref = this.offset;
    let table = 'xref\n0 1\n0000000000 65535 f \n';
    for (const run of runsOf([...this.written.keys()])) {
      table += `${run[0]} ${run.length}\n`;
      for (const number of run) {
        const { offset, generation } = this.written.get(number) ?? { offset: 0, generation: 0 };
        table += `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n \n`;
      }
    }
    entries.set('Size', this.nextNumber);
    this.text += `${table}trailer\n${serializeValue(new PdfDict(entries))}\n`;
    return startXref;
  }

  private writeStream(entries: Map<string, PdfValue>): number {
    const ref = this.allocate();
    const startXref = this.offset;
    this.written.set(ref.number, { generation: 0, offset: startXref });
    const width = startXref > 0xffff_ffff ? 6 : 4;
    const runs = runsOf([...this.written.keys()]);
    let data = '';
    for (const number of runs.flat()) {
      const { offset, generation } = this.written.get(number) ?? { offset: 0, generation: 0 };
      data += `\x01${bigEndian(offset, width)}${bigEndian(generation, 2)}`;
    }
    const dict = new PdfDict(
      new Map<string, PdfValue>([
        ['Type', new PdfName('XRef')],
        ['Size', this.nextNumber],
        ['W', [1, width, 2]],
        ['Index', runs.flatMap((run) => [run[0] ?? 0, run.length])],
        ['Length', data.length],
        ...entries,
      ]),
    );
    const body = `${serializeValue(dict)}\nstream\n${data}\nendstream`;
    this.text += `${ref.number} 0 obj\n${body}\nendobj\n`;
    return startXref;
  }
}

function bigEndian(value: number, width: number): string {
  let text = '';
  for (let i = width - 1; i >= 0; i--)
    text += String.fromCharCode(Math.floor(value / 256 ** i) % 256);
  return text;
}

/** Above every `/Size` and every entry of every section, so that no number is used again. */
function firstFreeNumber(document: PdfDocument): number {
  let next = 1;
  for (const section of document.sections) {
    const size = section.trailer.get('Size');
    if (typeof size === 'number') next = Math.max(next, size);
    for (const run of [...section.runs, ...(section.hidden?.runs ?? [])]) {
      next = Math.max(next, run.first + run.count);
    }
  }
  return next;
}

/** Sorted numbers, split where one is missing. */
function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1) === number - 1) last.push(number);
    else runs.push([number]);
  }
  return runs;
}
