import type { DirectoryAnswer } from '../../broker/site-directory.ts';
import type { EntryKey } from '../../directory/ledger.ts';
import {
  MAX_DIRECTORY_PAGE_BYTES,
  MAX_PAGE_RATIO,
  encodeHeads,
  packPage,
} from '../../directory/page.ts';
import {
  DIRECTORY_HEADS_SUBJECT,
  parseDirectoryGetSubject,
  parseDirectorySinceSubject,
} from '../../subject/directory-subject.ts';
import type { Registry } from '../registry.ts';

/**
 * What a page holds before it is packed. Packed it is a third of that: less than the limit of the
 * wire, so that an urgent document on a thin line does not wait long behind it.
 */
export const UNPACKED_PAGE_BYTES = 320 * 1024;
/** Packed pages kept: a whole site asks for the same ones when it is new. */
const MAX_CACHED_PAGES = 64;

/** What the site service answers to a directory subject; nothing but an empty answer to a foreign one. */
export function createDirectoryDesk(
  registry: Pick<Registry, 'newest' | 'heads' | 'record'>,
): (subject: string) => DirectoryAnswer | undefined {
  const cache = new Map<string, DirectoryAnswer>();
  const pageAfter = (after: EntryKey): DirectoryAnswer => {
    const name = `${after.registrar} ${after.sequence}`;
    const known = cache.get(name);
    if (known !== undefined) return known;
    const { answer, isFull } = buildPage(registry, after, UNPACKED_PAGE_BYTES);
    const [oldest] = cache.keys();
    if (cache.size >= MAX_CACHED_PAGES && oldest !== undefined) cache.delete(oldest);
    // The last page of a registrar grows; the others never change.
    if (isFull) cache.set(name, answer);
    return answer;
  };
  return (subject) => {
    if (subject === DIRECTORY_HEADS_SUBJECT) return { data: encodeHeads(registry.heads()) };
    const code = parseDirectoryGetSubject(subject);
    if (code !== undefined) {
      const found = registry.newest(code);
      return found === undefined ? undefined : { data: found.record };
    }
    const after = parseDirectorySinceSubject(subject);
    return after === undefined ? undefined : pageAfter(after);
  };
}

/** Entries are numbered without a gap. @returns `isFull` when more could follow without fitting. */
function buildPage(
  registry: Pick<Registry, 'record'>,
  { registrar, sequence: since }: EntryKey,
  maxBytes: number,
): { readonly answer: DirectoryAnswer; readonly isFull: boolean } {
  const records: Uint8Array[] = [];
  let bytes = 0;
  let isFull = false;
  for (let sequence = since + 1; ; sequence += 1) {
    const record = registry.record({ registrar, sequence });
    if (record === undefined) break;
    isFull = records.length > 0 && bytes + record.length > maxBytes;
    if (isFull) break;
    records.push(record);
    bytes += record.length;
  }
  const unpacked = Buffer.concat(records);
  const data = packPage(unpacked, 'zstd');
  const lastSequence = since + records.length;
  if (unpacked.length > data.length * MAX_PAGE_RATIO) {
    // Nobody would unpack it; entries as much alike as that are few.
    if (unpacked.length <= MAX_DIRECTORY_PAGE_BYTES || records.length === 1) {
      return { answer: { data: unpacked, encoding: 'identity', lastSequence }, isFull };
    }
    return buildPage(registry, { registrar, sequence: since }, MAX_DIRECTORY_PAGE_BYTES);
  }
  // What cannot be packed that far is sent in smaller pages.
  if (data.length > MAX_DIRECTORY_PAGE_BYTES && records.length > 1) {
    return buildPage(registry, { registrar, sequence: since }, Math.ceil(maxBytes / 2));
  }
  return { answer: { data, encoding: 'zstd', lastSequence }, isFull };
}
