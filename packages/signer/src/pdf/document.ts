import { SignerError } from '../errors.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from './limits.ts';
import { Lexer } from './lexer.ts';
import { Skimmer } from './skim.ts';
import { type IndirectObject, type ObjectStream, PdfSource } from './source.ts';
import {
  PdfDict,
  PdfRef,
  PdfStream,
  type PdfValue,
  integerOf,
  isPdfArray,
  nameText,
} from './values.ts';
import {
  FREE,
  IN_FILE,
  type XrefEntry,
  type XrefSection,
  entryInSection,
  findStartXref,
  readXrefChain,
} from './xref.ts';

const MAX_REFERENCE_HOPS = 16;
/** An object needs its length, in an object stream, which needs its own: more in a row is an attack. */
const MAX_OPEN_OBJECTS = 16;

/**
 * One revision of a PDF, read through its cross-reference sections and never by searching the file
 * for objects: so it shows the document that a viewer shows. Objects are parsed when asked for.
 */
export class PdfDocument {
  readonly source: PdfSource;
  /** Newest first. */
  readonly sections: readonly XrefSection[];
  /** The revision is the bytes before this offset. */
  readonly end: number;
  private readonly entries = new Map<number, XrefEntry | undefined>();
  private readonly inProgress = new Set<number>();

  constructor(source: PdfSource, sections: readonly XrefSection[], end: number) {
    this.source = source;
    this.sections = sections;
    this.end = end;
  }

  get newestSection(): XrefSection {
    const section = this.sections[0];
    if (section === undefined) throw brokenPdf('no cross-reference section', 0);
    return section;
  }

  get trailer(): PdfDict {
    return this.newestSection.trailer;
  }

  /** The document as it was when the section at this index was the newest. */
  earlierRevision(sectionIndex: number, end: number): PdfDocument {
    return new PdfDocument(this.source, this.sections.slice(sectionIndex), end);
  }

  /** Where an object stands; undefined when it is free or was never there. */
  entry(number: number): XrefEntry | undefined {
    if (this.entries.has(number)) return this.entries.get(number);
    let found: XrefEntry | undefined;
    for (const section of this.sections) {
      this.source.charge(1 + section.runs.length);
      found = entryInSection(section, number);
      if (found !== undefined) break;
    }
    const entry = found === undefined || found.kind === FREE ? undefined : found;
    this.entries.set(number, entry);
    return entry;
  }

  /** The object with its place in the file; undefined unless it stands there by itself. */
  fileObject(number: number): IndirectObject | undefined {
    const entry = this.entry(number);
    if (entry?.kind !== IN_FILE) return undefined;
    const known = this.source.objects.get(entry.position);
    const object = known ?? this.readAt(number, entry.position);
    if (object.number !== number || object.generation !== entry.generation) {
      throw brokenPdf(
        `object ${number} does not stand where the cross-reference says`,
        entry.position,
      );
    }
    if (object.end > this.end) {
      throw brokenPdf(`object ${number} reaches past the end of its revision`, entry.position);
    }
    return object;
  }

  private readAt(number: number, position: number): IndirectObject {
    if (position >= this.end) throw brokenPdf(`object ${number} outside the file`, position);
    if (this.inProgress.has(number)) throw brokenPdf(`object ${number} needs itself`, position);
    if (this.inProgress.size >= MAX_OPEN_OBJECTS) {
      throw brokenPdf(`object ${number} is needed by too many others in a row`, position);
    }
    this.inProgress.add(number);
    try {
      const object = this.source.readObject(position, (value) => this.resolve(value));
      this.source.objects.set(position, object);
      return object;
    } finally {
      this.inProgress.delete(number);
    }
  }

  /** The value of an object; null when there is none, as the standard says (§7.3.10). */
  get(number: number): PdfValue {
    const entry = this.entry(number);
    if (entry === undefined) return null;
    if (entry.kind === IN_FILE) return this.fileObject(number)?.value ?? null;
    return this.fromObjectStream(number, entry);
  }

  /** The object stream that holds an object, with the object's index checked. */
  objectStream(number: number, position: number, index: number): ObjectStream {
    const container = this.fileObject(position);
    if (container === undefined) {
      throw brokenPdf(`object ${number} is in a missing object stream`, position);
    }
    let stream = this.source.objectStreams.get(container.start);
    if (stream === undefined) {
      stream = this.openObjectStream(container);
      this.source.objectStreams.set(container.start, stream);
    }
    if (stream.numbers[index] !== number) {
      throw brokenPdf(`object ${number} is not in its object stream`, container.start);
    }
    return stream;
  }

  private fromObjectStream(number: number, { position, generation: index }: XrefEntry): PdfValue {
    const stream = this.objectStream(number, position, index);
    const known = stream.values.get(index);
    if (known !== undefined) return known;
    const offset = stream.offsets[index] ?? 0;
    const lexer = new Lexer(stream.data, offset, stream.data.length, this.source.limits.maxDepth);
    const value = lexer.parseValue();
    this.source.charge(lexer.pos - offset);
    stream.values.set(index, value);
    return value;
  }

  private openObjectStream(container: IndirectObject): ObjectStream {
    const stream = container.value;
    if (!(stream instanceof PdfStream) || nameText(stream.dict.get('Type')) !== 'ObjStm') {
      throw brokenPdf(`object ${container.number} is no object stream`, container.start);
    }
    const count = integerOf(this.resolve(stream.dict.get('N'))) ?? -1;
    const first = integerOf(this.resolve(stream.dict.get('First'))) ?? -1;
    const data = this.source.decode(stream, (value) => this.resolve(value));
    if (count < 0 || first < 0 || first > data.length || count * 3 > data.length) {
      throw brokenPdf(`object stream ${container.number} is malformed`, container.start);
    }
    const lexer = new Lexer(data, 0, first, this.source.limits.maxDepth);
    const numbers: number[] = [];
    const offsets: number[] = [];
    for (let i = 0; i < count; i++) {
      numbers.push(lexer.expectUnsigned());
      offsets.push(first + lexer.expectUnsigned());
    }
    this.source.charge(first);
    const skimmer = new Skimmer(data, data.length, this.source.limits.maxDepth);
    return { numbers, offsets, data, values: new Map(), skimmer, skims: new Map() };
  }

  /** Follows references; null for one that leads nowhere, undefined stays undefined. */
  resolve(value: PdfValue | undefined): PdfValue | undefined {
    let current = value;
    for (let hops = 0; current instanceof PdfRef; hops++) {
      if (hops > MAX_REFERENCE_HOPS) throw brokenPdf('references run in a circle', 0);
      const entry = this.entry(current.number);
      const generation = entry?.kind === IN_FILE ? entry.generation : 0;
      if (entry === undefined || generation !== current.generation) return null;
      current = this.get(current.number);
    }
    return current;
  }

  dict(value: PdfValue | undefined): PdfDict | undefined {
    const resolved = this.resolve(value);
    return resolved instanceof PdfDict ? resolved : undefined;
  }

  array(value: PdfValue | undefined): readonly PdfValue[] | undefined {
    const resolved = this.resolve(value);
    return isPdfArray(resolved) ? resolved : undefined;
  }

  /** The document catalog (§7.7.2). */
  catalog(): PdfDict {
    const root = this.trailer.get('Root');
    const catalog = this.dict(root);
    if (!(root instanceof PdfRef) || catalog === undefined) {
      throw brokenPdf('trailer without a document catalog', this.newestSection.offset);
    }
    return catalog;
  }
}

function brokenPdf(message: string, offset: number): SignerError {
  return new SignerError('SIGNER_PDF_BROKEN', message, { details: { offset } });
}

/**
 * Opens a PDF at its newest revision. Only the cross-reference sections are read now.
 *
 * @throws {@link SignerError} `SIGNER_PDF_NOT_PDF`, `SIGNER_PDF_TOO_LARGE`, `SIGNER_PDF_BROKEN` when
 *   header or cross-reference sections are damaged, `SIGNER_PDF_TOO_COMPLEX` at a limit.
 */
export function openPdf(bytes: Uint8Array, limits: PdfLimits = DEFAULT_PDF_LIMITS): PdfDocument {
  if (bytes.length > limits.maxFileBytes) {
    throw new SignerError(
      'SIGNER_PDF_TOO_LARGE',
      `file of ${bytes.length} bytes, limit ${limits.maxFileBytes} bytes`,
      { details: { bytes: bytes.length, maxBytes: limits.maxFileBytes } },
    );
  }
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024));
  const header = head.indexOf('%PDF-');
  if (header < 0) {
    throw new SignerError('SIGNER_PDF_NOT_PDF', 'no %PDF- header: this is not a PDF file', {
      details: { bytes: bytes.length },
    });
  }
  if (header > 0) throw brokenPdf(`${header} bytes stand before the %PDF- header`, 0);
  const source = new PdfSource(bytes, limits);
  const { offset } = findStartXref(bytes, bytes.length);
  return new PdfDocument(source, readXrefChain(source, offset), bytes.length);
}
