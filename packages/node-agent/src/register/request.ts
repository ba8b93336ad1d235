import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  BusError,
  type DirectoryEntry,
  MAX_INLINE_PACKAGE_BYTES,
  MAX_RECIPIENT_COUNT,
  isOpenAt,
  parseAgencyCode,
} from '@congvan/bus';
import { SignerError, requireSignablePdf } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { PaperRequest, SendRequest } from '../documents.ts';
import { AgentError } from '../errors.ts';

/** Limits of QCVN 102:2016 as the bus's implementers code them (strict when sending). */
const MAX_ABSTRACT_LENGTH = 500;
const MAX_TYPE_LENGTH = 100;
const MAX_NOTATION_LENGTH = 30;
const MAX_FILE_NAME_LENGTH = 200;
const MAX_ATTACHMENTS = 100;
/** What container, header and signatures add to the files at most; the exact check comes later. */
const PACKAGE_OVERHEAD_BYTES = 12 * 1024;

export interface CheckedSend {
  readonly recipients: readonly { readonly entry: DirectoryEntry; readonly mode: 'E' | 'E+P' }[];
  readonly notation: string;
  readonly priority: 0 | 1 | 2 | 3 | 4;
  /** Tells a repeat of the same request from another one under the same key. */
  readonly requestSha256: string;
}

/**
 * Checks what can be checked before a number is taken, so that a mistake costs none.
 *
 * @throws {@link AgentError} naming the field; SignerError `SIGNER_PDF_*` for a PDF that must not be
 *   signed.
 */
export function checkSendRequest(core: AgentCore, request: SendRequest): CheckedSend {
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
  checkDate('responseFor.date', request.responseFor?.date);
  checkFiles(request);
  for (const { name } of request.paperTo ?? []) checkLine('paperTo', name, 500);
  const recipients = checkRecipients(core, request);
  return { recipients, notation, priority, requestSha256: digestOf(request, notation) };
}

/** @throws {@link AgentError} naming the field. */
export function checkPaperRequest(core: AgentCore, request: PaperRequest): string {
  checkDescription(request);
  if (request.recipients.length === 0)
    throw invalid('recipients', 'a paper document has no recipient');
  for (const name of request.recipients) checkLine('recipients', name, 500);
  if (!['infrastructure', 'listed', 'not-connected'].includes(request.reason)) {
    throw invalid('reason', `"${String(request.reason)}" is not a reason for paper`);
  }
  if (request.note !== undefined && request.note.length > 1_000) {
    throw invalid('note', 'the note has more than 1000 characters');
  }
  return checkNotation(request.notation ?? core.config.notation);
}

/** SHA-256 over what a paper request says. */
export function digestOfPaper(request: PaperRequest): string {
  const { recipients, abstract, documentType, notation, reason, note } = request;
  return sha256([recipients, abstract, documentType, notation ?? null, reason, note ?? null]);
}

function checkDescription(request: {
  abstract: string;
  documentType: string;
  actor?: string;
}): void {
  checkLine('abstract', request.abstract, MAX_ABSTRACT_LENGTH);
  checkLine('documentType', request.documentType, MAX_TYPE_LENGTH);
  if (request.actor !== undefined) checkLine('actor', request.actor, 200);
}

function checkNotation(notation: string): string {
  checkLine('notation', notation, MAX_NOTATION_LENGTH);
  if (notation.includes('/')) throw invalid('notation', `notation "${notation}" holds a "/"`);
  return notation.normalize('NFC');
}

function checkFiles(request: SendRequest): void {
  const { document, attachments = [] } = request;
  if (attachments.length > MAX_ATTACHMENTS) {
    throw invalid(
      'attachments',
      `${attachments.length} attachments, at most ${MAX_ATTACHMENTS} fit`,
    );
  }
  checkLine('document.name', document.name, MAX_FILE_NAME_LENGTH);
  let bytes = typeof document.pdf === 'function' ? 0 : document.pdf.length;
  if (typeof document.pdf !== 'function') {
    requireContent('document', document.name, bytes);
    requireSignable(document.name, document.pdf);
  }
  for (const { name, mediaType, bytes: content } of attachments) {
    checkLine('attachments.name', name, MAX_FILE_NAME_LENGTH);
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) {
      throw invalid('attachments.mediaType', `"${mediaType}" of ${name} is not a media type`);
    }
    requireContent('attachments', name, content.length);
    bytes += content.length;
  }
  requirePackageSize(bytes + PACKAGE_OVERHEAD_BYTES);
}

function requireSignable(name: string, pdf: Uint8Array): void {
  try {
    requireSignablePdf(pdf);
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
export function requirePackageSize(bytes: number): void {
  if (bytes <= MAX_INLINE_PACKAGE_BYTES) return;
  throw new AgentError(
    'AGENT_PACKAGE_TOO_LARGE',
    `the package would have about ${bytes} bytes, at most ${MAX_INLINE_PACKAGE_BYTES} can travel`,
    { details: { bytes, limit: MAX_INLINE_PACKAGE_BYTES } },
  );
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
  return to.map((code) => ({
    entry: openEntry(core, code),
    mode: alsoPaper.has(code) ? 'E+P' : 'E',
  }));
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

function checkLine(field: string, text: string, maxLength: number): void {
  if (text.trim() === '') throw invalid(field, `${field} is empty`);
  if (text.length > maxLength) {
    throw invalid(field, `${field} has ${text.length} characters, at most ${maxLength} fit`);
  }
  if (/[\p{Cc}\u2028\u2029]/u.test(text) || !text.isWellFormed()) {
    throw invalid(field, `${field} has a control or broken character`);
  }
}

function checkDate(field: string, text: string | undefined): void {
  if (text === undefined) return;
  const parsed = new Date(`${text}T00:00:00.000Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parsed.getTime())) {
    if (parsed.toISOString().startsWith(text)) return;
  }
  throw invalid(field, `${field} "${text}" is not a date such as 2026-07-01`);
}

function digestOf(request: SendRequest, notation: string): string {
  const { document, attachments = [], paperTo = [], alsoPaperTo = [], responseFor } = request;
  return sha256([
    request.to.toSorted(),
    alsoPaperTo.toSorted(),
    paperTo,
    document.name,
    typeof document.pdf === 'function' ? null : sha256OfBytes(document.pdf),
    attachments.map(({ name, mediaType, bytes }) => [name, mediaType, sha256OfBytes(bytes)]),
    request.abstract,
    request.documentType,
    notation,
    request.priority ?? 0,
    responseFor?.documentId ?? null,
    request.dueDate ?? null,
  ]);
}

function sha256(value: unknown): string {
  return sha256OfBytes(Buffer.from(JSON.stringify(value)));
}

function sha256OfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function invalid(field: string, message: string): AgentError {
  return new AgentError('AGENT_REQUEST_INVALID', message, { details: { field } });
}
