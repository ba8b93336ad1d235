import { stat, readFile } from 'node:fs/promises';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { GivenUp } from '../terminal/secret-prompt.ts';

/**
 * Whose passphrase it is. `general` is the one most homes have; the others fall back to it, so that
 * one machine with one passphrase needs one variable. A PIN falls back to nothing: a token counts wrong
 * ones.
 */
export type PassphraseKind =
  'general' | 'seal' | 'encryption' | 'keys' | 'ca' | 'caPin' | 'pin' | 'account';

const VARIABLES: Readonly<Record<PassphraseKind, string>> = {
  general: 'CONGVAN_PASSPHRASE',
  seal: 'CONGVAN_SEAL_PASSPHRASE',
  encryption: 'CONGVAN_ENCRYPTION_PASSPHRASE',
  keys: 'CONGVAN_KEYS_PASSPHRASE',
  ca: 'CONGVAN_CA_PASSPHRASE',
  caPin: 'CONGVAN_CA_PIN',
  pin: 'CONGVAN_PIN',
  account: 'CONGVAN_ACCOUNT_PASSWORD',
};
const ALONE: ReadonlySet<PassphraseKind> = new Set(['general', 'caPin', 'pin', 'account']);
const MAX_PASSPHRASE_FILE_BYTES = 4096;
const MIN_NEW_PASSPHRASE_CHARACTERS = 8;

/** The files that the command line names. */
export interface PassphraseFiles {
  readonly passphraseFile?: string;
  readonly sealPassphraseFile?: string;
  readonly keysPassphraseFile?: string;
  readonly caPassphraseFile?: string;
  readonly pinFile?: string;
  /** The password of an account that is being made. */
  readonly passwordFile?: string;
}

/** Gives the passphrases of one command, each asked for at most once. */
export interface Passphrases {
  /** An existing passphrase; `what` says in words which one is asked for. */
  get(kind: PassphraseKind, what: string): Promise<string>;
  /** A secret that is good once, such as a one-time password: only a person has it; `what` names it. */
  ask(what: string): Promise<string>;
  /** A passphrase for something new: at a terminal it is asked for twice. */
  choose(kind: PassphraseKind, what: string): Promise<string>;
}

/**
 * Passphrases come, in this order, from the file of the option, the file or value of the kind's own
 * variable, the same of `general`, and a prompt without echo.
 */
export function passphrasesOf(cli: Cli, files: PassphraseFiles): Passphrases {
  const given = new Map<string, Promise<string>>();
  const fromOutside = async (kind: PassphraseKind): Promise<string | undefined> => {
    const own = await readOutside(cli, fileOption(files, kind), VARIABLES[kind]);
    return own ?? (ALONE.has(kind) ? undefined : await fromOutside('general'));
  };
  const once = (key: string, ask: () => Promise<string>): Promise<string> => {
    const known = given.get(key) ?? ask();
    given.set(key, known);
    return known;
  };
  return {
    get: (kind, what) =>
      once(
        `${kind}:${what}`,
        async () =>
          (await fromOutside(kind)) ?? (await ask(cli, what, isPin(kind) ? 'pin' : 'passphrase')),
      ),
    ask: async (what) => await ask(cli, what, 'code'),
    choose: (kind, what) =>
      once(`${kind}:${what}`, async () =>
        longEnough(cli, (await fromOutside(kind)) ?? (await askTwice(cli, what))),
      ),
  };
}

function longEnough(cli: Cli, passphrase: string): string {
  if (passphrase.length >= MIN_NEW_PASSPHRASE_CHARACTERS) return passphrase;
  const message = cli.messages.text.passphraseTooShort(MIN_NEW_PASSPHRASE_CHARACTERS);
  throw new CliError('CLI_PASSPHRASE_TOO_SHORT', message);
}

function fileOption(files: PassphraseFiles, kind: PassphraseKind): string | undefined {
  if (kind === 'seal') return files.sealPassphraseFile;
  if (kind === 'caPin' || kind === 'encryption') return undefined;
  if (kind === 'pin') return files.pinFile;
  if (kind === 'account') return files.passwordFile;
  if (kind === 'keys') return files.keysPassphraseFile;
  return kind === 'ca' ? files.caPassphraseFile : files.passphraseFile;
}

async function readOutside(
  cli: Cli,
  file: string | undefined,
  variable: string,
): Promise<string | undefined> {
  const path = file ?? (cli.env[`${variable}_FILE`] || undefined);
  if (path !== undefined) return await readSecretFile(cli, path);
  const value = cli.env[variable];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * The first line of a file that holds a secret: a passphrase, a PIN or an access token.
 *
 * @throws {@link CliError} `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE`, `CLI_PASSPHRASE_MISSING`,
 *   `CLI_PASSPHRASE_EMPTY`.
 */
export async function readSecretFile(cli: Cli, path: string): Promise<string> {
  const { text } = cli.messages;
  const details = { file: path };
  let content: string;
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new CliError('CLI_FILE_UNREADABLE', text.notAFile(path), { details });
    }
    if (info.size > MAX_PASSPHRASE_FILE_BYTES) {
      throw new CliError('CLI_FILE_TOO_LARGE', text.passphraseFileTooLarge(path), { details });
    }
    if (process.platform !== 'win32' && info.isFile() && (info.mode & 0o077) !== 0) {
      cli.io.err(`${text.warning}: ${text.passphraseFileOpen(path)}\n`);
    }
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const message = text.passphraseFileUnreadable(path);
    throw new CliError('CLI_PASSPHRASE_MISSING', message, { details, cause: error });
  }
  const [firstLine = ''] = content.split(/\r?\n/u, 1);
  if (firstLine === '') {
    throw new CliError('CLI_PASSPHRASE_EMPTY', text.passphraseFileEmpty(path), { details });
  }
  return firstLine;
}

function isPin(kind: PassphraseKind): boolean {
  return kind === 'pin' || kind === 'caPin';
}

/** @param secret - what is asked for: a code says by its own name what it is. */
async function ask(
  cli: Cli,
  what: string,
  secret: 'passphrase' | 'pin' | 'code' = 'passphrase',
): Promise<string> {
  const { text } = cli.messages;
  const prompt = cli.io.promptSecret;
  if (prompt === undefined) {
    const message = secret === 'pin' ? text.pinMissing(what) : text.passphraseMissing(what);
    throw new CliError('CLI_PASSPHRASE_MISSING', message);
  }
  const questions = { passphrase: text.passphraseOf(what), pin: text.pinOf(what), code: what };
  const typed = await typeSecret(cli, prompt, `${questions[secret]}: `);
  if (typed === '') throw new CliError('CLI_PASSPHRASE_EMPTY', text.passphraseEmpty);
  return typed;
}

async function askTwice(cli: Cli, what: string): Promise<string> {
  const { text } = cli.messages;
  const first = await ask(cli, what);
  const prompt = cli.io.promptSecret;
  if (prompt === undefined) return first;
  if ((await typeSecret(cli, prompt, `${text.passphraseAgain}: `)) === first) return first;
  throw new CliError('CLI_PASSPHRASE_MISMATCH', text.passphraseMismatch);
}

async function typeSecret(
  cli: Cli,
  prompt: (question: string) => Promise<string>,
  question: string,
): Promise<string> {
  try {
    return await prompt(question);
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    throw new CliError('CLI_GIVEN_UP', cli.messages.text.givenUp, { cause: error });
  }
}

/** Whether a passphrase comes without asking anybody. */
export function hasPassphrase(cli: Cli, files: PassphraseFiles): boolean {
  const { CONGVAN_PASSPHRASE: value, CONGVAN_PASSPHRASE_FILE: file } = cli.env;
  return files.passphraseFile !== undefined || Boolean(value) || Boolean(file);
}
