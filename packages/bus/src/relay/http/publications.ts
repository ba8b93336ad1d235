import { publicationName } from '../audit/format.ts';
import type { ChainLine, ChangeLine, ContradictionLine, FigureLine } from '../audit/lines.ts';
import type { PublicationHead, Section } from '../audit/publication.ts';
import { SECTIONS } from '../audit/publication.ts';
import type { Publication, SectionPlace } from '../audit/publications.ts';
import { ZipWriter, zipPieces } from '../audit/zip-writer.ts';
import type { PageRequest } from '../figures/types.ts';
import { Problem } from './problem.ts';
import type { Viewer } from './session.ts';

/** What the relay signed of a publication. */
export interface SignedPublication {
  readonly head: PublicationHead;
  /** The bytes of the head that the signature covers, Base64. */
  readonly signed_bytes: string;
  /** Detached CMS signature of the relay, DER, Base64. */
  readonly signature: string;
}

export interface SectionRequest extends PageRequest {
  readonly month: string;
  readonly revision?: number;
  readonly section: Section;
}

export type SectionLine = FigureLine | ChainLine | ContradictionLine | ChangeLine;

/** Rows of a section as they were signed; for one with a scope, those about it alone. */
export interface SectionPage {
  readonly month: string;
  readonly revision: number;
  readonly section: Section;
  readonly rows: readonly SectionLine[];
  /** Rows of the section as signed; `null` where some are left out. */
  readonly total: number | null;
  readonly next: string | null;
}

/** A ZIP file with the names that an audit file has. */
export interface PublicationFile {
  readonly name: string;
  readonly pieces: AsyncIterable<Uint8Array>;
}

type MaySee = (agency: string | null) => boolean;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Rows that one answer looks at: a viewer of one province goes through those of all. */
const MAX_SCANNED = 20_000;
const MAX_PIECES = 100_000;

/** The head names counts and digests, and no agency but relay and registrars: everyone may have it. */
export function describeSigned({ head, bytes, signature }: Publication): SignedPublication {
  return {
    head,
    signed_bytes: Buffer.from(bytes).toString('base64'),
    signature: Buffer.from(signature).toString('base64'),
  };
}

/** The whole says something of every agency. */
export function seesWhole({ role, scope }: Viewer): boolean {
  return role !== 'agency' && scope === null;
}

/** @throws {@link Problem} `parameter-invalid` for a cursor that is none. */
export function readSection(
  publication: Publication,
  request: SectionRequest,
  viewer: Viewer,
  maySee: MaySee,
): SectionPage {
  const { section } = request;
  const { month, revision, sections } = publication.head;
  const whole = seesWhole(viewer);
  const limit = Math.min(request.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  const rows: SectionLine[] = [];
  let next: string | null = null;
  let scanned = 0;
  for (const { text, piece, line } of publication.linesFrom(section, readPlace(request.after))) {
    // One more than the page holds: there is a next one.
    if (rows.length === limit || scanned === MAX_SCANNED) {
      next = `${piece}.${line}`;
      break;
    }
    scanned += 1;
    const row = readRow(text);
    if (whole || isAbout(row, viewer, maySee)) rows.push(row);
  }
  const total = whole ? sections[section].lines : null;
  return { month, revision, section, rows, total, next };
}

/** Head, signature and sections, as the relay signed them. */
export function packPublication(publication: Publication): PublicationFile {
  const { head, bytes, signature } = publication;
  const { sequence, month, revision } = head;
  const zip = new ZipWriter(new Date(head.published_at));
  const pieces = zipPieces(zip, async () => {
    await zip.add(publicationName(sequence, '.json'), [bytes]);
    await zip.add(publicationName(sequence, '.p7s'), [signature]);
    for (const section of SECTIONS) {
      const lines = linesAsBytes(publication, section);
      await zip.add(publicationName(sequence, `/${section}.jsonl`), lines);
    }
  });
  return { name: `publication-${month}-${revision}.zip`, pieces };
}

function* linesAsBytes(publication: Publication, section: Section): Generator<Uint8Array> {
  for (const line of publication.lines(section)) yield Buffer.from(`${line}\n`, 'utf8');
}

/** Rows of tiers, types and everybody count agencies that a scope leaves out. */
function isAbout(row: SectionLine, { role }: Viewer, maySee: MaySee): boolean {
  if ('agency' in row) return maySee(row.agency);
  const { by, key } = row;
  return (by === 'agency' || (by === 'parent' && role !== 'agency')) && maySee(key);
}

function readPlace(after: string | undefined): SectionPlace {
  if (after === undefined) return { piece: 1, line: 0 };
  const [, piece, line] = /^(\d{1,6})\.(\d{1,9})$/.exec(after) ?? [];
  if (piece === undefined || Number(piece) < 1 || Number(piece) > MAX_PIECES) {
    throw new Problem('parameter-invalid', 'what `next` of the page before says is wanted', {
      parameter: 'after',
    });
  }
  return { piece: Number(piece), line: Number(line) };
}

/** A line that this program wrote itself. */
function readRow(text: string): SectionLine {
  const value: unknown = JSON.parse(text);
  if (isLine(value)) return value;
  throw new TypeError(`no line of a publication: ${text.slice(0, 80)}`);
}

function isLine(value: unknown): value is SectionLine {
  if (typeof value !== 'object' || value === null) return false;
  return 'agency' in value ? typeof value.agency === 'string' : 'by' in value && 'key' in value;
}
