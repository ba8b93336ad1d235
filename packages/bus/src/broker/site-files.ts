import type { JetStreamManager } from '@nats-io/jetstream';

import { BusError } from '../errors.ts';
import type { FileLocation } from '../file/location.ts';
import { BLOB_EXCHANGE_STREAM, CENTRAL_DOMAIN } from '../stream/names.ts';
import {
  type BlobName,
  blobDroppedSubject,
  chunkSubject,
  parseFileDropSubject,
  parseFileLocateSubject,
} from '../subject/blob-subject.ts';
import type { Connection } from './connection.ts';
import { DROPPED_ANSWER, readChunk } from './file-client.ts';
import { createLossGuard } from './loss-guard.ts';
import { type PutChunkResult, putMessage } from './put-chunk.ts';
import { requestError } from './request.ts';
import { takeSafely } from './take-safely.ts';
import { type FollowOptions, followStream } from './stream-follower.ts';

/** Answers to what agencies ask about blobs. */
export interface FileAnswers {
  /**
   * @returns what to answer; `undefined` when it is not known here, `later` for no answer at all:
   *   the agency then asks again.
   */
  locate(name: BlobName, body: Uint8Array): Promise<FileLocation | 'later' | undefined>;
  /** @returns false when this service does not keep the blobs of this sender. */
  drop(name: BlobName): Promise<boolean>;
  onError(error: Error): void;
}

/** The chunks as a site service sees them. */
export interface SiteFiles {
  /** Answers `vb.file.locate.*.*.*` and `vb.file.drop.*.*.*`; several services share the work. */
  answerFiles(answers: FileAnswers): () => void;
  followStream(options: FollowOptions): Promise<void>;
  /**
   * Deletes what fits the filter.
   *
   * @param beforeSeq - only what is older than this sequence.
   * @returns how many messages are gone.
   */
  purgeMessages(stream: string, filter: string, beforeSeq?: number): Promise<number>;
  /** One chunk from the centre, over the leaf line. @returns `undefined` when it is not there yet. */
  getCentralChunk(name: BlobName, index: number): Promise<Uint8Array | undefined>;
  putCachedChunk(name: BlobName, index: number, data: Uint8Array): Promise<PutChunkResult>;
  /** Leaves word for the centre that a blob is gone. */
  putDropped(name: BlobName): Promise<void>;
}

const FILES_QUEUE = 'site';
const CHUNK_TIMEOUT_MS = 15_000;
const PUT_TIMEOUT_MS = 10_000;
const REFUSED_ANSWER = '{"error":"not known here"}';

/** Errors: {@link BusError} `BUS_REQUEST_UNANSWERED`, `BUS_REQUEST_REFUSED`, `BUS_STORE_FULL`. */
export function createSiteFiles(connection: Connection, manager: JetStreamManager): SiteFiles {
  const { nats } = connection;
  const guard = createLossGuard(connection);
  return {
    answerFiles: (answers) => answerFiles(connection, answers),
    followStream: async (options) => await followStream(connection, manager, options),
    purgeMessages: async (stream, filter, beforeSeq) =>
      await asking(filter, async () => {
        const seq = beforeSeq === undefined ? {} : { seq: beforeSeq };
        return (await manager.streams.purge(stream, { filter, ...seq })).purged;
      }),
    getCentralChunk: async (name, index) => {
      const chunk = chunkSubject({ ...name, scope: 'cross', index });
      const subject = `$JS.${CENTRAL_DOMAIN}.API.DIRECT.GET.${BLOB_EXCHANGE_STREAM}.${chunk}`;
      const timeout = CHUNK_TIMEOUT_MS;
      const answer = await asking(subject, () =>
        guard(() => nats.request(subject, '', { timeout })),
      );
      return readChunk(answer, name.sha256, chunk, index);
    },
    putCachedChunk: async (name, index, data) => {
      const subject = chunkSubject({ ...name, scope: 'cache', index });
      return await putMessage(guard, nats, subject, data, PUT_TIMEOUT_MS);
    },
    putDropped: async (name) => {
      const nothing = new Uint8Array();
      await putMessage(guard, nats, blobDroppedSubject(name), nothing, PUT_TIMEOUT_MS);
    },
  };
}

function answerFiles({ nats }: Connection, answers: FileAnswers): () => void {
  const locate = nats.subscribe('vb.file.locate.*.*.*', {
    queue: FILES_QUEUE,
    callback: takeSafely((message) => {
      const name = parseFileLocateSubject(message.subject);
      const asked = name && answers.locate(name, message.data);
      Promise.resolve(asked)
        .then((found) => {
          if (found === 'later') return;
          message.respond(found === undefined ? REFUSED_ANSWER : JSON.stringify(found));
        })
        .catch((failure: unknown) => tell(answers, failure));
    }, answers.onError),
  });
  const drop = nats.subscribe('vb.file.drop.*.*.*', {
    queue: FILES_QUEUE,
    callback: takeSafely((message) => {
      const name = parseFileDropSubject(message.subject);
      Promise.resolve(name === undefined ? false : answers.drop(name))
        .then((dropped) => message.respond(dropped ? DROPPED_ANSWER : REFUSED_ANSWER))
        .catch((failure: unknown) => tell(answers, failure));
    }, answers.onError),
  });
  return () => {
    locate.unsubscribe();
    drop.unsubscribe();
  };
}

/** Without an answer the agency asks again; here somebody should know. */
function tell(answers: FileAnswers, failure: unknown): void {
  answers.onError(failure instanceof Error ? failure : new Error(String(failure)));
}

async function asking<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    throw requestError(cause, ({ kind }, why) => ({
      message: `no good answer to "${what}": ${why}`,
      details: { natsSubject: what, reason: kind },
    }));
  }
}
