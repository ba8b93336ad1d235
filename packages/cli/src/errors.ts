/** Every code the command itself raises; the other packages' codes stand beside them in `failure.ts`. */
export const CLI_ERRORS = {
  CLI_USAGE: {}, // the command line does not fit the command
  CLI_AGENCY_NOT_CHOSEN: {}, // several agencies in the home and no --agency
  CLI_AGENCY_NOT_HERE: {}, // no folder for this agency in the home
  CLI_NO_CA: {}, // the home holds no certificate authority
  CLI_NO_SITE: {}, // the home holds no site service
  CLI_NO_RELAY: {}, // the home holds no relay
  CLI_NO_DESK: {}, // the home holds no enrolment desk
  CLI_NO_BUS: {}, // the home holds no local bus
  CLI_ALREADY_EXISTS: {}, // what is to be created stands already
  CLI_FILE_NOT_FOUND: {},
  CLI_FILE_UNREADABLE: {},
  CLI_FILE_EMPTY: {},
  CLI_FILE_TOO_LARGE: {},
  CLI_FILE_KIND_UNKNOWN: {}, // not a kind of file that the command takes
  CLI_SITE_NOT_HOSTED: {}, // the broker of this home does not serve the site
  CLI_BUNDLE_INVALID: {}, // an enrolment bundle lacks a file or holds a wrong one
  CLI_WRITE_FAILED: {}, // disk full, no permission
  CLI_DATABASE_DAMAGED: {}, // a file of the home is no database, or no sound one
  CLI_DATABASE_BUSY: {}, // another process has held the database for too long
  CLI_PASSPHRASE_MISSING: {}, // nobody to ask and no file or variable given
  CLI_PASSPHRASE_EMPTY: {},
  CLI_PASSPHRASE_TOO_SHORT: {}, // of a new key
  CLI_PASSPHRASE_MISMATCH: {}, // a new passphrase was typed differently the second time
  CLI_GIVEN_UP: {}, // the person pressed Ctrl-C
  CLI_NOT_RUNNING: {}, // a part that must run does not answer
  CLI_ALREADY_RUNNING: {},
  CLI_AGENCY_NOT_FOUND: {}, // not in the directory
  CLI_DOCUMENT_NOT_FOUND: {}, // the document that is to be answered is not in the inbox
  CLI_UNSUPPORTED: {}, // asked for something this installation cannot do
  CLI_DEMO_FAILED: {}, // the demo did not get what its scenario should give
} as const;

export type CliErrorCode = keyof typeof CLI_ERRORS;
/** What a person needs to find the message again; never secrets or document content. */
export type CliErrorDetails = Readonly<Record<string, string | number>>;

/** An error of the command itself. Its message is already in the user's language. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly details: CliErrorDetails;

  constructor(
    code: CliErrorCode,
    message: string,
    options: ErrorOptions & { details?: CliErrorDetails } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }
}
