import {
  type AgencyCode,
  decodeRecord,
  parsePayloadAs,
  stateOfStatuses,
  yearInVietnam,
  parseAgencyCode,
} from '@congvan/bus';
import { z } from 'zod';

import type { AgentCore } from '../core.ts';
import type { DeliveryTrack, Priority, Sending, TrackedDocument } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { toOutboxRow } from '../outbox/describe.ts';
import { requireId } from '../request-shape.ts';
import { readSignedPdf } from '../package/build.ts';
import type {
  DeliveryReceiptRow,
  DeliveryRow,
  RegisterRow,
  StatusRow,
} from '../storage/register-store.ts';
import { toRegisterEntry } from './reserve.ts';

/** Of a recipient: the first of each status, and its newest. */
const MAX_STEPS_SHOWN = 64;

const paperToSchema = z.array(z.string());
const prioritySchema = z.literal([0, 1, 2, 3, 4]);

/**
 * An outgoing document with what its recipients answered.
 *
 * @param idOrNumber - a DocumentId, `7`, `7/2026` or `07/UBND-VP` of this year.
 * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`.
 */
export function trackDocument(core: AgentCore, idOrNumber: string): TrackedDocument {
  const row = findOutgoing(core, requireId(idOrNumber).trim());
  const stored = core.register.packageOf(row.id);
  const deliveries = stored === undefined ? [] : core.register.deliveriesOf(stored.id);
  return {
    ...toRegisterEntry(row),
    packageDigest: stored?.digest ?? null,
    traceId: stored?.trace_id ?? null,
    priority: asPriority(stored?.priority ?? 0),
    deliveries: deliveries.map((delivery) => trackDelivery(core, delivery)),
    paperTo: stored === undefined ? [] : paperToSchema.parse(JSON.parse(stored.paper_to)),
    signedPdf: stored === undefined ? null : () => readSignedPdf(core.files.containerOf(stored)),
  };
}

/** @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`. */
export function findOutgoing(core: AgentCore, idOrNumber: string): RegisterRow {
  const byId = core.register.findByDocumentId(idOrNumber);
  if (byId !== undefined) return byId;
  const match = /^(\d{1,9})(?:\/(.+))?$/.exec(idOrNumber);
  const number = Number(match?.[1] ?? Number.NaN);
  const suffix = match?.[2];
  const thisYear = yearInVietnam(core.now());
  const year = suffix !== undefined && /^\d{4}$/.test(suffix) ? Number(suffix) : thisYear;
  const row = match === null ? undefined : core.register.findByNumber(year, number);
  const notation = suffix === undefined || /^\d{4}$/.test(suffix) ? row?.notation : suffix;
  if (row !== undefined && row.notation === notation) return row;
  throw new AgentError(
    'AGENT_DOCUMENT_NOT_FOUND',
    `the outgoing register has no document "${idOrNumber}"`,
    { details: { id: idOrNumber } },
  );
}

function trackDelivery(core: AgentCore, delivery: DeliveryRow): DeliveryTrack {
  const to: AgencyCode = parseAgencyCode(delivery.recipient);
  const statuses = standingStatuses(core.register.statusesOf(delivery.id));
  const receipts = core.register.receiptsOf(delivery.id, MAX_STEPS_SHOWN);
  const { name: toName, damage } = core.directory.nameOf(to);
  return {
    id: delivery.id,
    to,
    toName,
    damage,
    mode: delivery.mode,
    sending: sendingOf(core, delivery.id),
    status: stateOfStatuses(statuses).furthest,
    steps: receipts.map((receipt) => readStep(receipt)),
  };
}

/** The row of a delivery has the delivery's id. */
function sendingOf(core: AgentCore, id: string): Sending | null {
  const row = core.outbox.describe(id);
  if (row === undefined) return null;
  const { state, outcome, place, attemptCount, nextTryAt, lastError, note } = toOutboxRow(
    core,
    row,
  );
  return { state, outcome, place, attemptCount, nextTryAt, lastError, note };
}

/** A refusal stands until a later arrival: a good copy may have come after a damaged one. */
function standingStatuses(given: readonly StatusRow[]): string[] {
  const arrived = given.find(({ status }) => status === '01');
  const arrivedMs = arrived?.at_ms ?? Number.NEGATIVE_INFINITY;
  return given
    .filter(({ status, at_ms }) => status !== '02' || at_ms >= arrivedMs)
    .map(({ status }) => status);
}

function readStep(row: DeliveryReceiptRow): DeliveryTrack['steps'][number] {
  const receipt = parsePayloadAs(decodeRecord(row.record), 'receipt');
  const { incoming } = receipt;
  return {
    status: receipt.status,
    at: new Date(receipt.at),
    reasonCode: receipt.reasonCode ?? null,
    reason: receipt.reason ?? null,
    incomingNumber: incoming === undefined ? null : `${incoming.number}/${incoming.year}`,
  };
}

function asPriority(stored: number): Priority {
  return prioritySchema.parse(stored);
}
