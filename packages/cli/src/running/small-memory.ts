import { statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/**
 * Room for new objects, in MiB, 16 by default; and how far the others may grow, in hundredths of what
 * was left, before the whole heap is collected. With so little room many are taken for old that soon
 * end: by its own measure Node would collect them twice as often, at a twelfth of a busy agent's time.
 * Both are taken at the start only. While a large file passes the agent collects by itself.
 */
export const AGENT_FLAGS: readonly string[] = [
  '--max-semi-space-size=1',
  '--heap-growing-percent=200',
  '--expose-gc',
];
/** Each thread would keep an arena of its own for the buffers that pass through. */
const ARENAS = 'MALLOC_ARENA_MAX';

/** Commands that seal or check the files they are given, piece by piece. */
const STREAMING: ReadonlySet<string> = new Set(['send', 'verify', 'file', 'package']);
/** Smaller ones leave no more behind than a second start would cost. */
const LARGE_BYTES = 32 * 1024 * 1024;

/**
 * Starts `congvan agent run`, and commands that are given large files, anew, as the same process, with
 * little room for new objects: 45 MB less at rest, and flat memory while files of gigabytes pass.
 * Collecting more often costs a busy agent some hundredths of its time. Does nothing for another
 * command, or when somebody has chosen a size.
 */
export function keepMemorySmall(argv: readonly string[]): void {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  if (!wantsSmallMemory(argv) || given.includes('semi-space') || process.channel !== undefined)
    return;
  if (process.execve === undefined || process.platform === 'win32') {
    // The next best: what has grown so far stays.
    setFlagsFromString('--semi-space-growth-factor=1');
    return;
  }
  const [node = process.execPath, ...started] = process.argv;
  process.execve(node, [node, ...process.execArgv, ...AGENT_FLAGS, ...started], {
    ...process.env,
    [ARENAS]: process.env[ARENAS] ?? '2',
  });
}

/** @param bytesOf - the size of a file, 0 for what is none. */
export function wantsSmallMemory(
  argv: readonly string[],
  bytesOf: (path: string) => number = bytesOfFile,
): boolean {
  if (argv.some((word, index) => word === 'agent' && argv[index + 1] === 'run')) return true;
  if (!argv.some((word) => STREAMING.has(word))) return false;
  return argv.some((word) => bytesOf(word.replace(/^--[a-z-]+=/u, '')) > LARGE_BYTES);
}

function bytesOfFile(path: string): number {
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : 0;
  } catch {
    // Most words of a command line are no files, and some can be none.
    return 0;
  }
}
