import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CliError } from '../../errors.ts';

const STOP_GRACE_MS = 10_000;

export interface RelayProcessOptions {
  readonly home: string;
  readonly passphraseFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `congvan relay run` as a process of its own. */
export interface RelayProcess extends AsyncDisposable {
  readonly pid: number;
  /** SIGKILL: no clean-up of any kind. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the relay of a home and waits until it says that it runs. It belongs to our process group, so
 * that Ctrl-C ends it too, even when we are killed before we can stop it.
 *
 * @throws {@link CliError} `CLI_DEMO_FAILED` with the relay's last words when it ends at once.
 */
export async function startRelayProcess(options: RelayProcessOptions): Promise<RelayProcess> {
  const { home, passphraseFile, env } = options;
  const main = fileURLToPath(new URL(`../../main${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [main, '--home', home, 'relay', 'run'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, CONGVAN_PASSPHRASE_FILE: passphraseFile, CONGVAN_LANG: 'en' },
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const { pid } = child;
  await firstOutput(child, join(home, 'relay.log'));
  if (pid === undefined) throw failed('it cannot be started');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  const stop = async (): Promise<void> => await end('SIGTERM');
  return { pid, kill: async () => await end('SIGKILL'), stop, [Symbol.asyncDispose]: stop };
}

/** Its log goes to a file; the first line says that it runs. */
async function firstOutput(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  log.on('error', () => undefined);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('close', () => log.end());
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = `${lastWords}${chunk.toString()}`.slice(-1_000);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('error', (cause) => reject(failed(cause.message, cause)));
    child.once('close', () => reject(failed(lastWords.trim())));
  });
}

function failed(why: string, cause?: unknown): CliError {
  return new CliError('CLI_DEMO_FAILED', `the relay does not run: ${why}`, { cause });
}
