import { statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/**
 * How far the old objects may grow, in hundredths of what was left, before the whole heap is collected:
 * by its own measure Node would do that twice as often, at a twelfth of a busy agent's time. And the
 * right to collect by itself, while a large file passes and when it rests.
 */
const FLAGS: readonly string[] = ['--heap-growing-percent=200', '--expose-gc'];
/** Room for new objects, in MiB: an agent takes all of it in a rush only. Taken at the start. */
export const AGENT_FLAGS: readonly string[] = ['--max-semi-space-size=8', ...FLAGS];
const FILE_FLAGS: readonly string[] = ['--max-semi-space-size=1', ...FLAGS];
/** Each thread would keep an arena of its own for the buffers that pass through. */
const ARENAS = 'MALLOC_ARENA_MAX';

/** Commands that seal or check the files they are given, piece by piece. */
const STREAMING: ReadonlySet<string> = new Set(['send', 'verify', 'file', 'package']);
/** Smaller ones leave no more behind than a second start would cost. */
const LARGE_BYTES = 32 * 1024 * 1024;

/**
 * Starts `congvan agent run`, and commands that are given large files, anew, as the same process, with
 * little room for new objects: flat memory while files of gigabytes pass, and 45 MB less at rest. Does
 * nothing for another command, or when somebody has chosen a size.
 */
export function keepMemorySmall(argv: readonly string[]): void {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  const flags = memoryFlags(argv);
  if (flags.length === 0 || given.includes('semi-space') || process.channel !== undefined) return;
  if (process.execve === undefined || process.platform === 'win32') {
    // The next best: what has grown so far stays.
    setFlagsFromString('--semi-space-growth-factor=1');
    return;
  }
  const [node = process.execPath, ...started] = process.argv;
  process.execve(node, [node, ...process.execArgv, ...flags, ...started], {
    ...process.env,
    [ARENAS]: process.env[ARENAS] ?? '2',
  });
}

/**
 * @param bytesOf - the size of a file, 0 for what is none.
 * @returns what Node is to be started with, nothing for most commands.
 */
export function memoryFlags(
  argv: readonly string[],
  bytesOf: (path: string) => number = bytesOfFile,
): readonly string[] {
  if (argv.some((word, index) => word === 'agent' && argv[index + 1] === 'run')) return AGENT_FLAGS;
  if (!argv.some((word) => STREAMING.has(word))) return [];
  const isLarge = argv.some((word) => bytesOf(word.replace(/^--[a-z-]+=/u, '')) > LARGE_BYTES);
  return isLarge ? FILE_FLAGS : [];
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
