import type { NatsConnection } from '@nats-io/transport-node';

import type { DirectoryClient } from '../directory/client.ts';
import { parseHeads, readPage } from '../directory/page.ts';
import { BusError } from '../errors.ts';
import {
  DIRECTORY_HEADS_SUBJECT,
  directoryGetSubject,
  directorySinceSubject,
} from '../subject/directory-subject.ts';
import { request } from './request.ts';

/** The last sequence of a page, as a decimal number. */
export const LAST_SEQUENCE_HEADER = 'Congvan-Last-Sequence';
/** How a page is packed: `zstd`, `deflate` or `identity`. */
export const ENCODING_HEADER = 'Congvan-Encoding';

const REQUEST_TIMEOUT_MS = 10_000;

/** Errors: {@link BusError} `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`, and as `readPage`. */
export function createDirectoryClient(nats: NatsConnection): DirectoryClient {
  return {
    getDirectoryEntry: async (code) => {
      const { data } = await request(nats, directoryGetSubject(code), '', REQUEST_TIMEOUT_MS);
      return data.length === 0 ? undefined : data;
    },
    getDirectoryHeads: async () => {
      const { data } = await request(nats, DIRECTORY_HEADS_SUBJECT, '', REQUEST_TIMEOUT_MS);
      const heads = parseHeads(data);
      if (heads === undefined) throw badAnswer(DIRECTORY_HEADS_SUBJECT);
      return heads;
    },
    getDirectoryPage: async (after) => {
      const subject = directorySinceSubject(after);
      const { data, headers } = await request(nats, subject, '', REQUEST_TIMEOUT_MS);
      const records = readPage(data, headers?.get(ENCODING_HEADER) ?? '');
      const lastSequence = readSequence(headers?.get(LAST_SEQUENCE_HEADER));
      if (lastSequence === undefined || lastSequence < after.sequence) throw badAnswer(subject);
      return { records, lastSequence };
    },
  };
}

function readSequence(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function badAnswer(subject: string): BusError {
  return new BusError('BUS_REQUEST_REFUSED', `the answer to "${subject}" makes no sense`, {
    details: { natsSubject: subject },
  });
}
