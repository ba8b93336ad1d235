import { hash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';

import { SignerError } from '../errors.ts';
import { hasCode } from '../disk/durable.ts';

/** The audit log, as far as it is on disk. */
export interface AuditLog {
  /** One object per line, oldest first. */
  readonly events: readonly AuditEvent[];
  /** SHA-256 of each line, lower-case hex. */
  readonly hashes: readonly string[];
}

/** One line of the audit log. */
export interface AuditEvent {
  readonly at: string;
  readonly event: string;
  readonly actor?: string;
  /** SHA-256 of the line before, lower-case hex; 64 zeros in the first line. */
  readonly previous?: string;
  readonly [field: string]: unknown;
}

const FIRST_PREVIOUS = '0'.repeat(64);
/** No line of ours comes near it: names have at most 200 characters a part. */
const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

function hashLine(line: Uint8Array): string {
  return hash('sha256', line, 'hex');
}

/**
 * Appends an event with the hash of the line before and waits until it is on disk. The caller holds
 * the lock of the folder.
 *
 * A last line without its end was being written when the machine died: nothing that rests on it was
 * done, and it is cut off.
 *
 * @returns the hash of the new line.
 */
export async function appendAudit(
  file: string,
  event: Readonly<Record<string, unknown>>,
): Promise<string> {
  const handle = await open(file, 'a+', 0o640);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - MAX_LINE_BYTES);
    const tail = Buffer.alloc(size - from);
    await handle.read(tail, 0, tail.length, from);
    const end = tail.lastIndexOf(NEWLINE) + 1;
    if (from + end < size) await handle.truncate(from + end);
    const start = end < 2 ? 0 : tail.lastIndexOf(NEWLINE, end - 2) + 1;
    const previous = end === 0 ? FIRST_PREVIOUS : hashLine(tail.subarray(start, end - 1));
    const line = Buffer.from(JSON.stringify({ ...event, previous }));
    await handle.appendFile(Buffer.concat([line, Uint8Array.of(NEWLINE)]));
    await handle.sync();
    return hashLine(line);
  } finally {
    await handle.close();
  }
}

/**
 * Reads the audit log and checks that it is whole: every line holds the hash of the one before, and
 * the line that the index was last written after is there. Lines from before the log was chained may
 * only stand at its beginning.
 *
 * Whoever can write the folder could make the log and the index anew: compare the hash of the last
 * line with one that was noted elsewhere.
 *
 * @param head - hash of the line that the index knows.
 * @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED`; `details.line` is the first wrong line.
 */
export async function readAuditLog(file: string, head: string | undefined): Promise<AuditLog> {
  const events: AuditEvent[] = [];
  const hashes: string[] = [];
  let previous = FIRST_PREVIOUS;
  let isChained = false;
  const bytes = await readLog(file);
  for (let start = 0; ;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) break; // a line that is being written, or was cut off: not counted yet
    const line = bytes.subarray(start, end);
    const event = parseLine(line, events.length + 1);
    isChained ||= event.previous !== undefined;
    if (isChained && event.previous !== previous) {
      throw damaged(events.length + 1, 'does not follow the line before: something was changed');
    }
    previous = hashLine(line);
    events.push(event);
    hashes.push(previous);
    start = end + 1;
  }
  if (head !== undefined && !hashes.includes(head)) {
    throw damaged(events.length + 1, 'is missing: the log was cut off');
  }
  return { events, hashes };
}

async function readLog(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', `'${file}' is missing`, { cause });
  }
}

function parseLine(line: Uint8Array, number: number): AuditEvent {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line).toString('utf8'));
  } catch {
    throw damaged(number, 'is not JSON');
  }
  const isEvent =
    typeof value === 'object' &&
    value !== null &&
    'at' in value &&
    'event' in value &&
    typeof value.at === 'string' &&
    typeof value.event === 'string';
  if (!isEvent) throw damaged(number, 'is not an event');
  return value as AuditEvent;
}

function damaged(line: number, what: string): SignerError {
  return new SignerError('SIGNER_AUTHORITY_DAMAGED', `audit.log: line ${line} ${what}`, {
    details: { line },
  });
}
