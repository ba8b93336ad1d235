/** Every code this package raises; a test compares this table with docs/reference/errors.md. */
export const AGENT_ERRORS = {
  AGENT_HOME_EXISTS: { retryable: false }, // `initAgent` never overwrites an agency's folder
  AGENT_HOME_INVALID: { retryable: false }, // a file of the folder is missing or unreadable
  AGENT_ALREADY_RUNNING: { retryable: true }, // another process runs this agency's agent
  AGENT_CLOSED: { retryable: false }, // a call after `close()`
  AGENT_KEY_MISSING: { retryable: false }, // the seal or node key is not in the folder
  AGENT_KEY_NOT_LISTED: { retryable: false }, // the directory does not list this certificate
  AGENT_REQUEST_INVALID: { retryable: false }, // a field of a request is wrong; details.field
  AGENT_SECRET_DOCUMENT: { retryable: false }, // state secrets never enter the bus
  AGENT_RECIPIENT_UNKNOWN: { retryable: true }, // not in the directory copy (yet)
  AGENT_RECIPIENT_CLOSED: { retryable: false }, // the directory says it is closed
  AGENT_RECIPIENT_UNSEALABLE: { retryable: true }, // it has no encryption certificate that is valid now
  AGENT_PACKAGE_TOO_LARGE: { retryable: false }, // more than can travel sealed
  AGENT_FILE_TOO_LARGE: { retryable: false }, // more than is read into memory: stream or save it
  AGENT_KEY_REUSED: { retryable: false }, // same idempotency key, another request
  AGENT_NUMBER_VOID: { retryable: false }, // the draft of this key was given up
  AGENT_NUMBER_SETTLED: { retryable: false }, // the number is issued or void already
  AGENT_DOCUMENT_NOT_FOUND: { retryable: false },
  AGENT_DOCUMENT_NOT_SENT: { retryable: true }, // nothing signed of it has left: there is no evidence yet
  AGENT_ID_AMBIGUOUS: { retryable: false }, // a prefix that names several documents
  AGENT_STATE_CONFLICT: { retryable: false }, // the receipt ladder does not allow this step
  AGENT_DISK_FULL: { retryable: true }, // nothing was stored; no number was taken
  AGENT_DATABASE_LOCKED: { retryable: true }, // another process holds the write lock for long
  AGENT_CLOCK_WRONG: { retryable: true }, // this clock is too far from the site's to date a document
  AGENT_RESTORED: { retryable: true }, // an older copy that does not know yet which numbers are used
  AGENT_DIRECTORY_FORGED: { retryable: false }, // an entry without its registrar's signature
} as const;

export type AgentErrorCode = keyof typeof AGENT_ERRORS;

/** What a clerk or operator needs to find the thing again; never secrets or document content. */
export type AgentErrorDetails = Readonly<Record<string, string | number>>;

export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  readonly details: AgentErrorDetails;

  constructor(
    code: AgentErrorCode,
    message: string,
    options: ErrorOptions & { details?: AgentErrorDetails } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }
}
