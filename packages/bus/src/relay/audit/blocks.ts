import { BusError } from '../../errors.ts';
import {
  type RawRecord,
  RECORD_VERSION,
  payloadHash,
  tryDecodeRecord,
} from '../../record/frame.ts';
import { MAX_RECORD_PAYLOAD_BYTES, MAX_RECORD_SIGNATURE_BYTES } from '../../record/limits.ts';
import type { Findings } from './finding.ts';
import { FORK_COLUMNS, RECORD_COLUMNS, blockName } from './format.ts';
import type { AuditZip } from './zip-reader.ts';

/** A line of `records/NNNNNN.csv` and the record that belongs to it. */
export interface ArrivedRow {
  readonly part: string;
  readonly line: number;
  readonly id: number;
  readonly storedMs: number;
  readonly agency: string;
  readonly number: number;
  readonly payloadHash: string;
  readonly arrivalHash: string;
  /** `undefined`: no record of this payload is in the block. */
  readonly record: RawRecord | undefined;
}

/** A record that no line names. */
export interface SpareRecord {
  readonly part: string;
  /** The words of what is wrong, when the bytes are no record. */
  readonly record: RawRecord | string;
}

export interface RecordBlock {
  readonly rows: readonly ArrivedRow[];
  readonly spare: readonly SpareRecord[];
}

export interface ForkRow {
  readonly part: string;
  readonly line: number;
  readonly after: number;
  readonly storedMs: number;
  readonly toldIn: number;
  readonly record: RawRecord | string;
}

const ROW =
  /^(\d{1,15}),(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z),([A-Z0-9.]{1,60}),(\d{1,10}),([0-9a-f]{64}),([0-9a-f]{64})$/u;
const FORK_ROW = /^(\d{1,15}),(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z),(\d{1,10})$/u;
const HEADER_BYTES = 9;
const LENGTH_BYTES = 4;

/** The blocks of records, one at a time. What cannot be read is told, and the next block is tried. */
export async function* recordBlocks(
  zip: AuditZip,
  findings: Findings,
): AsyncGenerator<RecordBlock> {
  for (let block = 1; zip.has(blockName('records', block, 'csv')); block += 1) {
    const csv = blockName('records', block, 'csv');
    const bin = blockName('records', block, 'bin');
    const lines = await readLines(zip, csv, RECORD_COLUMNS, findings);
    const records = await readRecords(zip, bin, findings);
    yield matchRows(lines, records, { csv, bin }, findings);
  }
}

export async function* forkRows(zip: AuditZip, findings: Findings): AsyncGenerator<ForkRow> {
  for (let block = 1; zip.has(blockName('forks', block, 'csv')); block += 1) {
    const part = blockName('forks', block, 'csv');
    const lines = await readLines(zip, part, FORK_COLUMNS, findings);
    const records = await readRecords(zip, blockName('forks', block, 'bin'), findings);
    for (const [index, text] of lines.entries()) {
      const line = index + 2;
      const [, after, storedAt, toldIn] = FORK_ROW.exec(text) ?? [];
      const record = records[index];
      if (after === undefined || storedAt === undefined || record === undefined) {
        findings.add('PART_DAMAGED', `"${text.slice(0, 100)}" names no record`, { part, line });
        continue;
      }
      const storedMs = Date.parse(storedAt);
      yield { part, line, after: Number(after), storedMs, toldIn: Number(toldIn), record };
    }
  }
}

/** Signed directory entries in the order in which the relay read them. */
export async function* directoryRecords(
  zip: AuditZip,
  findings: Findings,
): AsyncGenerator<{ part: string; record: RawRecord | string }> {
  for (let block = 1; zip.has(blockName('directory', block, 'bin')); block += 1) {
    const part = blockName('directory', block, 'bin');
    for (const record of await readRecords(zip, part, findings)) yield { part, record };
  }
}

function matchRows(
  lines: readonly string[],
  records: readonly (RawRecord | string)[],
  { csv, bin }: { csv: string; bin: string },
  findings: Findings,
): RecordBlock {
  const byHash = new Map<string, RawRecord[]>();
  const spare: SpareRecord[] = [];
  for (const record of records) {
    if (typeof record === 'string') {
      spare.push({ part: bin, record });
      continue;
    }
    const hash = payloadHash(record.payload);
    const same = byHash.get(hash);
    if (same === undefined) byHash.set(hash, [record]);
    else same.push(record);
  }
  const rows = lines.flatMap((text, index) => {
    const row = readRow(text, csv, index + 2);
    if (row === undefined) {
      const where = { part: csv, line: index + 2 };
      findings.add('ARRIVAL_ALTERED', `"${text.slice(0, 100)}" names no arrival`, where);
      return [];
    }
    return [{ ...row, record: byHash.get(row.payloadHash)?.shift() }];
  });
  for (const left of byHash.values()) {
    for (const record of left) spare.push({ part: bin, record });
  }
  return { rows, spare };
}

function readRow(text: string, part: string, line: number): Omit<ArrivedRow, 'record'> | undefined {
  const [, id, storedAt, agency, number, hash, arrivalHash] = ROW.exec(text) ?? [];
  const storedMs = Date.parse(storedAt ?? '');
  if (id === undefined || agency === undefined || number === undefined) return undefined;
  if (hash === undefined || arrivalHash === undefined || Number.isNaN(storedMs)) return undefined;
  const place = { part, line, id: Number(id), storedMs, agency, number: Number(number) };
  return { ...place, payloadHash: hash, arrivalHash };
}

async function readLines(
  zip: AuditZip,
  part: string,
  heading: string,
  findings: Findings,
): Promise<string[]> {
  const bytes = await tryRead(zip, part, findings);
  if (bytes === undefined) return [];
  const [first, ...lines] = Buffer.from(bytes).toString('utf8').trimEnd().split('\n');
  if (first === heading) return lines;
  findings.add('PART_DAMAGED', `it does not start with ${heading}`, { part, line: 1 });
  return [];
}

async function readRecords(
  zip: AuditZip,
  part: string,
  findings: Findings,
): Promise<(RawRecord | string)[]> {
  const bytes = await tryRead(zip, part, findings);
  return bytes === undefined ? [] : [...splitRecords(bytes)].map(tryDecodeRecord);
}

/** A part that cannot be read is a finding; the others may still tell which records it held. */
export async function tryRead(
  zip: AuditZip,
  part: string,
  findings: Findings,
): Promise<Uint8Array | undefined> {
  try {
    return await zip.bytes(part);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    findings.add(zip.has(part) ? 'PART_DAMAGED' : 'PART_MISSING', error.message, { part });
    return undefined;
  }
}

/**
 * Records that stand one behind the other. Where a length is wrong, it goes on at the next bytes that
 * look like the start of a record, so that one altered record does not hide the others.
 */
export function* splitRecords(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const length = frameLength(bytes, start);
    const end = start + (length ?? 0);
    if (length !== undefined && (end === bytes.length || isStart(bytes, end))) {
      yield bytes.subarray(start, end);
      start = end;
      continue;
    }
    let next = start + 1;
    while (next < bytes.length && !isStart(bytes, next)) next += 1;
    yield bytes.subarray(start, next);
    start = next;
  }
}

function frameLength(bytes: Uint8Array, start: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + HEADER_BYTES > bytes.length) return undefined;
  const payload = view.getUint32(start + HEADER_BYTES - LENGTH_BYTES);
  const lengthAt = start + HEADER_BYTES + payload;
  if (payload > MAX_RECORD_PAYLOAD_BYTES || lengthAt + LENGTH_BYTES > bytes.length) {
    return undefined;
  }
  const signature = view.getUint32(lengthAt);
  const end = lengthAt + LENGTH_BYTES + signature;
  if (signature > MAX_RECORD_SIGNATURE_BYTES || end > bytes.length) return undefined;
  return end - start;
}

/** `CVR` and the version; JSON and DER hold no such bytes but by a rare chance. */
function isStart(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x43 &&
    bytes[at + 1] === 0x56 &&
    bytes[at + 2] === 0x52 &&
    bytes[at + 3] === RECORD_VERSION
  );
}
