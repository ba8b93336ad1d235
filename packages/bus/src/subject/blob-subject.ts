import { type AgencyCode, codeToToken, tokenToCodeOrUndefined } from '../agency/code.ts';
import { type Site, isSite, parseSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { MAX_CHUNK_COUNT, isSha256Hex } from '../file/blob.ts';
import type { Scope } from './subject.ts';

/** `cache` is the copy that a site keeps of another site's blob. */
export type BlobScope = Scope | 'cache';

/** A blob belongs to the agency that uploaded it: the same bytes of two senders are two blobs. */
export interface BlobName {
  readonly fromSite: Site;
  readonly from: AgencyCode;
  /** SHA-256 of the whole blob, lower hexadecimal. */
  readonly sha256: string;
}

export interface ChunkSubject extends BlobName {
  readonly scope: BlobScope;
  /** Place of the chunk, from 0. */
  readonly index: number;
}

const BLOB_SCOPES: readonly string[] = ['local', 'cross', 'cache'] satisfies BlobScope[];
const INDEX = /^(?:0|[1-9][0-9]{0,6})$/;
/** Stands where a chunk's number would, and says that the blob is dropped. */
const DROPPED = 'dropped';

/**
 * `vb.blob.<scope>.<fromSite>.<from>.<sha256>.<index>`.
 *
 * @throws {@link BusError} `BUS_SUBJECT_INVALID`, `BUS_SITE_INVALID` or `BUS_AGENCY_CODE_INVALID`.
 */
export function chunkSubject(chunk: ChunkSubject): string {
  const { scope, index } = chunk;
  if (!isBlobScope(scope)) throw invalid('scope', scope);
  if (!isIndex(index)) throw invalid('chunk', index);
  return `vb.blob.${scope}.${blobPart(chunk)}.${index}`;
}

/** Reads what {@link chunkSubject} writes, and nothing else: `undefined` for any other subject. */
export function parseChunkSubject(subject: string): ChunkSubject | undefined {
  const blob = parseBlobSubject(subject);
  if (blob === undefined || !INDEX.test(blob.last)) return undefined;
  const { last, ...name } = blob;
  const index = Number(last);
  return isIndex(index) ? { ...name, index } : undefined;
}

/** Every chunk of a blob, as a filter; without a scope those of all scopes. */
export function blobFilter(blob: BlobName, scope?: BlobScope): string {
  return `vb.blob.${scope ?? '*'}.${blobPart(blob)}.*`;
}

/**
 * `vb.blob.cross.<fromSite>.<from>.<sha256>.dropped`: written by a site where a blob's chunks were,
 * so that the centre, which copies them, lets go of its own.
 */
export function blobDroppedSubject(blob: BlobName): string {
  return `vb.blob.cross.${blobPart(blob)}.${DROPPED}`;
}

export function parseBlobDroppedSubject(subject: string): BlobName | undefined {
  const blob = parseBlobSubject(subject);
  if (blob?.last !== DROPPED || blob.scope !== 'cross') return undefined;
  const { last: _last, scope: _scope, ...name } = blob;
  return name;
}

/** Every message of an agency under its own scopes, whatever it is; as two filters. */
export function ownerFilters({ fromSite, from }: Pick<BlobName, 'fromSite' | 'from'>): string[] {
  const owner = `${parseSite(fromSite)}.${codeToToken(from)}`;
  return [`vb.blob.local.${owner}.*.*`, `vb.blob.cross.${owner}.*.*`];
}

/** Every word that a blob of this agency is gone, as a filter. */
export function droppedFilter({ fromSite, from }: Pick<BlobName, 'fromSite' | 'from'>): string {
  return `vb.blob.cross.${parseSite(fromSite)}.${codeToToken(from)}.*.${DROPPED}`;
}

/** Who published a message among the chunks, also where it names no chunk. */
export function ownerOfBlobSubject(
  subject: string,
): Pick<BlobName, 'fromSite' | 'from'> | undefined {
  const [, , , fromSite, token] = subject.split('.', 5);
  const from = tokenToCodeOrUndefined(token ?? '');
  if (fromSite === undefined || !isSite(fromSite) || from === undefined) return undefined;
  return { fromSite, from };
}

/** `vb.file.locate.<fromSite>.<from>.<sha256>`: asks where a blob can be read, and how much of it. */
export function fileLocateSubject(blob: BlobName): string {
  return `vb.file.locate.${blobPart(blob)}`;
}

export function parseFileLocateSubject(subject: string): BlobName | undefined {
  return parseBlobName(subject, 'vb.file.locate.');
}

/** `vb.file.drop.<fromSite>.<from>.<sha256>`: the sender no longer needs its blob. */
export function fileDropSubject(blob: BlobName): string {
  return `vb.file.drop.${blobPart(blob)}`;
}

export function parseFileDropSubject(subject: string): BlobName | undefined {
  return parseBlobName(subject, 'vb.file.drop.');
}

function blobPart(blob: BlobName): string {
  if (!isSha256Hex(blob.sha256)) throw invalid('sha256', blob.sha256);
  return `${parseSite(blob.fromSite)}.${codeToToken(blob.from)}.${blob.sha256}`;
}

function parseBlobSubject(
  subject: string,
): (BlobName & { scope: BlobScope; last: string }) | undefined {
  const tokens = subject.split('.', 8);
  const [vb, kind, scope, fromSite, from, sha256, last] = tokens;
  if (tokens.length !== 7 || vb !== 'vb' || kind !== 'blob') return undefined;
  if (scope === undefined || !isBlobScope(scope) || last === undefined) return undefined;
  const name = readBlobName(fromSite, from, sha256);
  return name && { ...name, scope, last };
}

function parseBlobName(subject: string, prefix: string): BlobName | undefined {
  if (!subject.startsWith(prefix)) return undefined;
  const tokens = subject.slice(prefix.length).split('.', 4);
  return tokens.length === 3 ? readBlobName(tokens[0], tokens[1], tokens[2]) : undefined;
}

function readBlobName(
  fromSite: string | undefined,
  token: string | undefined,
  sha256: string | undefined,
): BlobName | undefined {
  const from = tokenToCodeOrUndefined(token ?? '');
  if (fromSite === undefined || !isSite(fromSite) || from === undefined) return undefined;
  return sha256 !== undefined && isSha256Hex(sha256) ? { fromSite, from, sha256 } : undefined;
}

function isBlobScope(text: string): text is BlobScope {
  return BLOB_SCOPES.includes(text);
}

function isIndex(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < MAX_CHUNK_COUNT;
}

function invalid(part: string, value: unknown): BusError {
  const quoted = JSON.stringify(String(value).slice(0, 70));
  return new BusError('BUS_SUBJECT_INVALID', `bad ${part} ${quoted} for the subject of a blob`, {
    details: { part, value: quoted },
  });
}
