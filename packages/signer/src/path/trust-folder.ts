import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { type TrustStore, loadTrustStore } from './trust-store.ts';

const CHECK_EVERY_MS = 1_000;

/** The trust store of a folder, read again when an operator changes a file in it. */
export class TrustFolder {
  readonly #folder: string;
  #store: TrustStore;
  #stamp: string;
  #checkedMs = 0;

  private constructor(folder: string, store: TrustStore, stamp: string) {
    this.#folder = folder;
    this.#store = store;
    this.#stamp = stamp;
  }

  static async open(folder: string): Promise<TrustFolder> {
    const stamp = stampOf(folder);
    return new TrustFolder(folder, await loadTrustStore(folder), stamp);
  }

  get store(): TrustStore {
    return this.#store;
  }

  /**
   * Looks for new CRLs or certificates, at most once a second unless `force` is set.
   *
   * @returns whether the store is a new one.
   * @throws {@link SignerError} `SIGNER_TRUST_STORE_INVALID` for a file that cannot be used: the store stays.
   */
  async refresh(nowMs: number, force = false): Promise<boolean> {
    if (!force && Math.abs(nowMs - this.#checkedMs) < CHECK_EVERY_MS) return false;
    this.#checkedMs = nowMs;
    const stamp = stampOf(this.#folder);
    if (stamp === this.#stamp) return false;
    this.#store = await loadTrustStore(this.#folder);
    this.#stamp = stamp;
    return true;
  }
}

function stampOf(folder: string): string {
  return ['anchors', 'intermediates', 'crls']
    .flatMap((part) => {
      const path = join(folder, part);
      return readdirSync(path).map((name) => {
        const { mtimeMs, size } = statSync(join(path, name));
        return `${part}/${name}:${mtimeMs}:${size}`;
      });
    })
    .join('\n');
}
