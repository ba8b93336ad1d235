import { readFileSync, statSync, writeFileSync } from 'node:fs';

/** Beside the relay's database: which file it was, and how many reports it had. */
interface Mark {
  readonly inode: string;
  readonly reports: number;
}

/**
 * Whether the database is another file, or has fewer reports, than when the mark was written: a copy
 * that was put back. Its agencies then hear anew how far it is, and send again what it lost.
 */
export function isOlderCopy(markFile: string, database: string, reports: number): boolean {
  const mark = readMark(markFile);
  if (mark === undefined) return reports > 0;
  return mark.inode !== inodeOf(database) || reports < mark.reports;
}

/** Best effort: without the mark the agencies are told once more than needed. */
export function writeMark(markFile: string, database: string, reports: number): void {
  try {
    writeFileSync(markFile, JSON.stringify({ inode: inodeOf(database), reports }), { mode: 0o600 });
  } catch {
    // A full disk is told by what cannot be stored.
  }
}

function inodeOf(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true });
  return `${dev}:${ino}`;
}

function readMark(file: string): Mark | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('inode' in value) || !('reports' in value)) return undefined;
    const { inode, reports } = value;
    if (typeof inode !== 'string' || typeof reports !== 'number') return undefined;
    return { inode, reports };
  } catch {
    return undefined;
  }
}
