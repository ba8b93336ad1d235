/** Every code this package raises; a test compares this table with docs/reference/errors.md. */
export const BUS_ERRORS = {
  // agency, subject
  BUS_AGENCY_CODE_INVALID: { retryable: false }, // not a code of Decision 20/2020; the message says where
  BUS_AGENCY_CODE_UNKNOWN: { retryable: false }, // an old code that the table does not list
  BUS_SITE_INVALID: { retryable: false }, // a site name that must not reach a subject
  BUS_SUBJECT_INVALID: { retryable: false }, // a subject cannot be built from these parts
  // record, directory
  BUS_RECORD_MALFORMED: { retryable: false }, // the frame is not a record of a known version and type
  BUS_RECORD_TOO_LARGE: { retryable: false }, // payload, signature or body is over its limit
  BUS_PAYLOAD_INVALID: { retryable: false }, // a field of the payload is missing or wrong; the message names it
  // edXML
  BUS_EDXML_MALFORMED: { retryable: false }, // not well-formed, a DOCTYPE, or not an edXML message
  BUS_EDXML_LIMIT: { retryable: false }, // over a named limit: bytes, depth, elements, text, attachment
  BUS_EDXML_FIELD_INVALID: { retryable: false }, // a value that cannot be written; the message names the field
  BUS_EDXML_ATTACHMENT_INVALID: { retryable: false }, // base64 or zip content that cannot be decoded
  // broker
  BUS_PUBLISH_REFUSED: { retryable: false }, // the stream answered with an error: nothing stored
  BUS_PUBLISH_UNACKED: { retryable: true }, // no answer: stored or not, repeat with the same id
  BUS_CONNECT_FAILED: { retryable: true }, // no server answered, or it refused these credentials
  BUS_CREDENTIALS_INVALID: { retryable: false }, // the credentials cannot be read, or are for somebody else
  BUS_NETWORK_INVALID: { retryable: false }, // not a network in CIDR form, or too many for a site
  BUS_KEY_NOT_HELD: { retryable: false }, // this folder holds the key of a site, the step needs the operator's
  BUS_USER_KEY_REVOKED: { retryable: false }, // a user key that was revoked is never let in again
  BUS_REVOCATIONS_FULL: { retryable: false }, // a site has as many revoked keys as one account can name
  BUS_REQUEST_UNANSWERED: { retryable: true }, // the site service or the broker's own API did not answer
  BUS_REQUEST_REFUSED: { retryable: false }, // the broker's own API answered with an error
  BUS_STREAM_CHANGE_REFUSED: { retryable: false }, // an existing stream or consumer differs; changing it would lose data
  // files
  BUS_BLOB_INVALID: { retryable: false }, // bytes, lengths or digest of a blob are not what was announced
  BUS_BLOB_INCOMPLETE: { retryable: true }, // chunks are missing at the broker: still on their way, or gone
  BUS_STORE_FULL: { retryable: true }, // the stream of files has no room now
  BUS_QUOTA_EXCEEDED: { retryable: true }, // the agency has as many files at the broker as it may
  // local server
  BUS_PLAN_INVALID: { retryable: false }, // the description of a bus; the message names file, line and field
  BUS_SERVER_NOT_FOUND: { retryable: false }, // no nats-server on this machine; the message lists ways to get one
  BUS_SERVER_TOO_OLD: { retryable: false }, // found, but older than the oldest tested version
  BUS_SERVER_START_FAILED: { retryable: true }, // it ended or did not answer in time; the message quotes its log
  BUS_SERVER_RUNNING: { retryable: false }, // another server already works on this folder
  BUS_PACKAGE_FETCH_FAILED: { retryable: true }, // the system's package tool could not download or unpack
  // site service
  BUS_DIRECTORY_FOLDER_DAMAGED: { retryable: false }, // an entry file is missing, cut short or out of order
  // enrolment
  BUS_ENROLMENT_TOKEN_INVALID: { retryable: false }, // a character of the token is wrong or missing
  BUS_ENROLMENT_REFUSED: { retryable: false }, // the desk or the renewal service says no; `reason` says why
  BUS_ENROLMENT_UNREACHABLE: { retryable: true }, // the desk did not answer, or is not the one that the token names
  BUS_DIRECTORY_FORKED: { retryable: false }, // the bus has another entry of this registrar under a number given here
  BUS_DIRECTORY_CATCHING_UP: { retryable: true }, // the bus may have entries of this registrar that its folder lacks
  BUS_DIRECTORY_NOT_DELEGATED: { retryable: false }, // an entry outside what the root has delegated to its registrar
  BUS_DIRECTORY_ENTRY_REFUSED: { retryable: false }, // entries of another registrar that cannot be believed
  // relay
  BUS_RELAY_HOME_EXISTS: { retryable: false }, // `initRelay` never overwrites a folder
  BUS_RELAY_HOME_INVALID: { retryable: false }, // a file of the relay's folder is missing or unreadable
  BUS_RELAY_ALREADY_RUNNING: { retryable: true }, // another process runs this relay
  BUS_ACCOUNT_INVALID: { retryable: false }, // name, role, scope or password of an account cannot be taken
  BUS_ACCOUNT_EXISTS: { retryable: false }, // a name is given once
  BUS_ACCOUNT_UNKNOWN: { retryable: false }, // no account has this name
  BUS_HTTP_FAILED: { retryable: false }, // the relay's HTTP side: address, TLS files or settings
  BUS_DATABASE_NEWER: { retryable: false }, // written by a later version of this software
  BUS_DATABASE_OLDER: { retryable: false }, // the relay or agent has to run once and bring it up to date
  // evidence
  BUS_EVIDENCE_INVALID: { retryable: false }, // what stands in an evidence file is no statement of this format
  BUS_EVIDENCE_TOO_LARGE: { retryable: false }, // more records, lists or contents than one file may hold
  BUS_EVIDENCE_NOT_FOUND: { retryable: false }, // the relay has no record of such a document
  BUS_EVIDENCE_AMBIGUOUS: { retryable: false }, // several senders use this id or number: one must be named
  BUS_OBSERVE_FAILED: { retryable: false }, // metrics: the address is not loopback, or taken
  BUS_PUBLICATION_NOT_FOUND: { retryable: false }, // the relay has published nothing for this month
  BUS_AUDIT_FILE_INVALID: { retryable: false }, // no audit file, cut short, or over a limit; the message says where
  BUS_AUDIT_REGISTRAR_DIFFERS: { retryable: false }, // the certificate in the audit file is not the registrar's that was named
  BUS_FIGURES_BEING_BUILT: { retryable: true }, // a new version adds all up, minutes to an hour; a month is not signed while a day is settled
  BUS_RELAY_REQUEST_INVALID: { retryable: false }, // a bad period, or an agency that is not in the directory
} as const;

export type BusErrorCode = keyof typeof BUS_ERRORS;
/** What an operator needs to find the message again; never secrets or document content. */
export type BusErrorDetails = Readonly<Record<string, string | number>>;
type Options = ErrorOptions & { details: BusErrorDetails };

/** The one error class of this package: a stable `code`, and a message for people. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: BusErrorCode;
  readonly details: BusErrorDetails;

  constructor(code: BusErrorCode, message: string, options: Options) {
    super(message, options);
    this.code = code;
    this.details = options.details;
  }
}
