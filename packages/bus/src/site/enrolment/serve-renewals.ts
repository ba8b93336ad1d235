import type { Authority } from '@congvan/signer';

import type { SiteRenewal } from '../../broker/site-renewal.ts';
import { RevocationListAnswers } from '../../enrolment/crl-answer.ts';
import type { Enrolment } from '../enrolment.ts';
import { createRenewalDesk } from './renewal.ts';

export interface ServeRenewalsOptions {
  readonly enrolment: Enrolment;
  readonly authority?: Authority | undefined;
  /** Revocation lists of other authorities, DER, for those who trust them. */
  readonly otherLists?: () => readonly Uint8Array[];
  readonly prepare: () => Promise<void>;
  readonly now: () => Date;
  readonly onError: (error: Error) => void;
}

/** Answers renewals where there is an authority, and revocation lists in any case. @returns its end. */
export function serveRenewals(connection: SiteRenewal, options: ServeRenewalsOptions): () => void {
  const { authority, otherLists = () => [], onError } = options;
  const answers = new RevocationListAnswers();
  const stopLists = connection.answerRevocationLists(async (question) => {
    try {
      return answers.answer(question, [...(authority?.lists().values() ?? []), ...otherLists()]);
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  });
  if (authority === undefined) return stopLists;
  const desk = createRenewalDesk({ ...options, authority });
  const stopRenewals = connection.answerRenewals(desk.renew);
  return () => {
    stopRenewals();
    stopLists();
  };
}
