import { createHash, randomUUID } from 'node:crypto';

import {
  type AgencyCode,
  type DirectoryEntry,
  deliveryId,
  encodePayload,
  laneOfPriority,
  payloadHash,
  parseAgencyCode,
} from '@congvan/bus';
import { signPdf } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { SendRequest, SentDocument } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { type BuiltPackage, buildPackage, readSignedPdf } from '../package/build.ts';
import { appendReport } from '../report/chain.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import { type CheckedSend, checkSendRequest, requirePackageSize } from './request.ts';
import { assignedNumber, numberVoid, reserveNumber } from './reserve.ts';

/** A new document; recalls, updates and replacements will have their own. */
const NEW_DOCUMENT = 0;
const FIRST_VERSION = 1;

/**
 * Registers, signs, packs and keeps an outgoing document (DESIGN §4.1–§4.4).
 *
 * When it returns, register entry, signed package and outbox rows are on disk (rule 2); delivery is
 * the running agent's work. After a crash the same idempotency key goes on with the same number.
 *
 * @throws {@link AgentError}; a number that was taken for a request without a key is made void.
 */
export async function sendDocument(core: AgentCore, request: SendRequest): Promise<SentDocument> {
  const checked = checkSendRequest(core, request);
  await requireOwnKeys(core);
  const row = await core.commit.commit(() =>
    reserveNumber(core, {
      idempotencyKey: request.idempotencyKey ?? randomUUID(),
      requestSha256: checked.requestSha256,
      medium: 'electronic',
      notation: checked.notation,
      documentType: request.documentType,
      abstract: request.abstract,
      actor: request.actor,
    }),
  );
  core.step('register.committed');
  if (row.state === 'issued') return alreadySent(core, row);
  try {
    return await issue(core, request, checked, row);
  } catch (error) {
    if (request.idempotencyKey === undefined) await giveUp(core, row, error);
    throw error;
  }
}

async function issue(
  core: AgentCore,
  request: SendRequest,
  checked: CheckedSend,
  row: RegisterRow,
): Promise<SentDocument> {
  const { pdf } = request.document;
  const assigned = assignedNumber(row);
  const plain = typeof pdf === 'function' ? await pdf(assigned) : (checked.preparedPdf ?? pdf);
  const signedPdf = await signPdf(plain, await core.keys.open('seal'), {
    signedAt: core.now(),
    reason: `Số ${assigned.codeNumber}/${assigned.codeNotation}`,
    location: core.config.name,
  });
  core.step('document.signed');
  const built = await buildPackage(core, { request, checked, row, signedPdf });
  requirePackageSize(built.container.length);
  const stored = await core.commit.commit(() => storeIssued(core, request, checked, row, built));
  core.step('outbox.committed');
  core.changed();
  return { ...stored, agentRunning: core.isRunning() };
}

/** The second transaction: all that makes the document issued, or nothing. */
function storeIssued(
  core: AgentCore,
  request: SendRequest,
  checked: CheckedSend,
  row: RegisterRow,
  built: BuiltPackage,
): Omit<SentDocument, 'agentRunning'> {
  const nowMs = core.now().getTime();
  if (!core.register.settle(row.id, 'issued', nowMs, null)) {
    // Another process went on with the same draft in the meantime, or gave it up.
    const settled = requireRow(core, row.document_id);
    if (settled.state === 'void') throw numberVoid(settled);
    return alreadySent(core, settled);
  }
  const packageId = core.register.insertPackage({
    register_id: row.id,
    digest: built.digest,
    container: built.container,
    priority: checked.priority,
    paper_to: JSON.stringify((request.paperTo ?? []).map(({ name }) => name)),
  });
  const body = {
    sha256: createHash('sha256').update(built.container).digest('hex'),
    bytes: built.container.length,
  };
  const deliveries = checked.recipients.map(({ entry, mode }) => {
    const id = queueDelivery(
      core,
      { row, entry, digest: built.digest, body, packageId, nowMs },
      checked,
    );
    core.register.insertDelivery({
      id,
      package_id: packageId,
      digest: built.digest,
      recipient: entry.code,
      mode,
    });
    return { to: entry.code, id };
  });
  appendReport(
    core.outbox,
    core.config.code,
    dispatchEntry(request, checked, row, built.digest),
    nowMs,
  );
  return {
    ...assignedNumber(row),
    documentId: row.document_id,
    packageDigest: built.digest,
    deliveries,
    resumed: false,
    signedPdf: built.signedPdf,
  };
}

function queueDelivery(
  core: AgentCore,
  delivery: {
    readonly row: RegisterRow;
    readonly entry: DirectoryEntry;
    readonly digest: string;
    readonly body: { readonly sha256: string; readonly bytes: number };
    readonly packageId: number;
    readonly nowMs: number;
  },
  checked: CheckedSend,
): string {
  const { row, entry, digest, body, packageId, nowMs } = delivery;
  const { code } = core.config;
  const payload = encodePayload('delivery', {
    from: code,
    to: entry.code,
    documentId: row.document_id,
    businessType: NEW_DOCUMENT,
    documentVersion: FIRST_VERSION,
    packageDigest: digest,
    body,
    sentAt: new Date(nowMs).toISOString(),
  });
  const id = outgoingDeliveryId(code, row.document_id, entry.code);
  core.outbox.enqueue(
    {
      message_id: id,
      purpose: 'document',
      record_id: core.outbox.insertRecord('delivery', payload, payloadHash(payload), null),
      package_id: packageId,
      recipient: entry.code,
      lane: laneOfPriority(checked.priority),
    },
    nowMs,
  );
  return id;
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

function alreadySent(core: AgentCore, row: RegisterRow): SentDocument {
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
    signedPdf: readSignedPdf(stored.container),
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
