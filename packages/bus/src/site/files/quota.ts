import type { FileQuota } from '../../file/location.ts';
import type { BlobName } from '../../subject/blob-subject.ts';
import type { StoredBlob } from './chunk-index.ts';
import type { StoredChunks } from './stored-chunks.ts';

/** What the blobs of a site may take. */
export interface FileLimits {
  /** Part of `BLOB_<site>` that one agency may fill. */
  readonly agencyShare: number;
  /** Blobs that one agency may have there at once. */
  readonly agencyFiles: number;
  /** Part that the copies of other sites' blobs may fill. */
  readonly cacheShare: number;
}

export const FILE_LIMITS: FileLimits = {
  agencyShare: 0.5,
  agencyFiles: 20_000,
  cacheShare: 0.4,
};

/** Over its quota by so much an agency did not ask before it uploaded. */
const TOLERANCE = 1.1;

export function quotaOf(
  chunks: StoredChunks,
  limits: FileLimits,
  owner: Pick<BlobName, 'fromSite' | 'from'>,
): FileQuota {
  const used = chunks.index.usageOf(owner);
  return {
    usedBytes: used.bytes,
    maxBytes: Math.floor(chunks.maxBytes() * limits.agencyShare),
    usedFiles: used.files,
    maxFiles: limits.agencyFiles,
  };
}

/**
 * Agents ask before they upload, and stay within their quota. One that does not is stopped here:
 * what it uploaded last is deleted until it is within the quota again, so that it cannot take the
 * others' room.
 *
 * @returns the blobs that were deleted.
 */
export async function enforceQuotas(
  chunks: StoredChunks,
  limits: FileLimits,
): Promise<StoredBlob[]> {
  if (chunks.maxBytes() === 0) return [];
  const maxBytes = chunks.maxBytes() * limits.agencyShare * TOLERANCE;
  const maxFiles = limits.agencyFiles * TOLERANCE;
  const deleted: StoredBlob[] = [];
  for (const blob of chunks.index.blobsOver(maxBytes, maxFiles)) {
    const { bytes, files } = chunks.index.usageOf(blob.name);
    if (bytes <= maxBytes && files <= maxFiles) continue;
    await chunks.purge(blob.name, blob.scope);
    deleted.push(blob);
  }
  return deleted;
}
