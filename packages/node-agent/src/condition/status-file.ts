import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

import { z } from 'zod';

import { CONDITION_CODES, type ConditionCode, type StoredCondition } from './condition.ts';

/** Written in place and never larger, so that it can be written while the disk is full. */
export const STATUS_FILE_BYTES = 16 * 1024;
/** What is older says nothing about now. */
export const STATUS_FRESH_MS = 3 * 60_000;
/** A reader may come between two halves of a write. */
const READ_ATTEMPTS = 3;

const code = z.custom<ConditionCode>(
  (value) => typeof value === 'string' && CONDITION_CODES.some((known) => known === value),
);
const facts = z.record(z.string(), z.union([z.string().max(500), z.number()]));
const schema = z.object({
  writtenMs: z.number(),
  broker: z.enum(['connected', 'disconnected']),
  /** 0: never. */
  connectedMs: z.number(),
  /** The last report of the chain: a database that has fewer is an older copy. */
  reports: z.number().default(0),
  conditions: z.array(z.object({ code, sinceMs: z.number(), facts })),
  /** Messages a second over the last minute, as measured; 0 when nothing left. */
  rates: z.object({ urgent: z.number(), normal: z.number() }),
});

/** What a running agent sees, for the commands that run beside it. */
export type RunningStatus = Omit<z.output<typeof schema>, 'conditions'> & {
  readonly conditions: readonly StoredCondition[];
};

/**
 * Overwrites the file in place: a new file, or a row in SQLite, would need room that a full disk
 * does not have. Not flushed: after a power cut the agent writes it anew.
 *
 * @returns false when it could not be written.
 */
export function writeStatus(file: string, status: RunningStatus): boolean {
  const text = JSON.stringify(status);
  if (Buffer.byteLength(text) >= STATUS_FILE_BYTES) return false;
  const padded = Buffer.alloc(STATUS_FILE_BYTES, ' ');
  padded.write(text);
  try {
    const handle = openStatus(file);
    try {
      writeSync(handle, padded, 0, padded.length, 0);
    } finally {
      closeSync(handle);
    }
    return true;
  } catch {
    return false;
  }
}

function openStatus(file: string): number {
  try {
    return openSync(file, 'r+');
  } catch {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, Buffer.alloc(STATUS_FILE_BYTES, ' '));
    fsyncSync(handle); // its blocks are there from now on
    return handle;
  }
}

/** @returns `undefined` when there is none, or nothing that can be read. */
export function readStatus(file: string): RunningStatus | undefined {
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt += 1) {
    try {
      const result = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (result.success) return result.data;
    } catch {
      // Not there, or read between two halves of a write.
    }
  }
  return undefined;
}
