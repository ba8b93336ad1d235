import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * What an office's own software has seen, on disk before it goes on: the checker compares it with
 * what agents and relays hold. The process may be killed between any two lines.
 */
export type LedgerLine =
  | {
      /** `send` returned: from here on nothing of it may be lost. */
      readonly event: 'promised';
      readonly key: string;
      readonly documentId: string;
      readonly number: string;
      readonly deliveries: readonly { readonly to: string; readonly id: string }[];
    }
  /** The application got a document from `incoming()`. */
  | { readonly event: 'handed'; readonly id: string; readonly filesSha256: string }
  /** `accept` returned. */
  | { readonly event: 'accepted'; readonly id: string; readonly number: string };

export class Ledger implements Disposable {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  write(line: LedgerLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** All whole lines; a kill may have cut the last one short. */
export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}
