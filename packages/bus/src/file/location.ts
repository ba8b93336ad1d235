import { z } from 'zod';

import type { BlobScope } from '../subject/blob-subject.ts';

/** An answer names the first gaps only; who fills them asks again. */
export const MAX_MISSING_RANGES = 200;
/** 200 ranges and the rest; anything longer is not the answer of a site service. */
const MAX_LOCATION_BYTES = 16 * 1024;

/** What an agency may have at the broker of its site, and what it has there now. */
export interface FileQuota {
  readonly usedBytes: number;
  readonly maxBytes: number;
  readonly usedFiles: number;
  readonly maxFiles: number;
}

/** Where a blob can be read, as far as it has come. */
export interface FileLocation {
  readonly stream: string;
  readonly scope: BlobScope;
  /** How many chunks are there. */
  readonly stored: number;
  /** Chunks that are not there, `[first, last]`, ascending; the first 200 ranges. */
  readonly missing: readonly (readonly [number, number])[];
  /** Of the sender; only from the site that keeps the blob itself. */
  readonly quota?: FileQuota | undefined;
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const LOCATION = z.object({
  stream: z.string().max(64),
  scope: z.enum(['local', 'cross', 'cache']),
  stored: count,
  missing: z.array(z.tuple([count, count])).max(MAX_MISSING_RANGES),
  quota: z
    .object({ usedBytes: count, maxBytes: count, usedFiles: count, maxFiles: count })
    .optional(),
});

/** @returns `undefined` when this is no answer about a blob of so many chunks. */
export function parseFileLocation(data: Uint8Array, chunkCount: number): FileLocation | undefined {
  if (data.length > MAX_LOCATION_BYTES) return undefined;
  const parsed = LOCATION.safeParse(readJson(data));
  if (!parsed.success) return undefined;
  const { stored, missing } = parsed.data;
  let next = 0;
  for (const [first, last] of missing) {
    if (first < next || last < first || last >= chunkCount) return undefined;
    next = last + 1;
  }
  return stored <= chunkCount ? parsed.data : undefined;
}

function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
}
