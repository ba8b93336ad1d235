import {
  type AgencyCode,
  FINDINGS,
  type Finding,
  type Lane,
  type ReceiptPayload,
  encodePayload,
  laneOfPriority,
  payloadHash,
  parseAgencyCode,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { keepOwnBasis } from '../evidence/keep-basis.ts';
import { type PackageSummary, readSummary } from '../package/header.ts';
import { appendReport } from '../report/chain.ts';
import type { Claim } from './check-message.ts';

export interface ReceiptContent {
  readonly status: string;
  readonly reasonCode?: string;
  readonly reason?: string;
  readonly incoming?: { readonly year: number; readonly number: number };
  readonly warnings?: readonly Finding[];
  readonly actor?: string;
}

/** What a receipt says about the document that it answers. */
export interface AnsweredDocument {
  /** Of the delivery. */
  readonly id: string;
  readonly sender: AgencyCode;
  readonly about: Pick<
    ReceiptPayload,
    'documentId' | 'businessType' | 'documentVersion' | 'packageDigest'
  >;
  readonly priority: PackageSummary['priority'];
  readonly traceId: string | null;
}

/** As {@link giveReceiptFor}, for a document that was stored before. */
export function giveReceipt(
  core: AgentCore,
  id: string,
  content: ReceiptContent,
  nowMs: number,
): void {
  const row = core.inbox.describe(id);
  const sender = row === undefined ? undefined : core.directory.find(parseAgencyCode(row.sender));
  if (row === undefined || sender === undefined) {
    throw new TypeError(`no stored document ${id} of a known sender`);
  }
  const about = {
    documentId: row.document_id,
    businessType: asBusinessType(row.business_type),
    documentVersion: row.document_version,
    packageDigest: row.package_digest,
  };
  const { priority } = readSummary(row.summary);
  const document = { id, sender: sender.code, about, priority, traceId: row.trace_id };
  giveReceiptFor(core, document, content, nowMs);
}

/**
 * Writes a receipt for a stored document: one record to its sender, one report to the relays.
 *
 * Call inside the transaction of the act it tells of, so that neither exists without the other.
 */
export function giveReceiptFor(
  core: AgentCore,
  document: AnsweredDocument,
  content: ReceiptContent,
  nowMs: number,
): void {
  const { id, sender, about, priority, traceId } = document;
  const { documentId, businessType, documentVersion, packageDigest } = about;
  const payload: ReceiptPayload = {
    from: core.config.code,
    to: sender,
    documentId,
    businessType,
    documentVersion,
    packageDigest,
    ...fieldsOf(content, nowMs),
  };
  const lane = laneOfPriority(priority);
  const { recordId } = enqueueReceipt(core, payload, lane, nowMs, traceId);
  core.inbox.insertReceipt(id, recordId, content.status, nowMs, content.actor ?? null);
}

/**
 * Answers a copy of a stored document with the last receipt given for it. One that is
 * still on its way is answer enough: a sender that repeats itself without end gets no flood back.
 */
export function repeatReceipt(core: AgentCore, id: string, lane: Lane, nowMs: number): void {
  const row = core.inbox.describe(id);
  const last = core.inbox.receiptsOf(id).at(-1);
  const sender = row === undefined ? undefined : core.directory.find(parseAgencyCode(row.sender));
  if (row === undefined || last === undefined || sender === undefined) return;
  if (core.outbox.isOnItsWay(last.record_id)) return;
  core.outbox.enqueue(
    {
      message_id: `${id}.${last.status}.${row.duplicate_count}`,
      purpose: 'receipt',
      record_id: last.record_id,
      package_id: null,
      recipient: sender.code,
      lane,
      trace_id: row.trace_id,
    },
    nowMs,
  );
}

/**
 * Refuses what was quarantined, where the finding allows an answer and the directory knows whom to
 * tell. Returns the record's id.
 */
export function refuseUnstored(
  core: AgentCore,
  claim: Claim,
  cause: { readonly finding: Finding; readonly detail: string },
  nowMs: number,
): number | undefined {
  const { delivery } = claim;
  if (delivery === null || claim.from === null || !FINDINGS[cause.finding].refusal)
    return undefined;
  const sender = core.directory.find(claim.from);
  if (sender === undefined) return undefined;
  const payload: ReceiptPayload = {
    from: core.config.code,
    to: sender.code,
    documentId: delivery.documentId,
    businessType: delivery.businessType,
    documentVersion: delivery.documentVersion,
    packageDigest: delivery.packageDigest,
    ...fieldsOf({ status: '02', reasonCode: cause.finding, reason: cause.detail }, nowMs),
  };
  return enqueueReceipt(core, payload, 'normal', nowMs).recordId;
}

function asBusinessType(stored: number): ReceiptPayload['businessType'] {
  if (stored === 0 || stored === 1 || stored === 2 || stored === 3) return stored;
  throw new TypeError(`business type ${stored} in the database`);
}

function fieldsOf(
  content: ReceiptContent,
  nowMs: number,
): Pick<ReceiptPayload, 'status' | 'at' | 'warnings'> & Partial<ReceiptPayload> {
  const { status, reasonCode, reason, incoming, warnings, actor } = content;
  return {
    status,
    at: new Date(nowMs).toISOString(),
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(reason === undefined ? {} : { reason }),
    ...(incoming === undefined ? {} : { incoming }),
    warnings: [...(warnings ?? [])],
    ...(actor === undefined ? {} : { actor }),
  };
}

function enqueueReceipt(
  core: AgentCore,
  payload: ReceiptPayload,
  lane: Lane,
  nowMs: number,
  traceId: string | null = null,
): { recordId: number } {
  const bytes = encodePayload('receipt', payload);
  const sha256 = payloadHash(bytes);
  const recordId = core.outbox.insertRecord('receipt', bytes, sha256, null);
  keepOwnBasis(core, [sha256], nowMs);
  core.outbox.enqueue(
    {
      message_id: sha256,
      purpose: 'receipt',
      record_id: recordId,
      package_id: null,
      recipient: payload.to,
      lane,
      trace_id: traceId,
    },
    nowMs,
  );
  const { from: _from, to, warnings: _warnings, actor: _actor, ...rest } = payload;
  appendReport(core.outbox, core.config.code, { kind: 'receipt', sender: to, ...rest }, nowMs);
  return { recordId };
}
