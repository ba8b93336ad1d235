import { randomUUID } from 'node:crypto';

import type { AgentCore } from '../core.ts';
import type { PaperRequest, RegisterEntry } from '../documents.ts';
import { appendReport } from '../report/chain.ts';
import { checkPaperRequest, digestOfPaper } from './request.ts';
import { reserveNumber, toRegisterEntry } from './reserve.ts';

/**
 * Enters a document that goes out on paper in the register and reports it: without it the share
 * would have no true denominator.
 */
export async function registerPaper(
  core: AgentCore,
  request: PaperRequest,
): Promise<RegisterEntry> {
  const notation = checkPaperRequest(core, request);
  const nowMs = core.now().getTime();
  const row = await core.commit.commit(() => {
    const reserved = reserveNumber(core, {
      idempotencyKey: request.idempotencyKey ?? randomUUID(),
      requestSha256: digestOfPaper(request),
      medium: 'paper',
      notation,
      documentType: request.documentType,
      abstract: request.abstract,
      actor: request.actor,
    });
    if (!core.register.settle(reserved.id, 'issued', nowMs, null)) return reserved;
    appendReport(
      core.outbox,
      core.config.code,
      {
        kind: 'paper',
        register: {
          year: reserved.year,
          number: reserved.number,
          notation,
          issuedOn: reserved.issued_on,
        },
        documentType: request.documentType,
        abstract: request.abstract,
        recipients: [...request.recipients],
        reason: request.reason,
        ...(request.note === undefined ? {} : { note: request.note }),
      },
      nowMs,
    );
    return { ...reserved, state: 'issued' as const };
  });
  core.step('outbox.committed');
  core.changed();
  return toRegisterEntry(row);
}
