import type { NatsConnection } from '@nats-io/transport-node';

import type { AgencyCode } from '../agency/code.ts';
import { BusError } from '../errors.ts';
import { decodeMessage } from '../record/frame.ts';
import { directoryGetSubject, directorySinceSubject } from '../subject/subject.ts';
import { classifyFailure } from './nats-error.ts';

/** The last sequence of a page, and the last one of the directory, as decimal numbers. */
export const LAST_SEQUENCE_HEADER = 'Congvan-Last-Sequence';
export const HEAD_SEQUENCE_HEADER = 'Congvan-Head-Sequence';
/** Records stand one after the other in a page; it must pass the limit of a message. */
export const MAX_DIRECTORY_PAGE_BYTES = 192 * 1024;

const REQUEST_TIMEOUT_MS = 5_000;

/** Directory look-ups as the site service answers them; nothing is verified here. */
export interface DirectoryClient {
  /** @returns the newest signed record of an agency, `undefined` when the directory has none. */
  getDirectoryEntry(code: AgencyCode): Promise<Uint8Array | undefined>;
  /** All records with a sequence over this one, in order, page by page. */
  directoryPages(sequence: number): AsyncIterable<readonly Uint8Array[]>;
  /** As {@link directoryPages}, with the pages joined. */
  getDirectorySince(sequence: number): Promise<Uint8Array[]>;
}

/** Errors: {@link BusError} `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`. */
export function createDirectoryClient(nats: NatsConnection): DirectoryClient {
  async function* directoryPages(sequence: number): AsyncGenerator<readonly Uint8Array[], void> {
    let last = sequence;
    for (;;) {
      const subject = directorySinceSubject(last);
      const answer = await request(nats, subject);
      const pageLast = readSequence(answer.headers?.get(LAST_SEQUENCE_HEADER));
      const head = readSequence(answer.headers?.get(HEAD_SEQUENCE_HEADER));
      if (pageLast === undefined || head === undefined || (head > last && pageLast <= last)) {
        throw badAnswer(subject);
      }
      const records = splitRecords(answer.data);
      if (records.length > 0) yield records;
      if (pageLast >= head) return;
      last = pageLast;
    }
  }
  return {
    directoryPages,
    getDirectoryEntry: async (code) => {
      const { data } = await request(nats, directoryGetSubject(code));
      return data.length === 0 ? undefined : data;
    },
    getDirectorySince: async (sequence) => {
      const records: Uint8Array[] = [];
      for await (const page of directoryPages(sequence)) records.push(...page);
      return records;
    },
  };
}

async function request(nats: NatsConnection, subject: string) {
  try {
    return await nats.request(subject, '', { timeout: REQUEST_TIMEOUT_MS });
  } catch (cause) {
    const failure = classifyFailure(cause);
    const refused = failure.kind === 'refused';
    throw new BusError(
      refused ? 'BUS_REQUEST_REFUSED' : 'BUS_REQUEST_UNANSWERED',
      `no answer to "${subject}": ${refused ? failure.message : failure.kind}`,
      { cause, details: { natsSubject: subject, reason: failure.kind } },
    );
  }
}

function splitRecords(page: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  let rest = page;
  while (rest.length > 0) {
    const { record, body } = decodeMessage(rest);
    records.push(record.bytes);
    rest = body;
  }
  return records;
}

function readSequence(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function badAnswer(subject: string): BusError {
  return new BusError('BUS_REQUEST_REFUSED', `the answer to "${subject}" makes no sense`, {
    details: { natsSubject: subject },
  });
}
