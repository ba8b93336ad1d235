import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Io } from '../src/context.ts';
import { main, type MainOptions } from '../src/main.ts';

/** What a command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions extends Omit<MainOptions, 'io' | 'env'> {
  readonly env?: Readonly<Record<string, string>>;
  /** Answers at the passphrase prompt, in order; without any, nobody sits at a terminal. */
  readonly answers?: readonly string[];
  readonly tty?: boolean;
}

/** Runs a command line in this process. Nothing of the machine's own settings leaks in. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { answers, tty = false, env = {}, ...rest } = options;
  let out = '';
  let err = '';
  const left = [...(answers ?? [])];
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outIsTty: tty,
    errIsTty: false,
    columns: 100,
    promptSecret: answers === undefined ? undefined : async () => left.shift() ?? '',
  };
  const code = await main(argv, { ...rest, env, io });
  return { code, out, err };
}

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Starts the real program. */
export function spawnCli(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof spawn> {
  const { PATH = '', HOME = '', NATS_SERVER, XDG_CACHE_HOME } = process.env;
  return spawn(process.execPath, [MAIN, ...argv], {
    env: {
      PATH,
      HOME,
      ...(NATS_SERVER === undefined ? {} : { NATS_SERVER }),
      ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the real program to its end. */
export async function execCli(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawnCli(argv, env);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  return { code, out, err };
}
