import {
  type AgencyConnection,
  type BusMessage,
  connectAgency,
  decodeMessage,
  decodeReference,
  type Lane,
  type LocalServer,
  parsePayload,
  parseAgencyCode,
  parseSite,
} from '@congvan/bus';

import { CliError } from '../../errors.ts';
import { castAgency } from '../agencies.ts';

const TIMEOUT_MS = 10_000;

/**
 * Somebody who has taken over the broker: a user of the account that owns the streams, with all its
 * rights. No agency has them, and nothing that keeps an agency safe may depend on the broker.
 */
export class BrokerInsider implements AsyncDisposable {
  readonly #connection: AgencyConnection;
  readonly #signal: AbortSignal;

  private constructor(connection: AgencyConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Connects in the place of the agency whose mail is to be tampered with. */
  static async connect(
    server: LocalServer,
    victim: string,
    now: Date,
    signal: AbortSignal,
  ): Promise<BrokerInsider> {
    const { code, site } = castAgency(victim);
    const credentials = await server.operator.mint({
      account: 'STORE',
      name: 'taken-over broker',
      permissions: 'all',
      expiresAt: null,
      now,
    });
    const connection = await connectAgency({
      servers: server.url,
      credentials,
      code: parseAgencyCode(code),
      site: parseSite(site),
      name: 'taken-over broker',
    });
    return new BrokerInsider(connection, signal);
  }

  /** Takes the delivery of a document out of the victim's queue before the victim sees it. */
  async takeDelivery(lane: Lane, documentId: string): Promise<BusMessage> {
    const enough = new AbortController();
    const signal = AbortSignal.any([this.#signal, enough.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      for await (const batch of this.#connection.inbox(lane, { maxMessages: 1, signal })) {
        for (const message of batch) {
          // Whatever else waits here stays unacknowledged: the broker hands it out again.
          if (documentIdOf(message.data) !== documentId) continue;
          message.ack();
          return message;
        }
      }
    } finally {
      enough.abort();
    }
    this.#signal.throwIfAborted();
    throw new CliError('CLI_DEMO_FAILED', `delivery of ${documentId} does not wait at the broker`);
  }

  /** Puts bytes on any subject, in anybody's name. */
  async put(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const { duplicate } = await this.#connection.publish(subject, data, { messageId });
    if (duplicate) throw new CliError('CLI_DEMO_FAILED', `the broker dropped message ${messageId}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

/** Behind a reference the document stands in a blob, which a thief of the broker may read as well. */
function documentIdOf(data: Uint8Array): string | undefined {
  if (decodeReference(data) !== undefined) return undefined;
  const content = parsePayload(decodeMessage(data).record);
  return content.type === 'delivery' ? content.payload.documentId : undefined;
}

/** Changes one byte in the middle of the package; the signed record before it stays whole. */
export function alterPackage(message: Uint8Array): { data: Uint8Array; offset: number } {
  const { body } = decodeMessage(message);
  const offset = Math.floor(body.length / 2);
  const data = new Uint8Array(message);
  const index = message.length - body.length + offset;
  data[index] = (data[index] ?? 0) ^ 0x01;
  return { data, offset };
}
