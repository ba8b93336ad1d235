import { readFileSync } from 'node:fs';

/** Streams and their indexes, the log, keys, connections of the services. */
const RESERVE = 1_000;

/**
 * Why so many connections cannot be held by one process here, in words; `undefined` when they can, or
 * when the system does not say. The server inherits the limit of this process.
 */
export function tooFewOpenFiles(connections: number): string | undefined {
  const allowed = readLimit();
  const needed = connections + RESERVE;
  if (allowed === undefined || allowed >= needed) return undefined;
  return `${connections} agencies need ${needed} open files in one process, and ${allowed} are allowed: raise it with "ulimit -n ${needed}", or take fewer with --largest`;
}

/** Node raises the soft limit to the hard one when it starts. */
function readLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line?.[1] === undefined ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
