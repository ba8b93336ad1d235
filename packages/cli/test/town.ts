import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PDFDocument } from 'pdf-lib';

import { type Outcome, runCli, type RunOptions, spawnCli } from './run-cli.ts';

export const PASSPHRASE = 'mật khẩu thử nghiệm';
const READY_TIMEOUT_MS = 30_000;
/** Behind `%PDF-1.7`, a line end and `%`. */
const COMMENT_OFFSET = 11;

/** A home in a temporary folder, and the processes that were started in it. */
export interface Town extends AsyncDisposable {
  readonly home: string;
  /** Runs a command line in this process. */
  run(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** As `run`, expecting exit code 0, and reads the JSON object. */
  json<T>(argv: readonly string[], options?: RunOptions): Promise<T>;
  /** Starts a part as the real program and waits for its first line that matches. */
  start(
    argv: readonly string[],
    ready: RegExp,
    more?: Readonly<Record<string, string>>,
  ): Promise<RunningPart>;
  path(...parts: string[]): string;
}

export interface RunningPart {
  readonly process: ChildProcess;
  output(): string;
  /** Ctrl-C. @returns the exit code. */
  interrupt(): Promise<number>;
}

export async function createTown(): Promise<Town> {
  const home = await mkdtemp(join(tmpdir(), 'congvan-cli-'));
  const env = { CONGVAN_HOME: home, CONGVAN_PASSPHRASE: PASSPHRASE, CONGVAN_ACTOR: 'văn thư' };
  const parts: RunningPart[] = [];
  const run: Town['run'] = async (argv, options = {}) =>
    await runCli(argv, { ...options, env: { ...env, ...options.env } });
  return {
    home,
    run,
    path: (...names) => join(home, ...names),
    json: async <T>(argv: readonly string[], options: RunOptions = {}): Promise<T> => {
      const { code, out, err } = await run([...argv, '--json'], options);
      if (code !== 0) throw new Error(`congvan ${argv.join(' ')}: ${code}: ${err}`);
      return readJson<T>(out);
    },
    start: async (argv, ready, more = {}) => {
      const part = await startPart(argv, { ...env, ...more }, ready);
      parts.push(part);
      return part;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(parts.map((part) => part.interrupt()));
      await run(['bus', 'down']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function startPart(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<RunningPart> {
  const child = spawnCli(argv, env);
  let output = '';
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? -1));
  });
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      if (ready.test(output)) resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    void ended.then((code) => reject(new Error(`${argv.join(' ')} ended (${code}): ${output}`)));
    setTimeout(() => reject(new Error(`not ready: ${output}`)), READY_TIMEOUT_MS).unref();
  });
  return {
    process: child,
    output: () => output,
    interrupt: async () => {
      child.kill('SIGINT');
      return await ended;
    },
  };
}

/** What a command printed with `--json`; the tests' expectations check its shape. */
export function readJson<T>(text: string): T {
  const parsed: unknown = JSON.parse(text);
  return parsed as T;
}

/** A real PDF of one page. */
export async function writePdf(path: string, text = 'Cong van'): Promise<string> {
  const pdf = await PDFDocument.create();
  pdf.addPage([595, 842]).drawText(text, { x: 72, y: 760 });
  await writeFile(path, await pdf.save());
  return path;
}

/** The same PDF with one bit of its second line, a comment, turned: readable, and not what was signed. */
export function turnBit(pdf: Uint8Array): Uint8Array {
  const changed = new Uint8Array(pdf);
  changed[COMMENT_OFFSET] = (pdf[COMMENT_OFFSET] ?? 0) ^ 1;
  return changed;
}
