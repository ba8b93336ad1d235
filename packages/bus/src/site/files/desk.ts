import { z } from 'zod';

import type { Site } from '../../agency/tier.ts';
import type { FileAnswers, SiteFiles } from '../../broker/site-files.ts';
import type { StreamAdmin } from '../../broker/stream-admin.ts';
import { BusError } from '../../errors.ts';
import { MAX_CHUNK_COUNT } from '../../file/blob.ts';
import type { FileLocation } from '../../file/location.ts';
import { blobStream } from '../../stream/names.ts';
import type { BlobName, BlobScope } from '../../subject/blob-subject.ts';
import { type BlobCache, createBlobCache } from './cache.ts';
import { type Flood, missingRanges, storedCount } from './chunk-index.ts';
import { FILE_LIMITS, type FileLimits, enforceQuotas, quotaOf } from './quota.ts';
import { type StoredChunks, openStoredChunks } from './stored-chunks.ts';

export interface FilesDeskOptions {
  readonly connection: SiteFiles & Pick<StreamAdmin, 'streamState'>;
  /** In the federated plan: the one site of this service; other sites' blobs come from the centre. */
  readonly federatedSite?: Site;
  readonly limits?: FileLimits;
  readonly onError: (error: Error) => void;
  /** How often quotas and copies are looked at. */
  readonly checkMs?: number;
  readonly now?: () => number;
}

/** Answers where blobs are, keeps copies of foreign ones and deletes what is given up. */
export interface FilesDesk {
  /** Hosts these sites too; their streams exist. */
  addSites(sites: readonly Site[]): void;
  stop(): Promise<void>;
}

const CHECK_MS = 5_000;
/** Copies are looked through, and streams compared, once in so many checks. */
const CHECKS_PER_CLEANING = 12;
/** Shorter than an agency waits; it asks again. */
const KNOWN_TIMEOUT_MS = 8_000;
const MAX_BODY_BYTES = 1_024;
const OWN_SCOPES: readonly BlobScope[] = ['local', 'cross'];

const REQUEST = z.object({
  chunkCount: z.number().int().min(1).max(MAX_CHUNK_COUNT),
  scope: z.enum(['local', 'cross']).optional(),
});
type LocateBody = z.infer<typeof REQUEST>;

export function openFilesDesk(options: FilesDeskOptions): FilesDesk {
  const { connection, federatedSite, onError, limits = FILE_LIMITS, now = Date.now } = options;
  const hosted = new Map<Site, StoredChunks>();
  let cache: BlobCache | undefined;

  const addSite = (site: Site): void => {
    if (hosted.has(site)) return;
    const chunks = openStoredChunks({ connection, stream: blobStream(site), onError });
    hosted.set(site, chunks);
    chunks.compare().catch(tell);
    if (site !== federatedSite) return;
    const maxBytes = (): number => chunks.maxBytes() * limits.cacheShare;
    cache = createBlobCache({ connection, chunks, maxBytes, onError, now });
  };
  const tell = (error: unknown): void => {
    if (error instanceof Error) onError(error);
  };
  const locate: FileAnswers['locate'] = async (name, body) => {
    const request = readRequest(body);
    const foreign = federatedSite === undefined ? undefined : hosted.get(federatedSite);
    const own = hosted.get(name.fromSite);
    const chunks = own ?? foreign;
    if (request === undefined || chunks === undefined) return undefined;
    // A large stream takes a while to read at the start, and half an answer would mislead.
    if (!(await chunks.whenKnown(KNOWN_TIMEOUT_MS))) return 'later';
    if (own !== undefined) return locateOwn(own, limits, name, request);
    cache?.want(name, request.chunkCount);
    return describe(chunks, name, 'cache', request.chunkCount);
  };
  const drop = async (name: BlobName): Promise<boolean> => {
    const own = hosted.get(name.fromSite);
    if (own === undefined) return false;
    await own.purge(name);
    // Also when it was not here any more: the centre may have it still.
    if (name.fromSite === federatedSite) await connection.putDropped(name);
    return true;
  };
  const check = createCheck({ hosted, limits, cache: () => cache, onError });
  const stopAnswering = connection.answerFiles({ locate, drop, onError });
  const timer = setInterval(() => void check().catch(tell), options.checkMs ?? CHECK_MS);
  timer.unref();
  return {
    addSites: (sites) => sites.forEach(addSite),
    stop: async () => {
      clearInterval(timer);
      stopAnswering();
      await cache?.stop();
      await Promise.all([...hosted.values()].map(async (chunks) => await chunks.stop()));
    },
  };
}

interface CheckParts {
  readonly hosted: ReadonlyMap<Site, StoredChunks>;
  readonly limits: FileLimits;
  readonly cache: () => BlobCache | undefined;
  readonly onError: (error: Error) => void;
}

/** One look at a time, however slow the broker is. */
function createCheck({ hosted, limits, cache, onError }: CheckParts): () => Promise<void> {
  let checks = 0;
  let isChecking = false;
  const look = async (): Promise<void> => {
    checks += 1;
    for (const chunks of hosted.values()) {
      await chunks.compare();
      for (const flood of await chunks.purgeFloods()) onError(floodMessage(flood));
      const [stray] = await chunks.purgeStrays();
      if (stray !== undefined) onError(strayMessage(stray));
      for (const { name, bytes } of await enforceQuotas(chunks, limits)) {
        onError(overQuota(name, bytes));
      }
    }
    if (checks % CHECKS_PER_CLEANING === 0) await cache()?.clean();
  };
  return async () => {
    if (isChecking) return;
    isChecking = true;
    try {
      await look();
    } finally {
      isChecking = false;
    }
  };
}

/** A blob can be there in both scopes; without a wish the one that is further counts. */
function locateOwn(
  chunks: StoredChunks,
  limits: FileLimits,
  name: BlobName,
  { chunkCount, scope }: LocateBody,
): FileLocation {
  const scopes = scope === undefined ? OWN_SCOPES : [scope];
  const found = scopes
    .map((one) => chunks.index.find(name, one))
    .toSorted((a, b) => storedCount(b, chunkCount) - storedCount(a, chunkCount))[0];
  const where = found?.scope ?? scope ?? 'local';
  const quota = quotaOf(chunks, limits, name);
  const location = describe(chunks, name, where, chunkCount);
  return chunks.maxBytes() === 0 ? location : { ...location, quota };
}

function describe(
  chunks: StoredChunks,
  name: BlobName,
  scope: BlobScope,
  chunkCount: number,
): FileLocation {
  const blob = chunks.index.find(name, scope);
  return {
    stream: chunks.stream,
    scope,
    stored: storedCount(blob, chunkCount),
    missing: missingRanges(blob, chunkCount),
  };
}

function readRequest(body: Uint8Array): LocateBody | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  try {
    const parsed = REQUEST.safeParse(JSON.parse(Buffer.from(body).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The subject names who did it. */
function strayMessage(subject: string): BusError {
  return new BusError('BUS_BLOB_INVALID', `"${subject}" is no chunk; it was deleted`, {
    details: { natsSubject: subject },
  });
}

function floodMessage({ owner: { from }, what }: Flood): BusError {
  const told =
    what === 'strays'
      ? 'filled the stream of files with what is none; everything it had there was deleted'
      : 'said of far too many files that they are gone; these words were deleted';
  return new BusError('BUS_BLOB_INVALID', `${from} ${told}`, { details: { from, what } });
}

function overQuota(name: BlobName, bytes: number): BusError {
  return new BusError(
    'BUS_QUOTA_EXCEEDED',
    `${name.from} uploaded far more than its share; its newest file, ${bytes} bytes, was deleted`,
    { details: { from: name.from, sha256: name.sha256, bytes } },
  );
}
