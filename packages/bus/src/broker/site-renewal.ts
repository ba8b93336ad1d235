import type { NatsConnection } from '@nats-io/transport-node';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { REVOCATION_LISTS_SUBJECT, parseRenewalSubject } from '../subject/renewal-subject.ts';

/** Renewals and revocation lists as a site service answers them. */
export interface SiteRenewal {
  /** @returns a function that ends the answering. */
  answerRenewals(
    answer: (from: { code: AgencyCode; site: Site }, message: Uint8Array) => Promise<Uint8Array>,
  ): () => void;
  answerRevocationLists(answer: (question: Uint8Array) => Promise<Uint8Array>): () => void;
}

/** Several site services share the work. */
const QUEUE = 'site';
/** Requests that wait for the authority at once; further ones are asked again by their agencies. */
const MAX_WAITING_RENEWALS = 200;

export function createSiteRenewal(nats: NatsConnection): SiteRenewal {
  return {
    answerRenewals: (answer) => {
      let waiting = 0;
      const subscription = nats.subscribe('vb.renew.*.*', {
        queue: QUEUE,
        callback: (error, message) => {
          const from = error === null ? parseRenewalSubject(message.subject) : undefined;
          if (from === undefined || waiting >= MAX_WAITING_RENEWALS) return;
          waiting += 1;
          void answer(from, message.data)
            .then((data) => message.respond(data))
            .catch(() => undefined)
            .finally(() => {
              waiting -= 1;
            });
        },
      });
      return () => subscription.unsubscribe();
    },
    answerRevocationLists: (answer) => {
      const subscription = nats.subscribe(REVOCATION_LISTS_SUBJECT, {
        queue: QUEUE,
        callback: (error, message) => {
          if (error !== null) return;
          // Without an answer the agency asks again later.
          void answer(message.data)
            .then((data) => message.respond(data))
            .catch(() => undefined);
        },
      });
      return () => subscription.unsubscribe();
    },
  };
}
