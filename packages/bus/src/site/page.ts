import { MAX_DIRECTORY_PAGE_BYTES } from '../broker/directory-client.ts';
import type { DirectoryAnswer } from '../broker/site-connection.ts';
import { parseDirectoryGetSubject, parseDirectorySinceSubject } from '../subject/subject.ts';
import type { Registry } from './registry.ts';

/** What the site service answers to a directory subject; nothing but an empty answer to a foreign one. */
export function answerDirectoryRequest(
  registry: Registry,
  subject: string,
): DirectoryAnswer | undefined {
  const code = parseDirectoryGetSubject(subject);
  if (code !== undefined) {
    const found = registry.newest(code);
    return found === undefined ? undefined : { data: found.record };
  }
  const since = parseDirectorySinceSubject(subject);
  return since === undefined ? undefined : pageAfter(registry, since);
}

/** Entries are numbered without a gap, so the page after `since` starts at that index. */
function pageAfter(registry: Registry, since: number): DirectoryAnswer {
  const entries = registry.entries();
  const head = entries.length;
  const page: Uint8Array[] = [];
  let bytes = 0;
  for (let index = since; index < head; index += 1) {
    const record = entries[index]?.record;
    if (
      record === undefined ||
      (page.length > 0 && bytes + record.length > MAX_DIRECTORY_PAGE_BYTES)
    ) {
      break;
    }
    page.push(record);
    bytes += record.length;
  }
  const lastSequence = page.length === 0 ? head : since + page.length;
  return { data: Buffer.concat(page), lastSequence, headSequence: head };
}
