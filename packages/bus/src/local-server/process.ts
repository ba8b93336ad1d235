import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

const POLL_MS = 25;
const LOG_TAIL_BYTES = 4096;

/** Starts the program with its output in a file; a detached one outlives us. */
export function spawnServer(
  program: string,
  args: readonly string[],
  logFile: string,
  detached: boolean,
): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(program, [...args], { detached, stdio: ['ignore', log, log] });
    if (detached) child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** True while the process exists and has not ended; signal 0 is sent to nobody. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Where nobody waits for orphans, a process that has ended keeps its number. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Whether the command line of a process holds a text; where that cannot be seen, it may be so. */
export async function mentionsInCommand(pid: number, text: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(text);
    }
    if (process.platform === 'win32') return true;
    const { stdout } = await execFileAsync('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.includes(text);
  } catch {
    return false;
  }
}

/** Asks a process to end, and ends it when it has not done so in time. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  sendSignal(pid, 'SIGTERM');
  if (await waitForEnd(pid, graceMs)) return;
  sendSignal(pid, 'SIGKILL');
  await waitForEnd(pid, graceMs);
}

export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** The last lines of a log, for an error message. */
export async function readLogTail(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - LOG_TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(LOG_TAIL_BYTES),
        0,
        LOG_TAIL_BYTES,
        start,
      );
      const lines = buffer.subarray(0, bytesRead).toString('utf8').trim().split('\n');
      return lines.slice(-3).join(' / ');
    } finally {
      await file.close();
    }
  } catch {
    return 'no log';
  }
}
