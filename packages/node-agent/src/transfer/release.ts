import { type AgencyConnection, BusError } from '@congvan/bus';

import type { AgentCore } from '../core.ts';

/**
 * Lets go of what every recipient has answered: the blobs at the broker, then the sealed bytes here.
 * The package itself stays. A kill in between only has the same done again.
 *
 * @returns how many packages were released: a full batch when there may be more.
 */
export async function releaseEnded(
  core: AgentCore,
  connection: Pick<AgencyConnection, 'dropFile' | 'status'>,
): Promise<number> {
  const { commit, files, log, now, uploads } = core;
  const { keepUndeliveredMs, releaseBatch } = core.transferLimits;
  const ended = uploads.listEnded(now().getTime() - keepUndeliveredMs, releaseBatch);
  const released: typeof ended = [];
  for (const one of ended) {
    try {
      for (const { sha256 } of uploads.blobsOf(one.id)) await connection.dropFile({ sha256 });
      released.push(one);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      // The site takes it away by itself after the retention; asked again with the next look.
      log.warn({ package: one.id, error: error.message }, 'a blob could not be dropped yet');
      break;
    }
  }
  if (released.length === 0) return 0;
  await commit.commit(() => {
    for (const { id } of released) uploads.release(id);
  });
  for (const { isFile, sealedSha256 } of released) {
    if (isFile === 1) await files.removeSealed(sealedSha256);
  }
  return released.length;
}
