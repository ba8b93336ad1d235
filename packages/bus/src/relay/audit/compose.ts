import { createHash } from 'node:crypto';

import { type AgencyCode, parseAgencyCode } from '../../agency/code.ts';
import type { AsOf, RelayFigures } from '../figures/types.ts';
import type { PublicationStore, StoredPublication } from '../storage/publication-store.ts';
import { definitionsOf } from './definitions.ts';
import {
  type ChangeLine,
  type FigureLine,
  asDefinedBy,
  differences,
  figureLines,
  isFigureLine,
  rowName,
} from './lines.ts';
import {
  type PublicationHead,
  type Section,
  encodeHead,
  hashHead,
  parseHead,
} from './publication.ts';

/** What the figures alone do not say. */
export interface PublicationRequest {
  readonly relay: AgencyCode;
  readonly month: string;
  readonly revision: number;
  readonly sequence: number;
  /** SHA-256 of the head of the publication before. */
  readonly previous: string | null;
  readonly publishedAt: Date;
  readonly asOf: AsOf;
  /** By which version of the definitions it counts. */
  readonly definitions: number;
  /** Of a correction: the publication of the revision before. */
  readonly corrects: Pick<StoredPublication, 'sequence' | 'record' | 'head'> | null;
  /** The contradictions up to this one were told before. */
  readonly toldContradiction: number;
}

export interface Composed {
  readonly head: PublicationHead;
  /** Rows whose figures a correction changes; 0 for a first revision. */
  readonly changes: number;
}

/**
 * Writes the lines of a publication into the store and says what its head is. Belongs inside one
 * transaction, so that all lines speak of the same records.
 *
 * The relay and an auditor's recomputation both call this: same records, same directory and same day
 * give the same bytes.
 */
export function composePublication(
  store: PublicationStore,
  figures: RelayFigures,
  request: PublicationRequest,
): Composed {
  const { relay, month, revision, sequence, previous, publishedAt, asOf, definitions } = request;
  const sections = {
    figures: new SectionWriter(store, sequence, 'figures'),
    chains: new SectionWriter(store, sequence, 'chains'),
    contradictions: new SectionWriter(store, sequence, 'contradictions'),
    changes: new SectionWriter(store, sequence, 'changes'),
  };
  const change = new ChangeWriter(store, request, (line) => sections.changes.add(line));
  for (const whole of figureLines(figures, month)) {
    const line = asDefinedBy(definitions, whole);
    sections.figures.add(line);
    change.compare(line);
  }
  change.addRemoved();
  for (const line of store.chains()) sections.chains.add(line);
  for (const line of store.contradictions(request.toldContradiction)) {
    sections.contradictions.add(line);
  }
  const head: PublicationHead = {
    kind: 'congvan-publication',
    version: 1,
    relay,
    month,
    revision,
    sequence,
    published_at: publishedAt.toISOString(),
    as_of: { record: asOf.record, day: asOf.day },
    previous,
    ...(definitions === definitionsOf({}) ? {} : { definitions }),
    arrival_hash: store.arrivalHash(asOf.record),
    directory: readDirectoryState(store),
    sections: {
      figures: sections.figures.end(),
      chains: sections.chains.end(),
      contradictions: sections.contradictions.end(),
      changes: sections.changes.end(),
    },
  };
  return { head, changes: head.sections.changes.lines };
}

/** Keeps a composed head; it becomes public with its signature. */
export function keepHead(store: PublicationStore, head: PublicationHead): Uint8Array {
  const bytes = encodeHead(head);
  const { sequence, month, revision } = head;
  store.add({
    sequence,
    month,
    revision,
    record: head.as_of.record,
    day: head.as_of.day,
    contradiction: store.lastContradiction(),
    head: bytes,
    headSha256: hashHead(bytes),
    signature: null,
  });
  return bytes;
}

/** The lines of a section as text; pieces may end within one. */
export function* sectionLines(pieces: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function readDirectoryState(store: PublicationStore): PublicationHead['directory'] {
  const { entries, registrars } = store.directoryState();
  return { entries, registrars: registrars.map(([code, upTo]) => [parseAgencyCode(code), upTo]) };
}

class SectionWriter {
  readonly #out: ReturnType<PublicationStore['writer']>;
  readonly #hash = createHash('sha256');
  #lines = 0;

  constructor(store: PublicationStore, sequence: number, section: Section) {
    this.#out = store.writer(sequence, section);
  }

  add(line: object): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#hash.update(text);
    this.#out.add(text);
    this.#lines += 1;
  }

  end(): { lines: number; sha256: string } {
    this.#out.end();
    return { lines: this.#lines, sha256: this.#hash.digest('hex') };
  }
}

/** Says what a correction changes: each row that stands differently from the revision before. */
class ChangeWriter {
  readonly #store: PublicationStore;
  readonly #request: PublicationRequest;
  readonly #write: (line: ChangeLine) => void;
  /** Fields that only one of both has are no change. */
  readonly #definitions: number;
  /** Rows of the revision before as text: parsed, those of 15,000 agencies would take 50 MB. */
  readonly #before = new Map<string, string>();

  constructor(
    store: PublicationStore,
    request: PublicationRequest,
    write: (line: ChangeLine) => void,
  ) {
    this.#store = store;
    this.#request = request;
    this.#write = write;
    this.#definitions = request.definitions;
    if (request.corrects === null) return;
    const { definitions } = parseHead(request.corrects.head, 'the revision before');
    this.#definitions = Math.min(request.definitions, definitionsOf({ definitions }));
    for (const text of sectionLines(store.pieces(request.corrects.sequence, 'figures'))) {
      this.#before.set(rowName(readFigureLine(text)), text);
    }
  }

  compare(line: FigureLine): void {
    if (this.#request.corrects === null) return;
    const name = rowName(line);
    const before = this.#before.get(name);
    this.#before.delete(name);
    if (before === JSON.stringify(line)) return;
    this.#tell(before === undefined ? undefined : readFigureLine(before), line);
  }

  addRemoved(): void {
    for (const text of this.#before.values()) this.#tell(readFigureLine(text), undefined);
    this.#before.clear();
  }

  #tell(before: FigureLine | undefined, after: FigureLine | undefined): void {
    const row = after ?? before;
    if (row === undefined) return;
    const { by, key } = row;
    const changed = differences(
      before && asDefinedBy(this.#definitions, before),
      after && asDefinedBy(this.#definitions, after),
    );
    if (Object.keys(changed).length === 0) return;
    const known = this.#request.corrects?.record ?? 0;
    const { listed, more } =
      by === 'agency'
        ? this.#store.causes(key, this.#request.month, known)
        : { listed: [], more: 0 };
    this.#write({ by, key, changed, causes: listed, more_causes: more });
  }
}

/** A line that this program wrote itself, in this database. */
function readFigureLine(text: string): FigureLine {
  const value: unknown = JSON.parse(text);
  if (isFigureLine(value)) return value;
  throw new TypeError(`no line of figures: ${text.slice(0, 80)}`);
}
