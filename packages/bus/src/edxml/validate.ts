import { vietnamDate } from './date.ts';
import { notationFits } from './document-type.ts';
import type { Field } from './field.ts';
import { lengthsOf } from './length.ts';
import type {
  EdxmlAgency,
  EdxmlAttachment,
  EdxmlDocument,
  EdxmlResponseFor,
  EdxmlStatus,
  Extensible,
} from './model.ts';
import {
  agency,
  business,
  documentType,
  messageHeader,
  otherInfo,
  promulgation,
  responseFor,
  statusHeader,
} from './shape.ts';

export type EdxmlSeverity = 'fatal' | 'error' | 'warning';

/** One thing that is wrong with a message. */
export interface EdxmlProblem {
  /**
   * A letter and the path of the element, as existing systems report it: `N` missing, `R` too long,
   * `M` wrong or not matching, `T` of the wrong type.
   */
  readonly code: string;
  readonly severity: EdxmlSeverity;
  readonly detail: string;
}

export interface ValidateOptions {
  /** Strict for what is sent; what arrives was seldom checked by anyone. */
  readonly direction: 'send' | 'receive';
  readonly now: Date;
  /** `outside` when the files travel beside the header, as they do in a package. */
  readonly attachments?: 'inside' | 'outside';
  /** What the directory knows of an agency at the date of the document. */
  readonly lookup?: (organId: string, issuedOn: string) => 'open' | 'closed' | 'unknown';
  /** Whether the document that a recall or update names is known. */
  readonly isKnownDocument?: (documentId: string) => boolean;
  /** A message to oneself is a test. */
  readonly allowSelf?: boolean;
}

type Report = (code: string, severity: EdxmlSeverity, detail: string) => void;

/**
 * Checks a message against the rules of the regulation and of the systems it meets.
 *
 * Well-formedness, size and base64 were settled by reading it.
 *
 * @returns the problems in the order of the message; none when it is in order.
 */
export function validateEdxml(
  message: EdxmlDocument | EdxmlStatus,
  options: ValidateOptions,
): EdxmlProblem[] {
  const problems: EdxmlProblem[] = [];
  const report: Report = (code, severity, detail) => problems.push({ code, severity, detail });
  if (message.kind === 'status') checkStatus(message, options, report);
  else checkDocument(message, options, report);
  checkLengths(message, options, report);
  return problems;
}

/** The document that a recall or update is about: some senders name it in the header alone. */
export function changedDocumentId(document: EdxmlDocument): string {
  return document.business.documentId ?? document.documentId;
}

function checkDocument(document: EdxmlDocument, options: ValidateOptions, report: Report): void {
  const { from, to, code, promulgation: issued } = document;
  checkUnreadable('MessageHeader', document, messageHeader, report);
  checkUnreadable('MessageHeader.PromulgationInfo', issued, promulgation, report);
  checkUnreadable('MessageHeader.DocumentType', document.documentType, documentType, report);
  checkUnreadable('MessageHeader.OtherInfo', document.otherInfo, otherInfo, report);
  checkUnreadable('TraceHeaderList.Bussiness', document.business, business, report);
  checkAgency('MessageHeader.From', from, issued.date, options, report);
  checkReceivers(from, to, issued.date, options, report);
  requireText('MessageHeader.Code.CodeNumber', code.number, report);
  requireText('MessageHeader.Code.CodeNotation', code.notation, report);
  requireText('MessageHeader.PromulgationInfo.PromulgationDate', issued.date, report);
  requireText('MessageHeader.Subject', document.abstract, report);
  requireText('MessageHeader.DocumentId', document.documentId, report);
  requireText('MessageHeader.DocumentType.TypeName', document.documentType.name, report);
  if (issued.date > vietnamDate(options.now)) {
    const detail = `the document is dated ${issued.date}, in the future`;
    report('M.MessageHeader.PromulgationInfo.PromulgationDate', 'error', detail);
  }
  if (document.otherInfo.priority > 4) {
    const detail = `priority ${document.otherInfo.priority} is not 0 to 4`;
    report('M.MessageHeader.OtherInfo.Priority', 'error', detail);
  }
  if (!notationFits(document.documentType.name, code.notation)) {
    const detail = `notation ${code.notation} is not that of a ${document.documentType.name}`;
    report('M.MessageHeader.DocumentType.TypeName', 'warning', detail);
  }
  document.responseFor.forEach((answered, index) => {
    checkResponseFor(`MessageHeader.ResponseFor[${index}]`, answered, 'warning', report);
  });
  checkBusiness(document, options, report);
  checkAttachments(document, options, report);
}

function checkStatus(status: EdxmlStatus, options: ValidateOptions, report: Report): void {
  checkUnreadable('MessageHeader', status, statusHeader, report);
  const { responseFor: answered, statusCode } = status;
  checkAgency('MessageHeader.From', status.from, answered.promulgationDate, options, report);
  checkResponseFor('MessageHeader.ResponseFor', answered, 'error', report);
  requireText('MessageHeader.StatusCode', statusCode, report);
  if (statusCode !== '' && !/^\d{2}$/.test(statusCode)) {
    report('M.MessageHeader.StatusCode', 'error', `status ${statusCode} is not two digits`);
  }
  const needsReason = statusCode === '02' || statusCode === '13' || statusCode === '16';
  if (needsReason && status.description === undefined) {
    const severity = options.direction === 'send' ? 'error' : 'warning';
    report('N.MessageHeader.Description', severity, `status ${statusCode} gives no reason`);
  }
  requireText('MessageHeader.Timestamp', status.timestamp ?? '', report);
}

function checkAgency(
  path: string,
  organ: EdxmlAgency,
  issuedOn: string,
  options: ValidateOptions,
  report: Report,
): void {
  checkUnreadable(path, organ, agency, report);
  if (organ.organId === '') {
    report(`N.${path}.OrganId`, 'error', 'the agency has no code');
    return;
  }
  const found = options.lookup?.(organ.organId, issuedOn) ?? 'open';
  if (found === 'open') return;
  const severity = options.direction === 'send' ? 'fatal' : 'warning';
  const what =
    found === 'closed' ? 'was not open at the date of the document' : 'is not in the directory';
  report(`M.${path}.OrganId`, severity, `agency ${organ.organId} ${what}`);
}

function checkReceivers(
  from: EdxmlAgency,
  to: readonly EdxmlAgency[],
  issuedOn: string,
  options: ValidateOptions,
  report: Report,
): void {
  if (to.length === 0) report('N.MessageHeader.To', 'error', 'the document has no receiver');
  const seen = new Set<string>();
  to.forEach((organ, index) => {
    const path = `MessageHeader.To[${index}]`;
    checkAgency(path, organ, issuedOn, options, report);
    const id = organ.organId.toUpperCase();
    if (id === '') return;
    if (seen.has(id)) report(`M.${path}.OrganId`, 'error', `receiver ${id} is named twice`);
    seen.add(id);
    if (id === from.organId.toUpperCase() && options.allowSelf !== true) {
      report(`M.${path}.OrganId`, 'error', `receiver ${id} is the sender`);
    }
  });
}

function checkResponseFor(
  path: string,
  answered: EdxmlResponseFor,
  severity: EdxmlSeverity,
  report: Report,
): void {
  checkUnreadable(path, answered, responseFor, report);
  const { organId, code, promulgationDate, documentId } = answered;
  if (organId === '') report(`N.${path}.OrganId`, severity, 'the answered document has no agency');
  if (documentId !== '') return;
  const canBeFound = code !== '' && promulgationDate !== '';
  const detail = 'the answered document has no id';
  report(`N.${path}.DocumentId`, canBeFound ? 'warning' : severity, detail);
}

function checkBusiness(document: EdxmlDocument, options: ValidateOptions, report: Report): void {
  const { type, replacements } = document.business;
  const path = 'TraceHeaderList.Bussiness';
  if (type > 3) {
    report(`M.${path}.BussinessDocType`, 'error', `business type ${type} is not 0 to 3`);
  }
  if (type === 3 && replacements.length === 0) {
    report(`N.${path}.ReplacementInfoList`, 'error', 'a replacement names no replaced document');
  }
  if (type !== 1 && type !== 2) return;
  const changed = changedDocumentId(document);
  const isUnknown = changed !== '' && options.isKnownDocument?.(changed) === false;
  if (isUnknown) {
    report(`M.${path}.DocumentId`, 'error', `the document ${changed} to be changed is not known`);
  }
}

function checkAttachments(document: EdxmlDocument, options: ValidateOptions, report: Report): void {
  const { attachments } = document;
  if (attachments.length === 0 && document.business.type !== 1) {
    report('N.AttachmentEncoded.Attachment', 'error', 'the document has no file');
  }
  const isOutside = options.attachments === 'outside';
  const seen = new Set<string>();
  attachments.forEach((attachment, index) => {
    const path = `Manifest.Reference[${index}]`;
    const { contentId } = attachment;
    if (contentId === '') report(`N.${path}.ContentId`, 'error', 'a file has no content id');
    else if (seen.has(contentId)) {
      report(`M.${path}.ContentId`, 'error', `content id ${contentId} stands twice`);
    }
    seen.add(contentId);
    checkJoin(attachment, path, isOutside, report);
  });
}

function checkJoin(
  attachment: EdxmlAttachment,
  path: string,
  isOutside: boolean,
  report: Report,
): void {
  const { name, contentId } = attachment;
  if (name === '') report(`N.${path}.AttachmentName`, 'error', `file ${contentId} has no name`);
  if (attachment.unreferenced === true) {
    report(`M.${path}.ContentId`, 'error', `no reference names attachment ${contentId}`);
  }
  if (attachment.data === undefined && !isOutside) {
    report(`N.AttachmentEncoded.${contentId}`, 'error', `file ${contentId} is not in the message`);
  }
}

/** A known element among the extensions is one whose value could not be read, or that repeats. */
function checkUnreadable(
  path: string,
  model: Extensible,
  shape: Readonly<Record<string, Pick<Field<never>, 'names'>>>,
  report: Report,
): void {
  const known = new Set(Object.values(shape).flatMap((field) => field.names));
  for (const { name } of model.extensions ?? []) {
    const local = name.slice(name.indexOf(':') + 1);
    if (!known.has(local)) continue;
    report(
      `T.${path}.${local}`,
      'error',
      `${local} has a value of the wrong type, or stands twice`,
    );
  }
}

function checkLengths(
  message: EdxmlDocument | EdxmlStatus,
  options: ValidateOptions,
  report: Report,
): void {
  const severity = options.direction === 'send' ? 'error' : 'warning';
  for (const { path, value, max } of lengthsOf(message)) {
    const { length } = (value ?? '').normalize('NFC');
    if (length <= max) continue;
    report(`R.${path}`, severity, `${length} characters, at most ${max} are allowed`);
  }
}

function requireText(path: string, value: string, report: Report): void {
  if (value.trim() === '') report(`N.${path}`, 'error', `${path.split('.').at(-1)} is missing`);
}
