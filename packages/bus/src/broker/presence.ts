import type { NatsConnection } from '@nats-io/transport-node';

import type { AgencyCode } from '../agency/code.ts';
import type { Site, Tier } from '../agency/tier.ts';
import { aliveSubject } from '../subject/subject.ts';
import { takeSafely } from './take-safely.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Tells the site that this agency is there, and asks for its answer.
 *
 * @returns `undefined` when nobody answered; the presence may have arrived all the same.
 */
export async function tellPresence(
  nats: NatsConnection,
  from: { readonly tier: Tier; readonly site: Site; readonly code: AgencyCode },
  data: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    const answer = await nats.request(aliveSubject(from), data, { timeout: ANSWER_TIMEOUT_MS });
    return answer.data;
  } catch {
    return undefined;
  }
}

/** Several site services share the answers. */
const PRESENCE_QUEUE = 'site';

/**
 * Answers every presence of this broker's agencies.
 *
 * @returns a function that ends the answering.
 */
export function answerPresence(
  nats: NatsConnection,
  answer: (subject: string, data: Uint8Array) => Uint8Array | undefined,
  onError: (error: Error) => void,
): () => void {
  const subscription = nats.subscribe('vb.alive.*.*.*', {
    queue: PRESENCE_QUEUE,
    callback: takeSafely((message) => {
      const found = answer(message.subject, message.data);
      if (found !== undefined) message.respond(found);
    }, onError),
  });
  return () => subscription.unsubscribe();
}
