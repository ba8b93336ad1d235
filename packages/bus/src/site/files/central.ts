import type { SiteFiles } from '../../broker/site-files.ts';
import { BLOB_EXCHANGE_STREAM } from '../../stream/names.ts';
import { blobFilter, parseBlobDroppedSubject } from '../../subject/blob-subject.ts';

export interface CentralFilesOptions {
  readonly connection: Pick<SiteFiles, 'followStream' | 'purgeMessages'>;
  readonly onError: (error: Error) => void;
}

/** What is told beyond this while others wait stays until it is too old: somebody floods the centre. */
const MAX_WAITING_PURGES = 20_000;
const DROPPED_FILTER = 'vb.blob.cross.*.*.*.dropped';

/**
 * Lets the centre forget blobs that their site has dropped. The word of it travels in the stream
 * of chunks itself, so it comes through every cut, and in the right order: what was uploaded again
 * after it stays.
 *
 * @returns a function that ends it.
 */
export function keepCentralFiles({
  connection,
  onError,
}: CentralFilesOptions): () => Promise<void> {
  const ended = new AbortController();
  let purging: Promise<void> = Promise.resolve();
  let waiting = 0;
  const following = connection.followStream({
    stream: BLOB_EXCHANGE_STREAM,
    filterSubject: DROPPED_FILTER,
    fromSeq: 0,
    onHead: ({ subject, streamSeq }) => {
      const name = parseBlobDroppedSubject(subject);
      if (name === undefined || waiting >= MAX_WAITING_PURGES) return;
      waiting += 1;
      const filter = blobFilter(name, 'cross');
      purging = purging
        .then(async () => {
          // The word itself goes with the chunks, or it would be read again at each start.
          await connection.purgeMessages(BLOB_EXCHANGE_STREAM, filter, streamSeq + 1);
        })
        .catch((error: unknown) => {
          if (error instanceof Error) onError(error);
        })
        .finally(() => {
          waiting -= 1;
        });
    },
    onError,
    signal: ended.signal,
  });
  return async () => {
    ended.abort();
    await following;
    await purging;
  };
}
