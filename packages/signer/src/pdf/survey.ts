import { SignerError } from '../errors.ts';
import type { PdfDocument } from './document.ts';
import { FACT, type Skimmed, factsOf } from './facts.ts';
import { Skimmer } from './skim.ts';
import { IN_FILE, IN_OBJECT_STREAM, type XrefSection, entryInSection } from './xref.ts';

/** How often each object number is referred to, whether an object stands there or not. */
export interface ReferenceCounts {
  has(number: number): boolean;
  /** Undefined when nothing refers to it. */
  get(number: number): number | undefined;
}

/** What refers to what in one revision, and what stands out. */
export interface Survey {
  readonly counts: ReferenceCounts;
  /** Object numbers of the arrays that pages name as `/Annots`. */
  readonly annotationArrays: ReadonlySet<number>;
  /** Objects that cannot be read: what they refer to is not known. */
  readonly unreadable: readonly number[];
  /** Objects that say they are pages, in the page tree or not. */
  readonly pages: ReadonlySet<number>;
  /** Objects that hold a name of `NOTABLE_NAMES`. */
  readonly notable: readonly number[];
  /** Pages that repeat a key. */
  readonly repeating: readonly number[];
  /** Streams whose data lie in another file. */
  readonly external: readonly number[];
}

/** Counts in one array; references to numbers beyond every object are rare and stand apart. */
class Counts implements ReferenceCounts {
  private readonly known: Uint32Array;
  private readonly beyond = new Map<number, number>();

  constructor(size: number) {
    this.known = new Uint32Array(size);
  }

  add(number: number): void {
    if (number < this.known.length) this.known[number] = (this.known[number] ?? 0) + 1;
    else this.beyond.set(number, (this.beyond.get(number) ?? 0) + 1);
  }

  has(number: number): boolean {
    return this.get(number) !== undefined;
  }

  get(number: number): number | undefined {
    if (number >= this.known.length) return this.beyond.get(number);
    return this.known[number] || undefined;
  }
}

/** Looks through every object of a revision and counts the references in them (trailers left out). */
export function surveyDocument(document: PdfDocument): Survey {
  const size = sizeOf(document);
  const surveyor = new Surveyor(document, size);
  const seen = new Uint8Array(size);
  for (const section of document.sections) {
    const runs = section.hidden === undefined ? section.runs : allRuns(section);
    for (const { first, count, kinds, positions, generations } of runs) {
      for (let i = 0; i < count; i++) {
        const number = first + i;
        if (seen[number] === 1) continue;
        seen[number] = 1;
        if (section.hidden === undefined) {
          surveyor.visit(number, kinds[i] ?? 0, positions[i] ?? 0, generations[i] ?? 0);
        } else {
          const entry = entryInSection(section, number);
          if (entry !== undefined) {
            surveyor.visit(number, entry.kind, entry.position, entry.generation);
          }
        }
      }
    }
  }
  return surveyor;
}

function allRuns(section: XrefSection): XrefSection['runs'] {
  return [...section.runs, ...(section.hidden?.runs ?? [])];
}

/** One more than the highest number that has an entry. */
function sizeOf({ sections }: PdfDocument): number {
  let size = 1;
  for (const section of sections) {
    for (const { first, count } of allRuns(section)) size = Math.max(size, first + count);
  }
  return size;
}

class Surveyor implements Survey {
  readonly counts: Counts;
  readonly annotationArrays = new Set<number>();
  readonly unreadable: number[] = [];
  readonly pages = new Set<number>();
  readonly notable: number[] = [];
  readonly repeating: number[] = [];
  readonly external: number[] = [];
  private readonly document: PdfDocument;
  private readonly skimmer: Skimmer;
  private readonly sectionOffsets: ReadonlySet<number>;

  constructor(document: PdfDocument, size: number) {
    const { bytes, limits } = document.source;
    this.document = document;
    this.counts = new Counts(size);
    this.sectionOffsets = new Set(
      document.sections.flatMap(({ offset, hidden }) => [offset, hidden?.offset ?? offset]),
    );
    this.skimmer = new Skimmer(bytes, bytes.length, limits.maxDepth);
  }

  visit(number: number, kind: number, position: number, generation: number): void {
    if (kind !== IN_FILE && kind !== IN_OBJECT_STREAM) return;
    try {
      const skimmed =
        kind === IN_FILE
          ? this.skimInFile(number, position, generation)
          : this.skimInStream(number, position, generation);
      // A cross-reference stream is a trailer. Its place tells: whoever gives the type to something
      // else must not hide what that refers to.
      const isTrailer = kind === IN_FILE && this.sectionOffsets.has(position);
      if (!isTrailer) this.take(number, skimmed);
    } catch (error) {
      const isBroken = error instanceof SignerError && error.code === 'SIGNER_PDF_BROKEN';
      if (!isBroken) throw error;
      this.unreadable.push(number);
    }
  }

  private take(number: number, { references, flags, annotations }: Skimmed): void {
    for (const target of references) this.counts.add(target);
    if (flags === 0) return;
    if ((flags & FACT.PAGE) !== 0) this.pages.add(number);
    if ((flags & FACT.NOTABLE) !== 0) this.notable.push(number);
    if ((flags & FACT.EXTERNAL) !== 0) this.external.push(number);
    const isRepeatingPage = (flags & FACT.REPEATS) !== 0 && (flags & FACT.PAGE) !== 0;
    if (isRepeatingPage) this.repeating.push(number);
    if (annotations > 0) this.annotationArrays.add(annotations);
  }

  private skimInFile(number: number, position: number, generation: number): Skimmed {
    const { document, skimmer } = this;
    const { skims } = document.source;
    const known = skims.get(position);
    if (known === undefined) {
      const fresh = this.skimObject(number, position, generation);
      if (fresh !== undefined) {
        skims.set(position, fresh);
        return fresh;
      }
    } else if (known.end <= document.end && skimmer.objectHead(position, number, generation)) {
      return known;
    }
    // Rare or wrong syntax, or an object of another revision: the reader itself decides.
    const object = document.fileObject(number);
    if (object === undefined)
      throw new SignerError('SIGNER_PDF_BROKEN', `object ${number} is gone`);
    const skimmed = factsOf(object.value, object.end);
    skims.set(position, skimmed);
    return skimmed;
  }

  /** Undefined when the object has to be read. */
  private skimObject(number: number, position: number, generation: number): Skimmed | undefined {
    const { document, skimmer } = this;
    const { source } = document;
    const read = source.objects.get(position);
    if (read !== undefined || position >= document.end) return undefined;
    if (!skimmer.objectHead(position, number, generation)) return undefined;
    if (!skimmer.value(skimmer.pos)) return undefined;
    skimmer.skipWhite();
    if (skimmer.keyword('stream')) {
      const length = skimmer.length;
      const bytes = typeof length === 'object' ? document.resolve(length) : length;
      if (typeof bytes !== 'number' || !skimmer.streamData(bytes)) return undefined;
    } else {
      skimmer.flags &= ~FACT.EXTERNAL;
    }
    skimmer.skipWhite();
    if (!skimmer.keyword('endobj')) return undefined;
    if (skimmer.pos > document.end) return undefined;
    source.charge(skimmer.pos - position);
    return skimmer.result();
  }

  private skimInStream(number: number, position: number, index: number): Skimmed {
    const { document } = this;
    const stream = document.objectStream(number, position, index);
    const known = stream.skims.get(index);
    if (known !== undefined) return known;
    const { data, offsets, skimmer } = stream;
    const offset = offsets[index] ?? 0;
    let skimmed: Skimmed | undefined;
    if (!stream.values.has(index) && skimmer.value(offset)) {
      skimmer.flags &= ~FACT.EXTERNAL;
      document.source.charge(skimmer.pos - offset);
      skimmed = skimmer.result();
    }
    skimmed ??= factsOf(document.get(number), data.length);
    stream.skims.set(index, skimmed);
    return skimmed;
  }
}
