import type { PdfDocument } from './document.ts';
import { serializeValue } from './serialize.ts';
import { PdfDict, PdfName, PdfRef, type PdfValue } from './values.ts';
import { IN_FILE } from './xref.ts';

interface Written {
  readonly number: number;
  readonly generation: number;
  readonly offset: number;
}

/** A run of `0` characters, which is filled in later; kept as a count until the file is made. */
export interface Zeros {
  readonly zeroCount: number;
}

/** Part of an object's body: text with one character per byte, bytes as they are, or a gap. */
export type BodyPart = string | Uint8Array | Zeros;

/** Numbers of objects that a new object must not take. */
export interface TakenNumbers {
  has(number: number): boolean;
}

/**
 * Builds the bytes that are appended to a PDF for its next revision (ISO 32000-1 §7.5.6). The
 * existing bytes are never touched, and the new cross-reference section is of the kind that the
 * newest one has: table after table (also after a hybrid), stream after stream.
 */
export class IncrementWriter {
  private readonly document: PdfDocument;
  private readonly avoid: TakenNumbers;
  private readonly written = new Map<number, Written>();
  private readonly parts: BodyPart[] = [];
  /** Text that stands after the last of `parts`. */
  private text: string;
  /** Bytes in `parts`. */
  private partBytes = 0;
  private nextNumber: number;

  /**
   * @param avoid - numbers that something refers to although no object has them: a new object there
   *   would change the document (and look like a shadow attack).
   */
  constructor(document: PdfDocument, avoid: TakenNumbers) {
    this.document = document;
    this.avoid = avoid;
    const { bytes } = document.source;
    const last = bytes[bytes.length - 1];
    this.text = last === 10 || last === 13 ? '' : '\n';
    this.nextNumber = firstFreeNumber(document);
  }

  /** Offset in the new file at which the next object begins. */
  get offset(): number {
    return this.document.source.bytes.length + this.partBytes + this.text.length;
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
    this.writeBody(ref, [serializeValue(value)]);
  }

  /** Writes a stream object; `/Length` is set here, the data stand as they are given. */
  writeStream(ref: PdfRef, entries: ReadonlyMap<string, PdfValue>, data: Uint8Array): void {
    const dict = serializeValue(new PdfDict(new Map([...entries, ['Length', data.length]])));
    this.writeBody(ref, [`${dict}\nstream\n`, data, '\nendstream']);
  }

  /**
   * Writes an object whose body is already PDF syntax.
   *
   * @returns the offset of the body in the new file.
   */
  writeBody(ref: PdfRef, body: readonly BodyPart[]): number {
    const { number, generation } = ref;
    this.written.set(number, { number, generation, offset: this.offset });
    this.text += `${number} ${generation} obj\n`;
    const bodyOffset = this.offset;
    for (const part of body) this.append(part);
    this.text += '\nendobj\n';
    return bodyOffset;
  }

  private append(part: BodyPart): void {
    if (typeof part === 'string') {
      this.text += part;
      return;
    }
    this.parts.push(this.text, part);
    this.partBytes += this.text.length + ('zeroCount' in part ? part.zeroCount : part.length);
    this.text = '';
  }

  /**
   * Adds the cross-reference section and ends the revision.
   *
   * @param id - second part of the file identifier, new for each revision (§14.4).
   * @returns the whole new file: the bytes before, then the new ones.
   */
  finish(id: PdfValue): Buffer {
    const { newestSection, trailer, source } = this.document;
    const entries = new Map<string, PdfValue>();
    for (const key of ['Root', 'Info']) {
      const value = trailer.get(key);
      if (value !== undefined) entries.set(key, value);
    }
    const oldId = this.document.array(trailer.get('ID'))?.[0];
    entries.set('ID', [this.document.resolve(oldId) ?? id, id]);
    entries.set('Prev', newestSection.offset);
    const startXref =
      newestSection.kind === 'table' ? this.writeTable(entries) : this.writeStreamSection(entries);
    this.text += `startxref\n${startXref}\n%%EOF\n`;
    const file = Buffer.allocUnsafe(this.offset);
    file.set(source.bytes);
    this.copyTo(file, source.bytes.length);
    return file;
  }

  private copyTo(file: Buffer, from: number): void {
    let pos = from;
    for (const part of [...this.parts, this.text]) {
      if (typeof part === 'string') {
        pos += file.write(part, pos, 'latin1');
      } else if ('zeroCount' in part) {
        file.fill(0x30, pos, pos + part.zeroCount);
        pos += part.zeroCount;
      } else {
        file.set(part, pos);
        pos += part.length;
      }
    }
  }

  /** What was written, by object number. */
  private sorted(): Written[] {
    return [...this.written.values()].sort((a, b) => a.number - b.number);
  }

  private writeTable(entries: Map<string, PdfValue>): number {
    const startXref = this.offset;
    let table = 'xref\n0 1\n0000000000 65535 f \n';
    for (const run of runsOf(this.sorted())) {
      table += `${run[0]?.number} ${run.length}\n`;
      for (const { offset, generation } of run) {
        table += `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n \n`;
      }
    }
    entries.set('Size', this.nextNumber);
    this.text += `${table}trailer\n${serializeValue(new PdfDict(entries))}\n`;
    return startXref;
  }

  private writeStreamSection(entries: Map<string, PdfValue>): number {
    const ref = this.allocate();
    const startXref = this.offset;
    this.written.set(ref.number, { number: ref.number, generation: 0, offset: startXref });
    const width = startXref > 0xffff_ffff ? 6 : 4;
    const runs = runsOf(this.sorted());
    let data = '';
    for (const { offset, generation } of runs.flat()) {
      data += `\x01${bigEndian(offset, width)}${bigEndian(generation, 2)}`;
    }
    const dict = new PdfDict(
      new Map<string, PdfValue>([
        ['Type', new PdfName('XRef')],
        ['Size', this.nextNumber],
        ['W', [1, width, 2]],
        ['Index', runs.flatMap((run) => [run[0]?.number ?? 0, run.length])],
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

/** Split where a number is missing; the input is sorted. */
function runsOf(written: readonly Written[]): Written[][] {
  const runs: Written[][] = [];
  let last: Written[] = [];
  let next = -1;
  for (const one of written) {
    if (one.number !== next) {
      last = [];
      runs.push(last);
    }
    last.push(one);
    next = one.number + 1;
  }
  return runs;
}
