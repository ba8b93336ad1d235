import { type ReportEntry, parseAgencyCode, parsePayloadAs } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { appendReport } from '../report/chain.ts';

type Cause = Extract<ReportEntry, { kind: 'withdrawn' }>['cause'];

/**
 * Reports that a delivery does not come about, so that the share lists it apart and does not wait for
 * 30 days. Only documents are reported: receipts have a report of their own from the start. Call inside
 * the transaction that ends the message.
 *
 * @throws {@link AgentError} `AGENT_RESTORED` while this may be an older copy.
 */
export function reportWithdrawn(
  core: Pick<AgentCore, 'outbox'> & { readonly config: Pick<AgentCore['config'], 'code'> },
  messageId: string,
  cause: Cause,
  nowMs: number,
  reason?: string,
): void {
  const row = core.outbox.deliveryOf(messageId);
  if (row === undefined) return;
  const payload = parsePayloadAs({ type: 'delivery', payload: row.payload }, 'delivery');
  const { documentId, businessType, documentVersion } = payload;
  const entry: ReportEntry = {
    kind: 'withdrawn',
    documentId,
    businessType,
    documentVersion,
    to: parseAgencyCode(row.recipient),
    at: new Date(nowMs).toISOString(),
    cause,
    ...(reason === undefined ? {} : { reason }),
  };
  appendReport(core.outbox, core.config.code, entry, nowMs, row.packageId);
}
