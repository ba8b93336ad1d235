import { headers } from '@nats-io/transport-node';

import type { Site } from '../agency/tier.ts';
import type { EntryKey } from '../directory/ledger.ts';
import type { PageEncoding } from '../directory/page.ts';
import { BusError } from '../errors.ts';
import {
  DIRECTORY_HEADS_SUBJECT,
  directoryChangedSubject,
  directoryEntrySubject,
} from '../subject/directory-subject.ts';
import type { BusMessage } from './bus-message.ts';
import { type Connection, messageOf } from './connection.ts';
import { ENCODING_HEADER, LAST_SEQUENCE_HEADER } from './directory-client.ts';
import { createLossGuard } from './loss-guard.ts';
import { DEFAULT_BATCH_BYTES, pullBatches } from './pull.ts';
import { type PutChunkResult, putMessage } from './put-chunk.ts';
import { takeSafely } from './take-safely.ts';

/** The answer to one directory request; `undefined` makes it an empty one. */
export interface DirectoryAnswer {
  readonly data: Uint8Array;
  readonly encoding?: PageEncoding;
  readonly lastSequence?: number;
}

/** The directory as a site service sees it on the bus. */
export interface SiteDirectory {
  /**
   * Answers look-ups, heads and pages; several services share the work. Where the answer throws there
   * is none, and who asked asks again.
   */
  answerDirectory(
    answer: (subject: string) => DirectoryAnswer | undefined,
    onError: (error: Error) => void,
  ): () => void;
  notifyDirectoryChanged(site: Site): void;
  /**
   * Hands a signed entry to the other sites.
   *
   * @param messageId - by which it is known again when it comes back.
   */
  putEntry(key: EntryKey, record: Uint8Array, messageId?: string): Promise<PutChunkResult>;
  /** The signed bytes of an entry that is on the bus; `undefined` when it is not. */
  readEntry(stream: string, key: EntryKey): Promise<Uint8Array | undefined>;
  /** Entries of all registrars as they come; what is not acknowledged comes again. */
  entryBatches(
    stream: string,
    consumer: string,
    signal: AbortSignal,
  ): AsyncIterable<readonly BusMessage[]>;
}

const DIRECTORY_QUEUE = 'site';
const SUBJECTS = ['vb.directory.get.*', DIRECTORY_HEADS_SUBJECT, 'vb.directory.since.*.*'];
const PUT_TIMEOUT_MS = 10_000;
const BATCH_ENTRIES = 500;
const NOT_FOUND = 404;

/** Errors: {@link BusError} `BUS_STORE_FULL`, `BUS_PUBLISH_REFUSED`, `BUS_REQUEST_UNANSWERED`. */
export function createSiteDirectory(connection: Connection): SiteDirectory {
  const { nats } = connection;
  const guard = createLossGuard(connection);
  return {
    answerDirectory: (answer, onError) => {
      const subscriptions = SUBJECTS.map((subject) =>
        nats.subscribe(subject, {
          queue: DIRECTORY_QUEUE,
          callback: takeSafely((message) => {
            const found = answer(message.subject);
            const reply = headers();
            reply.set(LAST_SEQUENCE_HEADER, String(found?.lastSequence ?? 0));
            reply.set(ENCODING_HEADER, found?.encoding ?? 'identity');
            message.respond(found?.data ?? new Uint8Array(), { headers: reply });
          }, onError),
        }),
      );
      return () => {
        for (const subscription of subscriptions) subscription.unsubscribe();
      };
    },
    notifyDirectoryChanged: (site) => {
      if (connection.status() === 'connected') nats.publish(directoryChangedSubject(site));
    },
    putEntry: async (key, record, messageId) =>
      await putMessage(guard, nats, directoryEntrySubject(key), record, PUT_TIMEOUT_MS, messageId),
    readEntry: async (stream, key) => {
      const subject = `$JS.API.DIRECT.GET.${stream}.${directoryEntrySubject(key)}`;
      const unanswered = (why: string, cause?: unknown): BusError =>
        new BusError(
          'BUS_REQUEST_UNANSWERED',
          `no answer about entry ${key.registrar} ${key.sequence}: ${why}`,
          { cause, details: { stream, sequence: key.sequence } },
        );
      let answer;
      try {
        answer = await guard(() => nats.request(subject, '', { timeout: PUT_TIMEOUT_MS }));
      } catch (cause) {
        throw unanswered(messageOf(cause), cause);
      }
      const code = answer.headers?.code ?? 0;
      if (code === 0) return answer.data;
      if (code === NOT_FOUND) return undefined;
      throw unanswered(`${code} ${answer.headers?.description ?? ''}`);
    },
    entryBatches: (stream, consumer, signal) =>
      pullBatches(connection, {
        stream,
        consumer,
        maxMessages: BATCH_ENTRIES,
        maxBytes: DEFAULT_BATCH_BYTES,
        signal,
      }),
  };
}
