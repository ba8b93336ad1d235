import { createHash } from 'node:crypto';

import type { AgencyConnection } from '../../src/broker/agency-connection.ts';
import type { DirectoryEntry } from '../../src/directory/entry.ts';
import type { BlobGeometry } from '../../src/file/blob.ts';
import { type DownloadOptions, downloadFile } from '../../src/file/download.ts';
import { type UploadOptions, uploadFile } from '../../src/file/upload.ts';
import type { BlobName } from '../../src/subject/blob-subject.ts';

export type TestBlob = BlobGeometry & BlobName & { readonly content: Buffer };

/** Bytes that differ from blob to blob and from chunk to chunk. */
export function makeBlob(
  owner: Pick<DirectoryEntry, 'site' | 'code'>,
  bytes: number,
  chunkBytes = 32 * 1024,
  seed = 1,
): TestBlob {
  const content = Buffer.alloc(bytes);
  for (let offset = 0; offset + 4 <= bytes; offset += 4) {
    content.writeUInt32LE(Math.imul(offset + 1, 2_654_435_761 + seed * 2) >>> 0, offset);
  }
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { fromSite: owner.site, from: owner.code, sha256, bytes, chunkBytes, content };
}

export async function upload(
  connection: AgencyConnection,
  file: TestBlob,
  options: Partial<UploadOptions> = {},
) {
  const read = async (offset: number, length: number) =>
    file.content.subarray(offset, offset + length);
  return await uploadFile({ connection, file, scope: 'local', read, ...options });
}

/** @returns the bytes, which the download has checked. */
export async function download(
  connection: AgencyConnection,
  file: BlobGeometry & BlobName,
  options: Partial<DownloadOptions> = {},
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const write = (_: number, data: Uint8Array): void => void parts.push(data);
  await downloadFile({ connection, file, write, ...options });
  return Buffer.concat(parts);
}
