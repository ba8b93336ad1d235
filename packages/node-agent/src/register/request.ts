import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  BusError,
  type DirectoryEntry,
  MAX_DOCUMENT_ID_LENGTH,
  MAX_RECIPIENT_COUNT,
  MAX_RECORD_PAYLOAD_BYTES,
  MAX_SEALED_BYTES,
  isOpenAt,
  parseAgencyCode,
} from '@congvan/bus';
import {
  type Certificate,
  type LongWork,
  type PreparedPdf,
  SignerError,
  requireSignablePdf,
} from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { PaperReason, PaperRequest, SendRequest } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { type SurveyedFile, surveyAttachments } from '../package/attachment.ts';
import { MAX_DOCUMENT_BYTES } from '../package/build.ts';
import { requirePaperShape } from '../request-shape.ts';
import { invalid, requireActor, requireLine, requireProse } from '../request-text.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import { requireSame } from './reserve.ts';
import { encryptionCertificateOf } from './sealing-certificate.ts';

/** Limits of QCVN 102:2016 as the bus's implementers code them (strict when sending). */
const MAX_ABSTRACT_LENGTH = 500;
const MAX_TYPE_LENGTH = 100;
const MAX_NOTATION_LENGTH = 30;
const MAX_FILE_NAME_LENGTH = 200;
const MAX_PLACE_LENGTH = 500;
const MAX_SIGNATORY_LENGTH = 100;
const MAX_ORGAN_ID_LENGTH = 60;
const MAX_ANSWERED_CODE_LENGTH = 100;
const MAX_KEY_LENGTH = 200;
const MAX_ATTACHMENTS = 100;
/** What a report holds beside its recipients at most: abstract, note, names of the document. */
const REPORT_OVERHEAD_BYTES = 8 * 1024;
/** What container, seal, header and signatures add to the files at most; the exact check comes later. */
const PACKAGE_OVERHEAD_BYTES = 8 * 1024 * 1024;
const MAX_FILES_BYTES = MAX_SEALED_BYTES - PACKAGE_OVERHEAD_BYTES;

export interface CheckedRecipient {
  readonly entry: DirectoryEntry;
  readonly mode: 'E' | 'E+P';
  /** What the package is sealed for. */
  readonly encryption: Certificate;
}

export interface CheckedSend {
  readonly recipients: readonly CheckedRecipient[];
  readonly notation: string;
  readonly priority: 0 | 1 | 2 | 3 | 4;
  /** Tells a repeat of the same request from another one under the same key. */
  readonly requestSha256: string;
  /** The document as it was read for the check; undefined while it is still to be drawn. */
  readonly preparedPdf: PreparedPdf | undefined;
  readonly attachments: readonly SurveyedFile[];
  /** What the same request has sent already; its recipients are not looked up again. */
  readonly issued: RegisterRow | undefined;
}

/**
 * Checks what can be checked before a number is taken, so that a mistake costs none.
 *
 * @throws {@link AgentError} naming the field; SignerError `SIGNER_PDF_*` for a PDF that must not be
 *   signed.
 */
export async function checkSendRequest(
  core: AgentCore,
  request: SendRequest,
  work: LongWork = {},
): Promise<CheckedSend> {
  if (request.classification !== undefined) {
    throw new AgentError(
      'AGENT_SECRET_DOCUMENT',
      `a document marked ${request.classification} must not enter the bus`,
      { details: { classification: request.classification } },
    );
  }
  checkDescription(request);
  const notation = checkNotation(request.notation ?? core.config.notation);
  const priority = request.priority ?? 0;
  if (![0, 1, 2, 3, 4].includes(priority))
    throw invalid('priority', `priority ${priority} is not 0 to 4`);
  checkDate('dueDate', request.dueDate);
  checkAnswered(request);
  checkSignatory(request);
  const preparedPdf = checkFiles(request);
  const paperTo = request.paperTo ?? [];
  for (const { name, reason } of paperTo) checkPaperRecipient('paperTo', name, reason);
  const known = findIssued(core, request.idempotencyKey);
  const recipients = known === undefined ? checkRecipients(core, request) : [];
  checkRecipientList('paperTo', [
    ...recipients.map(({ entry, mode }) => ({ to: entry.code, mode })),
    ...paperTo.map(({ name, reason }) => ({ name, mode: 'P', reason })),
  ]);
  const attachments = await surveyAttachments(request.attachments ?? [], work);
  checkContents(request, attachments);
  const requestSha256 = digestOf(request, notation, attachments);
  const issued = known === undefined ? undefined : requireSame(known, requestSha256);
  return { recipients, notation, priority, requestSha256, preparedPdf, attachments, issued };
}

/** What a repeat asks for has left: a recipient that has closed since must not hide that. */
function findIssued(core: AgentCore, key: string | undefined): RegisterRow | undefined {
  const known = key === undefined ? undefined : core.register.findByKey(key);
  return known?.state === 'issued' ? known : undefined;
}

/** @throws {@link AgentError} naming the field. */
export function checkPaperRequest(core: AgentCore, request: PaperRequest): string {
  requirePaperShape(request);
  checkDescription(request);
  if (request.recipients.length === 0)
    throw invalid('recipients', 'a paper document has no recipient');
  for (const name of request.recipients) checkPaperRecipient('recipients', name, request.reason);
  checkRecipientList('recipients', request.recipients);
  if (request.note !== undefined) requireProse('note', request.note);
  return checkNotation(request.notation ?? core.config.notation);
}

/** SHA-256 over what a paper request says. */
export function digestOfPaper(request: PaperRequest): string {
  const { recipients, abstract, documentType, notation, reason, note } = request;
  return sha256([recipients, abstract, documentType, notation ?? null, reason, note ?? null]);
}

function checkDescription(request: {
  idempotencyKey?: string;
  abstract: string;
  documentType: string;
  actor?: string;
}): void {
  if (request.idempotencyKey !== undefined) {
    requireLine('idempotencyKey', request.idempotencyKey, MAX_KEY_LENGTH);
  }
  requireLine('abstract', request.abstract, MAX_ABSTRACT_LENGTH);
  requireLine('documentType', request.documentType, MAX_TYPE_LENGTH);
  requireActor(request.actor);
}

function checkNotation(notation: string): string {
  requireLine('notation', notation, MAX_NOTATION_LENGTH);
  if (notation.includes('/')) throw invalid('notation', `notation "${notation}" holds a "/"`);
  return notation.normalize('NFC');
}

function checkAnswered({ responseFor }: SendRequest): void {
  if (responseFor === undefined) return;
  requireLine('responseFor.documentId', responseFor.documentId, MAX_DOCUMENT_ID_LENGTH);
  requireLine('responseFor.organId', responseFor.organId, MAX_ORGAN_ID_LENGTH);
  if (responseFor.code !== undefined && responseFor.code !== '') {
    requireLine('responseFor.code', responseFor.code, MAX_ANSWERED_CODE_LENGTH);
  }
  checkDate('responseFor.date', responseFor.date);
}

function checkSignatory({ signatory }: SendRequest): void {
  for (const part of ['competence', 'position', 'fullName'] as const) {
    const text = signatory?.[part];
    if (text !== undefined) requireLine(`signatory.${part}`, text, MAX_SIGNATORY_LENGTH);
  }
}

function checkPaperRecipient(field: string, name: string, reason: PaperReason): void {
  requireLine(field, name, MAX_PLACE_LENGTH);
  if (['infrastructure', 'listed', 'not-connected'].includes(reason)) return;
  throw invalid('reason', `"${String(reason)}" is not a reason for paper`);
}

/** All recipients stand in the one report of the document: a longer list could never be reported. */
function checkRecipientList(field: string, recipients: readonly unknown[]): void {
  if (recipients.length > MAX_RECIPIENT_COUNT) {
    throw invalid(field, `${recipients.length} recipients, at most ${MAX_RECIPIENT_COUNT} fit`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(recipients));
  const limit = MAX_RECORD_PAYLOAD_BYTES - REPORT_OVERHEAD_BYTES;
  if (bytes <= limit) return;
  throw invalid(field, `the recipients take ${bytes} bytes in the report, at most ${limit} fit`);
}

/** @returns the document, read. */
function checkFiles(request: SendRequest): PreparedPdf | undefined {
  const { document, attachments = [] } = request;
  if (attachments.length > MAX_ATTACHMENTS) {
    throw invalid(
      'attachments',
      `${attachments.length} attachments, at most ${MAX_ATTACHMENTS} fit`,
    );
  }
  requireLine('document.name', document.name, MAX_FILE_NAME_LENGTH);
  for (const { name, mediaType } of attachments) {
    requireLine('attachments.name', name, MAX_FILE_NAME_LENGTH);
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) {
      throw invalid('attachments.mediaType', `"${mediaType}" of ${name} is not a media type`);
    }
  }
  if (typeof document.pdf === 'function') return undefined;
  requireContent('document', document.name, document.pdf.length);
  requireDocumentSize(document.pdf.length);
  return requireSignable(document.name, document.pdf);
}

function checkContents(request: SendRequest, attachments: readonly SurveyedFile[]): void {
  const { pdf } = request.document;
  let bytes = typeof pdf === 'function' ? 0 : pdf.length;
  for (const attachment of attachments) {
    requireContent('attachments', attachment.name, attachment.bytes);
    bytes += attachment.bytes;
  }
  requirePackageSize(bytes);
}

function requireSignable(name: string, pdf: Uint8Array): PreparedPdf {
  try {
    return requireSignablePdf(pdf);
  } catch (cause) {
    if (!(cause instanceof SignerError)) throw cause;
    throw new SignerError(cause.code, `${name}: ${cause.message}`, {
      cause,
      details: cause.details,
    });
  }
}

function requireContent(field: string, name: string, bytes: number): void {
  if (bytes === 0) throw invalid(field, `${name} is empty`);
}

/** @throws {@link AgentError} `AGENT_PACKAGE_TOO_LARGE`. */
function requirePackageSize(bytes: number): void {
  if (bytes <= MAX_FILES_BYTES) return;
  throw tooLarge(
    `the files have ${bytes} bytes, at most ${MAX_FILES_BYTES} can travel`,
    bytes,
    MAX_FILES_BYTES,
  );
}

/** @throws {@link AgentError} `AGENT_PACKAGE_TOO_LARGE`: a document is signed and shown from memory. */
export function requireDocumentSize(bytes: number): void {
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  throw tooLarge(
    `the document has ${bytes} bytes, at most ${MAX_DOCUMENT_BYTES} can be; attach what is larger`,
    bytes,
    MAX_DOCUMENT_BYTES,
  );
}

function tooLarge(message: string, bytes: number, limit: number): AgentError {
  return new AgentError('AGENT_PACKAGE_TOO_LARGE', message, { details: { bytes, limit } });
}

function checkRecipients(core: AgentCore, request: SendRequest): CheckedSend['recipients'] {
  const to = request.to.map((text) => parseRecipient(text));
  if (to.length === 0)
    throw invalid('to', 'no recipient over the bus; register paper documents as such');
  if (to.length > MAX_RECIPIENT_COUNT) {
    throw invalid('to', `${to.length} recipients, at most ${MAX_RECIPIENT_COUNT} fit`);
  }
  const twice = to.find((code, index) => to.indexOf(code) !== index);
  if (twice !== undefined) throw invalid('to', `recipient ${twice} is named twice`);
  const alsoPaper = new Set((request.alsoPaperTo ?? []).map((text) => parseRecipient(text)));
  for (const code of alsoPaper) {
    if (!to.includes(code)) throw invalid('alsoPaperTo', `${code} is not among the recipients`);
  }
  return to.map((code) => {
    const entry = openEntry(core, code);
    const encryption = encryptionCertificateOf(entry, core.trust.store, core.now());
    return { entry, mode: alsoPaper.has(code) ? 'E+P' : 'E', encryption };
  });
}

function parseRecipient(text: string): AgencyCode {
  try {
    return parseAgencyCode(text);
  } catch (cause) {
    if (!(cause instanceof BusError)) throw cause;
    throw new AgentError('AGENT_REQUEST_INVALID', cause.message, {
      cause,
      details: { field: 'to' },
    });
  }
}

function openEntry(core: AgentCore, code: AgencyCode): DirectoryEntry {
  if (code === core.config.code) throw invalid('to', `${code} is this agency itself`);
  const entry = core.directory.find(code);
  if (entry === undefined || entry.role !== 'agency') {
    throw new AgentError('AGENT_RECIPIENT_UNKNOWN', `the directory has no agency ${code}`, {
      details: { code },
    });
  }
  if (!isOpenAt(entry, core.now())) {
    const successors = entry.successors.join(', ');
    throw new AgentError(
      'AGENT_RECIPIENT_CLOSED',
      `${code} ${entry.name} is closed${successors === '' ? '' : `, succeeded by ${successors}`}`,
      { details: { code, successors } },
    );
  }
  return entry;
}

function checkDate(field: string, text: string | undefined): void {
  if (text === undefined) return;
  const parsed = new Date(`${text}T00:00:00.000Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parsed.getTime())) {
    if (parsed.toISOString().startsWith(text)) return;
  }
  throw invalid(field, `${field} "${text}" is not a date such as 2026-07-01`);
}

function digestOf(
  request: SendRequest,
  notation: string,
  attachments: readonly SurveyedFile[],
): string {
  const { document, paperTo = [], alsoPaperTo = [] } = request;
  const { responseFor, signatory } = request;
  return sha256([
    request.to.toSorted(),
    alsoPaperTo.toSorted(),
    paperTo,
    document.name,
    typeof document.pdf === 'function' ? null : sha256OfBytes(document.pdf),
    attachments.map(({ name, mediaType, sha256: digest }) => [name, mediaType, digest]),
    request.abstract,
    request.documentType,
    notation,
    request.priority ?? 0,
    [responseFor?.organId, responseFor?.documentId, responseFor?.code, responseFor?.date],
    [signatory?.competence, signatory?.position, signatory?.fullName],
    request.dueDate ?? null,
  ]);
}

function sha256(value: unknown): string {
  return sha256OfBytes(Buffer.from(JSON.stringify(value)));
}

function sha256OfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
