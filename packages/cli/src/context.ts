import type { Language, Messages } from './messages/index.ts';

/** Where a command writes and asks. Results go to `out`, everything else to `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  /** Width of the terminal in columns. */
  readonly columns: number;
  /** Asks for a secret without echo; `undefined` where nobody sits at a terminal. */
  readonly promptSecret: ((question: string) => Promise<string>) | undefined;
}

/** What every command gets: no command reads a clock, a stream or the environment past it. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly io: Io;
  readonly language: Language;
  readonly messages: Messages;
  readonly now: () => Date;
  /** Aborts at Ctrl-C or SIGTERM; the first call installs the handlers. */
  readonly stopSignal: () => AbortSignal;
  /** Sets what the process ends with when the command itself did not fail. */
  setExitCode(code: number): void;
}
