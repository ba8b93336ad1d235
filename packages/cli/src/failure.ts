import type { BusErrorCode } from '@congvan/bus';
import type { AgentErrorCode } from '@congvan/node-agent';
import type { SignerErrorCode } from '@congvan/signer';

import { CliError, type CliErrorCode } from './errors.ts';
import { EXIT, type ExitName } from './exit-codes.ts';
import type { HintName, Messages } from './messages/index.ts';

/** Every code that can reach the user. A code without a line here does not compile. */
export type AnyErrorCode = CliErrorCode | SignerErrorCode | BusErrorCode | AgentErrorCode;

export interface FailureRule {
  readonly exit: ExitName;
  readonly hint: HintName;
}

function rule(exit: ExitName, hint: HintName): FailureRule {
  return { exit, hint };
}

/** The one table from error code to exit code and hint. */
export const FAILURES: Readonly<Record<AnyErrorCode, FailureRule>> = {
  CLI_USAGE: rule('usage', 'usage'),
  CLI_AGENCY_NOT_CHOSEN: rule('usage', 'chooseAgency'),
  CLI_AGENCY_NOT_HERE: rule('notFound', 'agentInit'),
  CLI_NO_CA: rule('notFound', 'caInit'),
  CLI_NO_SITE: rule('notFound', 'caInit'),
  CLI_NO_RELAY: rule('notFound', 'relayInit'),
  CLI_NO_DESK: rule('notFound', 'siteDesk'),
  CLI_NO_BUS: rule('notRunning', 'startBus'),
  CLI_ALREADY_EXISTS: rule('refused', 'exists'),
  CLI_FILE_NOT_FOUND: rule('notFound', 'fileMissing'),
  CLI_FILE_UNREADABLE: rule('badInput', 'fileRights'),
  CLI_FILE_EMPTY: rule('badInput', 'emptyFile'),
  CLI_FILE_TOO_LARGE: rule('badInput', 'tooLarge'),
  CLI_FILE_KIND_UNKNOWN: rule('badInput', 'fileKind'),
  CLI_SITE_NOT_HOSTED: rule('refused', 'site'),
  CLI_BUNDLE_INVALID: rule('badInput', 'bundle'),
  CLI_WRITE_FAILED: rule('refused', 'writing'),
  CLI_DATABASE_DAMAGED: rule('badInput', 'restore'),
  CLI_DATABASE_BUSY: rule('refused', 'again'),
  CLI_PASSPHRASE_MISSING: rule('keys', 'passphrase'),
  CLI_PASSPHRASE_EMPTY: rule('keys', 'passphrase'),
  CLI_PASSPHRASE_MISMATCH: rule('keys', 'passphrase'),
  CLI_PASSPHRASE_TOO_SHORT: rule('keys', 'longerPassphrase'),
  CLI_GIVEN_UP: rule('refused', 'again'),
  CLI_NOT_RUNNING: rule('notRunning', 'startBus'),
  CLI_ALREADY_RUNNING: rule('refused', 'running'),
  CLI_AGENCY_NOT_FOUND: rule('notFound', 'lookDirectory'),
  CLI_DOCUMENT_NOT_FOUND: rule('notFound', 'lookInbox'),
  CLI_UNSUPPORTED: rule('refused', 'none'),
  CLI_DEMO_FAILED: rule('internal', 'report'),

  SIGNER_DER_INVALID: rule('badInput', 'checkFile'),
  SIGNER_CERTIFICATE_INVALID: rule('badInput', 'checkFile'),
  SIGNER_CRL_INVALID: rule('badInput', 'checkFile'),
  SIGNER_INPUT_INVALID: rule('badInput', 'request'),
  SIGNER_FILE_CHANGED: rule('badInput', 'fileChanged'),
  SIGNER_ALGORITHM_UNSUPPORTED: rule('keys', 'keys'),
  SIGNER_KEY_INVALID: rule('keys', 'keys'),
  SIGNER_KEY_MISMATCH: rule('keys', 'keys'),
  SIGNER_SIGN_FAILED: rule('keys', 'again'),
  SIGNER_P12_INVALID: rule('keys', 'p12'),
  SIGNER_P12_UNSUPPORTED: rule('keys', 'p12'),
  SIGNER_P12_PASSPHRASE_WRONG: rule('keys', 'passphrase'),
  SIGNER_TRUST_STORE_INVALID: rule('badInput', 'trust'),
  SIGNER_AUTHORITY_EXISTS: rule('refused', 'exists'),
  SIGNER_AUTHORITY_MISSING: rule('notFound', 'caInit'),
  SIGNER_AUTHORITY_DAMAGED: rule('keys', 'keys'),
  SIGNER_AUTHORITY_LOCKED: rule('refused', 'again'),
  SIGNER_AUTHORITY_PASSPHRASE_WRONG: rule('keys', 'passphrase'),
  SIGNER_AUTHORITY_SERIAL_UNKNOWN: rule('notFound', 'lookCa'),
  SIGNER_AUTHORITY_ALREADY_REVOKED: rule('refused', 'lookCa'),

  SIGNER_PDF_NOT_PDF: rule('badInput', 'notPdf'),
  SIGNER_PDF_TOO_LARGE: rule('badInput', 'tooLarge'),
  SIGNER_PDF_TOO_COMPLEX: rule('badInput', 'printAgain'),
  SIGNER_PDF_BROKEN: rule('badInput', 'brokenPdf'),
  SIGNER_PDF_ENCRYPTED: rule('badInput', 'printAgain'),
  SIGNER_PDF_XFA: rule('badInput', 'printAgain'),
  SIGNER_PDF_LOCKED: rule('refused', 'lockedPdf'),
  SIGNER_PDF_ACTIVE_CONTENT: rule('badInput', 'printAgain'),
  SIGNER_PDF_HIDDEN_PAGE: rule('badInput', 'printAgain'),
  SIGNER_PDF_NO_PAGES: rule('badInput', 'printAgain'),
  SIGNER_PDF_TAMPERED: rule('badInput', 'tamperedPdf'),
  SIGNER_PDF_FIELD_EXISTS: rule('refused', 'lockedPdf'),
  SIGNER_OCSP_INVALID: rule('badInput', 'checkFile'),
  SIGNER_CSR_INVALID: rule('badInput', 'checkFile'),
  SIGNER_FETCH_FAILED: rule('notRunning', 'pkiServer'),
  SIGNER_FETCH_TOO_LARGE: rule('badInput', 'pkiServer'),
  SIGNER_REVOCATION_MISSING: rule('notRunning', 'revocationData'),
  SIGNER_TIMESTAMP_INVALID: rule('badInput', 'timeStamp'),
  SIGNER_TIMESTAMP_REFUSED: rule('refused', 'timeStamp'),
  SIGNER_TIMESTAMP_UNAVAILABLE: rule('notRunning', 'timeStamp'),
  SIGNER_TOKEN_LIBRARY_MISSING: rule('keys', 'token'),
  SIGNER_TOKEN_ABSENT: rule('keys', 'token'),
  SIGNER_TOKEN_PIN_WRONG: rule('keys', 'token'),
  SIGNER_TOKEN_PIN_LOCKED: rule('keys', 'token'),
  SIGNER_TOKEN_KEY_NOT_FOUND: rule('keys', 'token'),
  SIGNER_REMOTE_UNAUTHORIZED: rule('keys', 'remoteSigning'),
  SIGNER_REMOTE_REFUSED: rule('refused', 'remoteSigning'),
  SIGNER_REMOTE_INVALID: rule('refused', 'remoteSigning'),
  SIGNER_PDF_NO_SIGNATURE: rule('badInput', 'signFirst'),
  SIGNER_PDF_REVISION_UNKNOWN: rule('notFound', 'notSigned'),
  SIGNER_STAMP_GLYPH_MISSING: rule('badInput', 'request'),
  SIGNER_STAMP_PICTURE_INVALID: rule('badInput', 'picture'),
  SIGNER_SEAL_MALFORMED: rule('badInput', 'checkFile'),
  SIGNER_SEAL_TAMPERED: rule('badInput', 'sealedFile'),
  SIGNER_SEAL_NOT_RECIPIENT: rule('keys', 'notRecipient'),
  SIGNER_ASIC_MALFORMED: rule('badInput', 'checkFile'),
  SIGNER_ASIC_LIMIT: rule('badInput', 'tooLarge'),
  SIGNER_ASIC_NAME_INVALID: rule('badInput', 'attachmentName'),
  SIGNER_ASIC_MANIFEST_INVALID: rule('badInput', 'checkFile'),
  SIGNER_ASIC_DIGEST_MISMATCH: rule('badInput', 'checkFile'),

  BUS_AGENCY_CODE_INVALID: rule('usage', 'agencyCode'),
  BUS_AGENCY_CODE_UNKNOWN: rule('notFound', 'agencyCode'),
  BUS_SITE_INVALID: rule('usage', 'site'),
  BUS_SUBJECT_INVALID: rule('internal', 'report'),
  BUS_RECORD_MALFORMED: rule('badInput', 'checkFile'),
  BUS_RECORD_TOO_LARGE: rule('badInput', 'tooLarge'),
  BUS_PAYLOAD_INVALID: rule('badInput', 'checkFile'),
  BUS_EDXML_MALFORMED: rule('badInput', 'checkFile'),
  BUS_EDXML_LIMIT: rule('badInput', 'tooLarge'),
  BUS_EDXML_FIELD_INVALID: rule('badInput', 'request'),
  BUS_EDXML_ATTACHMENT_INVALID: rule('badInput', 'checkFile'),
  BUS_PUBLISH_REFUSED: rule('refused', 'streams'),
  BUS_PUBLISH_UNACKED: rule('notRunning', 'again'),
  BUS_CONNECT_FAILED: rule('notRunning', 'startBus'),
  BUS_CREDENTIALS_INVALID: rule('keys', 'credentials'),
  BUS_NETWORK_INVALID: rule('usage', 'network'),
  BUS_KEY_NOT_HELD: rule('keys', 'operatorKeys'),
  BUS_USER_KEY_REVOKED: rule('keys', 'userKeyRevoked'),
  BUS_REVOCATIONS_FULL: rule('refused', 'revocationsFull'),
  BUS_REQUEST_UNANSWERED: rule('notRunning', 'startSite'),
  BUS_REQUEST_REFUSED: rule('refused', 'streams'),
  BUS_STREAM_CHANGE_REFUSED: rule('refused', 'streams'),
  BUS_BLOB_INVALID: rule('badInput', 'checkFile'),
  BUS_BLOB_INCOMPLETE: rule('notRunning', 'filesIncomplete'),
  BUS_STORE_FULL: rule('refused', 'filesFull'),
  BUS_QUOTA_EXCEEDED: rule('refused', 'filesQuota'),
  BUS_PLAN_INVALID: rule('badInput', 'plan'),
  BUS_SERVER_NOT_FOUND: rule('notRunning', 'natsServer'),
  BUS_SERVER_TOO_OLD: rule('notRunning', 'natsServer'),
  BUS_SERVER_START_FAILED: rule('notRunning', 'serverLog'),
  BUS_SERVER_RUNNING: rule('refused', 'running'),
  BUS_PACKAGE_FETCH_FAILED: rule('notRunning', 'natsServer'),
  BUS_DIRECTORY_FOLDER_DAMAGED: rule('badInput', 'directory'),
  BUS_DIRECTORY_FORKED: rule('badInput', 'directoryFork'),
  BUS_DIRECTORY_CATCHING_UP: rule('notRunning', 'directoryCatchingUp'),
  BUS_DIRECTORY_NOT_DELEGATED: rule('badInput', 'delegation'),
  BUS_DIRECTORY_ENTRY_REFUSED: rule('badInput', 'delegation'),
  BUS_ENROLMENT_TOKEN_INVALID: rule('badInput', 'enrolmentToken'),
  BUS_ENROLMENT_REFUSED: rule('refused', 'enrolmentRefused'),
  BUS_ENROLMENT_UNREACHABLE: rule('notRunning', 'enrolmentDesk'),

  BUS_RELAY_HOME_EXISTS: rule('refused', 'exists'),
  BUS_RELAY_HOME_INVALID: rule('notFound', 'relayInit'),
  BUS_RELAY_ALREADY_RUNNING: rule('refused', 'running'),
  BUS_ACCOUNT_INVALID: rule('usage', 'request'),
  BUS_ACCOUNT_EXISTS: rule('refused', 'relayUsers'),
  BUS_ACCOUNT_UNKNOWN: rule('notFound', 'relayUsers'),
  BUS_HTTP_FAILED: rule('usage', 'request'),
  BUS_DATABASE_NEWER: rule('refused', 'upgrade'),
  BUS_DATABASE_OLDER: rule('refused', 'runRelay'),
  BUS_EVIDENCE_INVALID: rule('badInput', 'checkFile'),
  BUS_EVIDENCE_TOO_LARGE: rule('badInput', 'tooLarge'),
  BUS_EVIDENCE_NOT_FOUND: rule('notFound', 'evidenceOf'),
  BUS_EVIDENCE_AMBIGUOUS: rule('usage', 'evidenceOf'),
  BUS_OBSERVE_FAILED: rule('usage', 'request'),
  BUS_PUBLICATION_NOT_FOUND: rule('notFound', 'publish'),
  BUS_AUDIT_FILE_INVALID: rule('badInput', 'checkFile'),
  BUS_AUDIT_REGISTRAR_DIFFERS: rule('badInput', 'otherRegistrar'),
  BUS_FIGURES_BEING_BUILT: rule('refused', 'figuresBuilt'),
  BUS_RELAY_REQUEST_INVALID: rule('usage', 'request'),

  AGENT_HOME_EXISTS: rule('refused', 'exists'),
  AGENT_HOME_INVALID: rule('badInput', 'restore'),
  AGENT_ALREADY_RUNNING: rule('refused', 'running'),
  AGENT_CLOSED: rule('internal', 'report'),
  AGENT_KEY_MISSING: rule('keys', 'keys'),
  AGENT_KEY_NOT_LISTED: rule('keys', 'trust'),
  AGENT_REQUEST_INVALID: rule('usage', 'request'),
  AGENT_SECRET_DOCUMENT: rule('refused', 'secret'),
  AGENT_RECIPIENT_UNKNOWN: rule('notFound', 'unknownRecipient'),
  AGENT_RECIPIENT_CLOSED: rule('refused', 'closedRecipient'),
  AGENT_RECIPIENT_UNSEALABLE: rule('keys', 'unsealableRecipient'),
  AGENT_PACKAGE_TOO_LARGE: rule('badInput', 'tooLarge'),
  AGENT_FILE_TOO_LARGE: rule('badInput', 'tooLarge'),
  AGENT_KEY_REUSED: rule('refused', 'idempotency'),
  AGENT_NUMBER_VOID: rule('refused', 'number'),
  AGENT_NUMBER_SETTLED: rule('refused', 'number'),
  AGENT_DOCUMENT_NOT_FOUND: rule('notFound', 'lookInbox'),
  AGENT_DOCUMENT_NOT_SENT: rule('refused', 'again'),
  AGENT_ID_AMBIGUOUS: rule('usage', 'longerId'),
  AGENT_STATE_CONFLICT: rule('refused', 'state'),
  AGENT_DISK_FULL: rule('refused', 'makeRoom'),
  AGENT_DATABASE_LOCKED: rule('refused', 'again'),
  AGENT_CLOCK_WRONG: rule('refused', 'setClock'),
  AGENT_RESTORED: rule('refused', 'restored'),
  AGENT_DIRECTORY_FORGED: rule('keys', 'trust'),
};

function isKnownCode(code: unknown): code is AnyErrorCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code);
}

/** One failure as it is shown, and as `--json` prints it. */
export interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, string | number>>;
}

/** Turns whatever was thrown into words, a next step and an exit code. */
export function describeFailure(thrown: unknown, messages: Messages): Failure {
  if (!(thrown instanceof Error)) return internalFailure(String(thrown), 'CLI_INTERNAL', messages);
  const code = 'code' in thrown ? thrown.code : undefined;
  if (isKnownCode(code)) {
    const { exit, hint } = FAILURES[code];
    const { title, hint: hintText } = messages.failures[hint];
    const details = readDetails(thrown);
    const own = thrown instanceof CliError ? thrown.message : messages.sentence(code, details);
    const fallback = messages.language === 'en' ? thrown.message : `${title}: ${thrown.message}`;
    return {
      exitCode: EXIT[exit],
      code,
      message: own ?? fallback,
      hint: 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : hintText,
      details,
    };
  }
  const system = systemFailure(thrown, code, messages);
  const named = typeof code === 'string' ? code : thrown.name;
  return system ?? internalFailure(thrown.message, named, messages);
}

/** Errors of the file system and of SQLite name themselves; what they mean depends on no command. */
function systemFailure(error: Error, code: unknown, messages: Messages): Failure | undefined {
  if (typeof code !== 'string') return undefined;
  const named = code.startsWith('SQLITE_') ? databaseCode(code) : fileCode(error, code);
  if (named === undefined) return undefined;
  const { exit, hint } = FAILURES[named];
  const texts = messages.failures[hint];
  return {
    exitCode: EXIT[exit],
    code: named,
    message: `${texts.title}: ${error.message}`,
    hint: texts.hint,
    details: { systemCode: code },
  };
}

function fileCode(error: Error, code: string): CliErrorCode | undefined {
  if (!('syscall' in error)) return undefined;
  const writing = ['ENOSPC', 'EROFS', 'EDQUOT', 'EACCES', 'EPERM', 'EEXIST', 'ENOTDIR', 'EISDIR'];
  // Node reports a parent folder that cannot be made, also on a read-only disk, as ENOENT.
  const making = typeof error.syscall === 'string' && error.syscall.startsWith('mk');
  if (writing.includes(code) || making) return 'CLI_WRITE_FAILED';
  return code === 'ENOENT' ? 'CLI_FILE_NOT_FOUND' : undefined;
}

/** Result codes of SQLite (https://www.sqlite.org/rescode.html); an extended one starts like its class. */
function databaseCode(code: string): CliErrorCode | undefined {
  const starts = (...classes: string[]): boolean =>
    classes.some((name) => code.startsWith(`SQLITE_${name}`));
  if (starts('FULL', 'READONLY', 'IOERR', 'CANTOPEN', 'PERM')) return 'CLI_WRITE_FAILED';
  if (starts('NOTADB', 'CORRUPT')) return 'CLI_DATABASE_DAMAGED';
  return starts('BUSY', 'LOCKED') ? 'CLI_DATABASE_BUSY' : undefined;
}

function internalFailure(message: string, code: string, messages: Messages): Failure {
  const { title, hint } = messages.failures.report;
  return { exitCode: EXIT.internal, code, message: `${title}: ${message}`, hint, details: {} };
}

function readDetails(error: Error): Readonly<Record<string, string | number>> {
  if (!('details' in error) || typeof error.details !== 'object' || error.details === null)
    return {};
  const entries = Object.entries(error.details).filter(
    (entry): entry is [string, string | number] =>
      typeof entry[1] === 'string' || typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}
