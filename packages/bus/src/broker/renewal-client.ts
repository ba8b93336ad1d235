import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';

import type { NatsConnection } from '@nats-io/transport-node';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { MAX_CRL_BYTES, MAX_CRLS } from '../enrolment/crl-answer.ts';
import { BusError } from '../errors.ts';
import { REVOCATION_LISTS_SUBJECT, renewalSubject } from '../subject/renewal-subject.ts';
import { request } from './request.ts';

/** The authority signs certificates meanwhile, perhaps with a slow token. */
const RENEWAL_TIMEOUT_MS = 60_000;
const LIST_TIMEOUT_MS = 15_000;

/** What keeps an agency's keys and rights fresh. Errors: {@link BusError} `BUS_REQUEST_…`. */
export interface RenewalClient {
  /** @returns the answer of the site service, as it is. */
  requestRenewal(message: Uint8Array): Promise<Uint8Array>;
  /** @returns the revocation lists of the site that are not among these (SHA-256, lower hex); unverified. */
  newRevocationLists(known: readonly string[]): Promise<Uint8Array[]>;
}

export function createRenewalClient(
  nats: NatsConnection,
  from: { readonly code: AgencyCode; readonly site: Site },
): RenewalClient {
  return {
    requestRenewal: async (message) =>
      (await request(nats, renewalSubject(from), message, RENEWAL_TIMEOUT_MS)).data,
    newRevocationLists: async (known) => {
      const have = new Set(known);
      const fresh: Uint8Array[] = [];
      while (fresh.length < MAX_CRLS) {
        const question = Buffer.from(JSON.stringify([...have].slice(-MAX_CRLS)));
        const { data } = await request(nats, REVOCATION_LISTS_SUBJECT, question, LIST_TIMEOUT_MS);
        if (data.length === 0) return fresh;
        const list = inflate(data);
        const sha256 = createHash('sha256').update(list).digest('hex');
        // The same one again would go on for ever.
        if (have.has(sha256)) return fresh;
        have.add(sha256);
        fresh.push(list);
      }
      return fresh;
    },
  };
}

function inflate(answer: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(answer, { maxOutputLength: MAX_CRL_BYTES });
  } catch (cause) {
    throw new BusError('BUS_REQUEST_REFUSED', 'a revocation list from the site is unreadable', {
      cause,
      details: { natsSubject: REVOCATION_LISTS_SUBJECT, bytes: answer.length },
    });
  }
}
