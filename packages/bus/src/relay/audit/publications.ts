import { BusError } from '../../errors.ts';
import type { Db } from '../storage/database.ts';
import { PublicationStore, type StoredPublication } from '../storage/publication-store.ts';
import { sectionLines } from './compose.ts';
import { type PublicationHead, type Section, parseHead } from './publication.ts';

/** A closed month, or a correction of one, as a list shows it. */
export interface PublicationRow {
  readonly sequence: number;
  /** `YYYY-MM`. */
  readonly month: string;
  /** 1 closes the month, every later one corrects it. */
  readonly revision: number;
  readonly published_at: string;
  /** The last record taken in, and the day up to which time counts. */
  readonly record: number;
  readonly day: string;
  /** Rows that differ from the revision before. */
  readonly changes: number;
  /** SHA-256 of the signed head, in hex. */
  readonly digest: string;
}

/** Where a line of a section begins: piece by piece, so that a page is found without those before it. */
export interface SectionPlace {
  /** From 1. */
  readonly piece: number;
  /** Within the piece, from 0. */
  readonly line: number;
}

export interface PlacedLine extends SectionPlace {
  readonly text: string;
}

/** A publication as it was signed. */
export interface Publication {
  readonly head: PublicationHead;
  /** The signed bytes of the head, and the relay's detached CMS signature over them. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** The lines of a section, each a JSON object; read from the database as they are asked for. */
  lines(section: Section): Generator<string>;
  /** The same from a place on. */
  linesFrom(section: Section, place: SectionPlace): Generator<PlacedLine>;
}

export interface RelayPublications {
  /** Signed publications, oldest first. */
  listPublications(): PublicationRow[];
  /**
   * One publication of a month; the newest revision unless told.
   *
   * @throws {@link BusError} `BUS_PUBLICATION_NOT_FOUND`.
   */
  publication(month: string, revision?: number): Publication;
}

/** What a relay's database has of publications. */
export class DatabasePublications implements RelayPublications {
  readonly #store: PublicationStore;

  constructor(db: Db) {
    this.#store = new PublicationStore(db);
  }

  listPublications(): PublicationRow[] {
    return this.#store.list().map(describePublication);
  }

  publication(month: string, revision?: number): Publication {
    const found =
      revision === undefined ? this.#store.findSigned(month) : this.#store.find(month, revision);
    if (found === undefined || found.signature === null) {
      const which = revision === undefined ? month : `revision ${revision} of ${month}`;
      throw new BusError('BUS_PUBLICATION_NOT_FOUND', `${which} is not published`, {
        details: { month },
      });
    }
    const { sequence, head, signature } = found;
    return {
      head: readHead(found),
      bytes: head,
      signature,
      lines: (section) => sectionLines(this.#store.pieces(sequence, section)),
      linesFrom: (section, place) => this.#linesFrom(sequence, section, place),
    };
  }

  *#linesFrom(sequence: number, section: Section, place: SectionPlace): Generator<PlacedLine> {
    let { piece, line } = place;
    for (const bytes of this.#store.pieces(sequence, section, piece)) {
      const texts = Buffer.from(bytes).toString('utf8').split('\n');
      // Behind the last line break is nothing.
      for (; line < texts.length - 1; line += 1) yield { text: texts[line] ?? '', piece, line };
      piece += 1;
      line = 0;
    }
  }
}

export function describePublication(row: StoredPublication): PublicationRow {
  const { sequence, month, revision, record, day, headSha256: digest } = row;
  const { published_at, sections } = readHead(row);
  const changes = sections.changes.lines;
  return { sequence, month, revision, published_at, record, day, changes, digest };
}

function readHead({ head, sequence }: StoredPublication): PublicationHead {
  return parseHead(head, `publication ${sequence}`);
}
