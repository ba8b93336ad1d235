import { readFileSync, statSync, writeFileSync } from 'node:fs';

/** Beside the relay's database: which file it was, and how many reports it had. */
interface Mark {
  readonly inode: string;
  readonly reports: number;
}

/** Tells a database that was put back from a copy. */
export class CopyMark {
  readonly #file: string;
  readonly #database: string;
  readonly #reportCount: () => number;

  constructor(database: string, reportCount: () => number) {
    this.#file = `${database}.mark`;
    this.#database = database;
    this.#reportCount = reportCount;
  }

  /**
   * Whether the database is another file, or has fewer reports, than when the mark was written. Its
   * agencies then hear anew how far it is, and send again what it lost.
   */
  isOlderCopy(): boolean {
    const mark = readMark(this.#file);
    const reports = this.#reportCount();
    if (mark === undefined) return reports > 0;
    return mark.inode !== inodeOf(this.#database) || reports < mark.reports;
  }

  /** Best effort: without the mark the agencies are told once more than needed. */
  write(): void {
    const reports = this.#reportCount();
    try {
      const mark: Mark = { inode: inodeOf(this.#database), reports };
      writeFileSync(this.#file, JSON.stringify(mark), { mode: 0o600 });
    } catch {
      // A full disk is told by what cannot be stored.
    }
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
