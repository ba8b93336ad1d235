#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { CommandLineEnd } from './command.ts';
import type { Cli, Io } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { describeFailure, type Failure } from './failure.ts';
import { chooseLanguage, type Messages, messagesOf } from './messages/index.ts';
import { createAgentProgram, isAgentRun } from './running/agent-program.ts';
import { keepMemorySmall } from './running/small-memory.ts';
import { processIo } from './terminal/process-io.ts';
import { safeLines } from './terminal/safe-text.ts';
import { describeUsageError } from './usage-error.ts';

export type { Io } from './context.ts';

/** What a test or an embedding program may put in place of the process's own. */
export interface MainOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly io?: Io;
  readonly now?: () => Date;
  /** Ends commands that run until stopped; default: SIGINT and SIGTERM. */
  readonly stopSignal?: AbortSignal;
}

/** The version of this package, as `--version` prints it. */
export function readVersion(): string {
  const content: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const isPackage = typeof content === 'object' && content !== null && 'version' in content;
  return isPackage ? String(content.version) : 'unknown';
}

/**
 * Runs one command line.
 *
 * @param argv - the arguments behind the program's name.
 * @returns the exit code; see `EXIT`.
 */
export async function main(argv: readonly string[], options: MainOptions = {}): Promise<number> {
  let exitCode: number = EXIT.ok;
  const env = options.env ?? process.env;
  const language = chooseLanguage(argv, env);
  const messages = messagesOf(language);
  const cli: Cli = {
    env,
    language,
    messages,
    io: options.io ?? processIo((error) => outputLost(cli, error, argv.includes('--json'))),
    now: options.now ?? (() => new Date()),
    stopSignal: stopSignalSource(options.stopSignal),
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  try {
    await (await programFor(cli, argv)).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommandLineEnd && error.reason.exitCode === 0) return EXIT.ok;
    // A group named without a command: commander has shown the group's help on stderr.
    if (error instanceof CommandLineEnd && error.reason.code === 'commander.help') {
      return EXIT.usage;
    }
    const failure =
      error instanceof CommandLineEnd
        ? describeUsageError(error, messages)
        : describeFailure(error, messages);
    reportFailure(cli.io, failure, messages, argv.includes('--json'));
    if (failure.exitCode === EXIT.internal && env['CONGVAN_DEBUG'] === '1') {
      cli.io.err(`${error instanceof Error ? (error.stack ?? '') : ''}\n`);
    }
    return failure.exitCode;
  }
}

async function programFor(cli: Cli, argv: readonly string[]): Promise<Command> {
  if (isAgentRun(argv)) return createAgentProgram(cli, readVersion());
  const { createProgram } = await import('./program.ts');
  return createProgram(cli, readVersion());
}

function reportFailure(io: Io, failure: Failure, messages: Messages, json: boolean): void {
  const { code, message, hint, details } = failure;
  if (json) {
    io.err(`${JSON.stringify({ error: { code, message, hint, details } })}\n`);
    return;
  }
  // A message quotes what it was given, names of files and words of others among it.
  const shown = safeLines(message);
  io.err(`${messages.text.error}: ${shown} [${code}]\n${messages.text.hint}: ${safeLines(hint)}\n`);
}

/** Whoever reads the exit code must not take half a result for a whole one. */
function outputLost({ io, messages }: Cli, error: Error, json: boolean): void {
  const failure = { ...describeFailure(error, messages), hint: messages.text.outputLost };
  reportFailure(io, failure, messages, json);
  process.once('exit', () => {
    process.exitCode ||= failure.exitCode;
  });
}

function stopSignalSource(given: AbortSignal | undefined): () => AbortSignal {
  let installed: AbortSignal | undefined = given;
  return () => {
    if (installed !== undefined) return installed;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    installed = controller.signal;
    return installed;
  };
}

function isStartedDirectly(): boolean {
  const started = process.argv[1];
  if (started === undefined) return false;
  try {
    return realpathSync(started) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isStartedDirectly()) {
  const argv = process.argv.slice(2);
  keepMemorySmall(argv);
  process.exitCode = await main(argv);
}
