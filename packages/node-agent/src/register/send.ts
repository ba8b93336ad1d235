import { randomUUID } from 'node:crypto';

import {
  type AgencyCode,
  deliveryId,
  laneOfPriority,
  payloadHash,
  parseAgencyCode,
} from '@congvan/bus';
import { type LongWork, signPdf } from '@congvan/signer';

import { requireReady } from '../condition/readiness.ts';
import type { AgentCore } from '../core.ts';
import type { SendRequest, SentDocument } from '../documents.ts';
import { keepOwnBasis } from '../evidence/keep-basis.ts';
import { AgentError } from '../errors.ts';
import { placeOf } from '../outbox/place.ts';
import { type BuiltPackage, buildPackage, readSignedPdf } from '../package/build.ts';
import { inSteps } from '../package/progress.ts';
import { appendReport } from '../report/chain.ts';
import { requireDrawn } from '../request-shape.ts';
import { untilAborted } from '../signal.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import { type CheckedSend, checkSendRequest, requireDocumentSize } from './request.ts';
import { assignedNumber, numberVoid, reserveNumber } from './reserve.ts';
import { FIRST_VERSION, NEW_DOCUMENT, type SealedDelivery, sealDelivery } from './seal-delivery.ts';

interface Issued {
  readonly built: BuiltPackage;
  readonly delivery: SealedDelivery;
}

/**
 * Registers, signs, packs and keeps an outgoing document.
 *
 * When it returns, register entry, signed package and outbox rows are on disk (rule 2); delivery is
 * the running agent's work. After a crash the same idempotency key goes on with the same number.
 *
 * @throws {@link AgentError}; a number that was taken for a request without a key is made void.
 */
export async function sendDocument(
  core: AgentCore,
  request: SendRequest,
  work: LongWork = {},
): Promise<SentDocument> {
  work.signal?.throwIfAborted();
  const nextStep = inSteps(work);
  const checked = await checkSendRequest(core, request, nextStep());
  if (checked.issued !== undefined) return await alreadySent(core, checked.issued);
  await requireOwnKeys(core);
  const { pdf } = request.document;
  requireReady(core, typeof pdf === 'function' ? 0 : pdf.length);
  const row = await core.commit.commit(
    () =>
      reserveNumber(core, {
        idempotencyKey: request.idempotencyKey ?? randomUUID(),
        requestSha256: checked.requestSha256,
        medium: 'electronic',
        notation: checked.notation,
        documentType: request.documentType,
        abstract: request.abstract,
        actor: request.actor,
      }),
    { soon: isUrgent(checked) },
  );
  core.step('register.committed');
  if (row.state === 'issued') return await alreadySent(core, row);
  try {
    return await issue(core, request, { checked, row, nextStep, signal: work.signal });
  } catch (error) {
    if (request.idempotencyKey === undefined) await giveUp(core, row, error);
    throw error;
  }
}

async function issue(
  core: AgentCore,
  request: SendRequest,
  draft: {
    readonly checked: CheckedSend;
    readonly row: RegisterRow;
    readonly nextStep: () => LongWork;
    readonly signal: AbortSignal | undefined;
  },
): Promise<SentDocument> {
  const { checked, row, nextStep, signal } = draft;
  const { pdf } = request.document;
  const assigned = assignedNumber(row);
  const plain =
    typeof pdf === 'function'
      ? requireDrawn(await untilAborted(() => pdf(assigned), signal))
      : (checked.preparedPdf ?? pdf);
  if (plain instanceof Uint8Array) requireDocumentSize(plain.length);
  const seal = await core.keys.open('seal');
  const sign = (): Promise<Uint8Array> =>
    signPdf(plain, seal, {
      signedAt: core.now(),
      reason: `Số ${assigned.codeNumber}/${assigned.codeNotation}`,
      location: core.config.name,
    });
  const signedPdf = await untilAborted(sign, signal);
  core.step('document.signed');
  const { attachments } = checked;
  const folder = core.files.folders.packages;
  const content = { request, checked, row, signedPdf, attachments };
  const built = await buildPackage(core, { ...content, folder, ...nextStep() });
  const { traceId } = request;
  const delivery = await sealDelivery(core, { built, checked, row, traceId, ...nextStep() });
  signal?.throwIfAborted();
  const issued = { built, delivery };
  // What waits before this moment leaves before it.
  const queuedMs = core.now().getTime();
  const stored = await core.commit.commit(() => storeIssued(core, request, checked, row, issued), {
    soon: isUrgent(checked),
  });
  // Another process went on with the same draft in the meantime.
  if (stored === undefined) return await alreadySent(core, requireRow(core, row.document_id));
  core.step('outbox.committed');
  core.changed();
  return {
    ...stored,
    agentRunning: core.isRunning(),
    place: placeOf(core, laneOfPriority(checked.priority), queuedMs),
  };
}

function isUrgent({ priority }: Pick<CheckedSend, 'priority'>): boolean {
  return laneOfPriority(priority) === 'urgent';
}

/** The second transaction: all that makes the document issued, or nothing. */
function storeIssued(
  core: AgentCore,
  request: SendRequest,
  checked: CheckedSend,
  row: RegisterRow,
  { built, delivery }: Issued,
): Omit<SentDocument, 'agentRunning' | 'place'> | undefined {
  const nowMs = core.now().getTime();
  if (!core.register.settle(row.id, 'issued', nowMs, null)) {
    const settled = requireRow(core, row.document_id);
    if (settled.state === 'void') throw numberVoid(settled);
    return undefined;
  }
  const packageId = core.register.insertPackage({
    ...delivery.row,
    register_id: row.id,
    paper_to: JSON.stringify((request.paperTo ?? []).map(({ name }) => name)),
  });
  for (const upload of delivery.uploads) {
    core.uploads.insert({ ...upload, package_id: packageId }, nowMs);
  }
  const deliveries = queueDeliveries(core, { row, checked, delivery, packageId, nowMs });
  const entry = dispatchEntry(request, checked, row, built.digest);
  const report = appendReport(core.outbox, core.config.code, entry, nowMs, packageId);
  keepOwnBasis(core, [payloadHash(delivery.payload), report], nowMs);
  return {
    ...assignedNumber(row),
    documentId: row.document_id,
    packageDigest: built.digest,
    deliveries,
    resumed: false,
    signedPdf: built.signedPdf,
  };
}

/** One record for all recipients, one message each. */
function queueDeliveries(
  core: AgentCore,
  input: {
    readonly row: RegisterRow;
    readonly checked: CheckedSend;
    readonly delivery: SealedDelivery;
    readonly packageId: number;
    readonly nowMs: number;
  },
): SentDocument['deliveries'] {
  const { row, checked, delivery, packageId, nowMs } = input;
  const { payload, frame } = delivery;
  const recordId = core.outbox.insertRecord(
    'delivery',
    payload,
    payloadHash(payload),
    null,
    packageId,
  );
  core.outbox.storeSigned(recordId, frame);
  return checked.recipients.map(({ entry, mode }) => {
    const id = outgoingDeliveryId(core.config.code, row.document_id, entry.code);
    core.outbox.enqueue(
      {
        message_id: id,
        purpose: 'document',
        record_id: recordId,
        package_id: packageId,
        recipient: entry.code,
        lane: laneOfPriority(checked.priority),
        trace_id: delivery.row.trace_id,
      },
      nowMs,
    );
    core.register.insertDelivery({
      id,
      package_id: packageId,
      digest: delivery.row.digest,
      recipient: entry.code,
      mode,
    });
    return { to: entry.code, id };
  });
}

function dispatchEntry(
  request: SendRequest,
  checked: CheckedSend,
  row: RegisterRow,
  packageDigest: string,
): Parameters<typeof appendReport>[2] {
  const { responseFor, paperTo = [] } = request;
  return {
    kind: 'dispatch',
    register: {
      year: row.year,
      number: row.number,
      notation: row.notation,
      issuedOn: row.issued_on,
    },
    documentId: row.document_id,
    businessType: NEW_DOCUMENT,
    documentVersion: FIRST_VERSION,
    documentType: request.documentType,
    abstract: request.abstract,
    priority: checked.priority,
    signed: true,
    packageDigest,
    recipients: [
      ...checked.recipients.map(({ entry, mode }) => ({ to: entry.code, mode })),
      ...paperTo.map(({ name, reason }) => ({ name, mode: 'P' as const, reason })),
    ],
    ...(responseFor === undefined
      ? {}
      : { responseFor: { organId: responseFor.organId, documentId: responseFor.documentId } }),
  };
}

function outgoingDeliveryId(from: AgencyCode, documentId: string, to: AgencyCode): string {
  return deliveryId({
    from,
    kind: 'doc',
    businessType: NEW_DOCUMENT,
    documentId,
    documentVersion: FIRST_VERSION,
    to,
  });
}

async function alreadySent(core: AgentCore, row: RegisterRow): Promise<SentDocument> {
  const stored = core.register.packageOf(row.id);
  if (stored === undefined)
    throw new TypeError(`issued document ${row.document_id} has no package`);
  return {
    ...assignedNumber(row),
    documentId: row.document_id,
    packageDigest: stored.digest,
    deliveries: core.register.deliveriesOf(stored.id).map(({ recipient, id }) => ({
      to: parseAgencyCode(recipient),
      id,
    })),
    resumed: true,
    agentRunning: core.isRunning(),
    place: placeOf(core, stored.priority === 0 ? 'normal' : 'urgent', core.now().getTime()),
    signedPdf: await readSignedPdf(core.files.containerOf(stored)),
  };
}

/** What another agency would refuse must not leave, and must not cost a number. */
async function requireOwnKeys(core: AgentCore): Promise<void> {
  const self = core.directory.find(core.config.code);
  for (const use of ['seal', 'node'] as const) {
    const { certificate } = await core.keys.open(use);
    const listed = self?.certificates.some(
      (candidate) => candidate.use === use && candidate.sha256 === certificate.sha256,
    );
    if (listed === true) continue;
    throw new AgentError(
      'AGENT_KEY_NOT_LISTED',
      `the directory does not list the ${use} certificate of ${core.config.code} (${certificate.sha256.slice(0, 16)}…)`,
      { details: { use, sha256: certificate.sha256 } },
    );
  }
}

async function giveUp(core: AgentCore, row: RegisterRow, error: unknown): Promise<void> {
  const cause = error instanceof Error ? error.message : String(error);
  const reason = `not issued: ${cause}`
    .replace(/[\p{Cc}]+/gu, ' ')
    .slice(0, 500)
    .toWellFormed();
  const nowMs = core.now().getTime();
  await core.commit.commit(() => {
    if (!core.register.settle(row.id, 'void', nowMs, reason)) return;
    const { year, number } = row;
    appendReport(core.outbox, core.config.code, { kind: 'void', year, number, reason }, nowMs);
  });
}

function requireRow(core: AgentCore, documentId: string): RegisterRow {
  const row = core.register.findByDocumentId(documentId);
  if (row === undefined) throw new TypeError(`${documentId} is gone from the register`);
  return row;
}
