import type { Msg } from '@nats-io/transport-node';

import type { AgencyCode } from '../agency/code.ts';
import { type Site, isSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { MAX_CHUNK_BYTES, MAX_CHUNK_COUNT } from '../file/blob.ts';
import { type FileLocation, parseFileLocation } from '../file/location.ts';
import {
  type BlobName,
  chunkSubject,
  fileDropSubject,
  fileLocateSubject,
} from '../subject/blob-subject.ts';
import type { Scope } from '../subject/subject.ts';
import type { Connection } from './connection.ts';
import { createLossGuard } from './loss-guard.ts';
import { type PutChunkResult, putMessage } from './put-chunk.ts';
import { requestError } from './request.ts';

/** A chunk of a blob of one's own. */
export interface OwnChunk {
  readonly scope: Scope;
  readonly sha256: string;
  /** From 0. */
  readonly index: number;
  /** At most 128 KiB. */
  readonly data: Uint8Array;
}

export interface LocateRequest extends BlobName {
  readonly chunkCount: number;
  /** For the sender: only what is stored under this scope counts. */
  readonly scope?: Scope;
}

/**
 * Blobs as an agency sees them. Bytes are not checked here: whoever puts a blob together compares
 * them with its SHA-256.
 */
export interface FileClient {
  /**
   * Stores one chunk; repeating it does no harm.
   *
   * @throws {@link BusError} `BUS_STORE_FULL`, `BUS_PUBLISH_REFUSED`, or `BUS_PUBLISH_UNACKED`
   *   when it is not known whether it was stored.
   */
  putChunk(chunk: OwnChunk): Promise<PutChunkResult>;
  /**
   * Asks the site service which chunks of a blob can be read here, and in which stream. A blob of
   * another site is fetched for all who ask; until that is done the answer grows.
   *
   * @throws {@link BusError} `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`.
   */
  locateFile(file: LocateRequest): Promise<FileLocation>;
  /**
   * @returns `undefined` when this chunk is not there, or not yet.
   * @throws {@link BusError} `BUS_REQUEST_UNANSWERED`, `BUS_REQUEST_REFUSED`, or `BUS_BLOB_INVALID`
   *   for a chunk over its limit.
   */
  getChunk(location: FileLocation, file: BlobName, index: number): Promise<Uint8Array | undefined>;
  /**
   * Gives up a blob of one's own; the site purges it and tells the centre.
   *
   * @throws {@link BusError} `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`.
   */
  dropFile(file: { readonly sha256: string }): Promise<void>;
}

/** A chunk needs 2.1 s at 500 kb/s; the answer waits behind whatever else is on the line. */
const CHUNK_TIMEOUT_MS = 30_000;
const LOCATE_TIMEOUT_MS = 10_000;
const NOT_FOUND = 404;

export function createFileClient(
  connection: Connection,
  owner: { readonly code: AgencyCode; readonly site: Site },
): FileClient {
  const { nats } = connection;
  const guard = createLossGuard(connection);
  const ownName = (sha256: string) => ({ fromSite: owner.site, from: owner.code, sha256 });
  const ask = async (subject: string, body: string, timeout: number): Promise<Msg> => {
    try {
      return await guard(() => nats.request(subject, body, { timeout }));
    } catch (cause) {
      throw requestError(cause, ({ kind }, why) => ({
        message: `no answer to "${subject}": ${why}`,
        details: { natsSubject: subject, reason: kind },
      }));
    }
  };
  return {
    putChunk: async ({ scope, sha256, index, data }) => {
      if (data.length === 0 || data.length > MAX_CHUNK_BYTES) throw badLength(sha256, index, data);
      const subject = chunkSubject({ ...ownName(sha256), scope, index });
      return await putMessage(guard, nats, subject, data, CHUNK_TIMEOUT_MS);
    },
    locateFile: async ({ chunkCount, scope, ...file }) => {
      if (!Number.isInteger(chunkCount) || chunkCount < 1 || chunkCount > MAX_CHUNK_COUNT) {
        throw new BusError('BUS_BLOB_INVALID', `a blob cannot have ${chunkCount} chunks`, {
          details: { sha256: file.sha256, chunkCount },
        });
      }
      const subject = fileLocateSubject(file);
      const answer = await ask(subject, JSON.stringify({ chunkCount, scope }), LOCATE_TIMEOUT_MS);
      const location = parseFileLocation(answer.data, chunkCount);
      if (location !== undefined) return location;
      throw refused(subject, 'the answer of the site service makes no sense');
    },
    getChunk: async (location, file, index) => {
      const name = chunkSubject({ ...file, scope: location.scope, index });
      const stream = parseStream(location.stream);
      const answer = await ask(`$JS.API.DIRECT.GET.${stream}.${name}`, '', CHUNK_TIMEOUT_MS);
      return readChunk(answer, file.sha256, name, index);
    },
    dropFile: async ({ sha256 }) => {
      const subject = fileDropSubject(ownName(sha256));
      const answer = await ask(subject, '', LOCATE_TIMEOUT_MS);
      if (answer.string() !== DROPPED_ANSWER) throw refused(subject, 'the site did not drop it');
    },
  };
}

/** The whole body of the answer to a drop. */
export const DROPPED_ANSWER = '{"dropped":true}';

/** Reads the answer to a Direct Get. @returns `undefined` for a chunk that is not there. */
export function readChunk(
  answer: Msg,
  sha256: string,
  subject: string,
  index: number,
): Uint8Array | undefined {
  const code = answer.headers?.code ?? 0;
  if (code === NOT_FOUND) return undefined;
  const stored = answer.headers?.get('Nats-Subject');
  if (code !== 0 || stored !== subject) {
    throw refused(subject, answer.headers?.description || 'not the chunk that was asked for');
  }
  const { data } = answer;
  if (data.length > MAX_CHUNK_BYTES) throw badLength(sha256, index, data);
  return data;
}

/** The stream's name becomes part of a subject, and it comes from an answer. */
function parseStream(stream: string): string {
  const [prefix, site, more] = stream.split('_');
  if (prefix === 'BLOB' && site !== undefined && isSite(site) && more === undefined) return stream;
  const quoted = JSON.stringify(stream.slice(0, 60));
  throw new BusError('BUS_SUBJECT_INVALID', `no stream of blobs has the name ${quoted}`, {
    details: { stream: quoted },
  });
}

function refused(subject: string, why: string): BusError {
  return new BusError('BUS_REQUEST_REFUSED', `no good answer to "${subject}": ${why}`, {
    details: { natsSubject: subject },
  });
}

function badLength(sha256: string, index: number, data: Uint8Array): BusError {
  return new BusError(
    'BUS_BLOB_INVALID',
    `chunk ${index} of blob ${sha256} has ${data.length} bytes; 1 to ${MAX_CHUNK_BYTES} are allowed`,
    { details: { sha256, chunk: index, bytes: data.length } },
  );
}
