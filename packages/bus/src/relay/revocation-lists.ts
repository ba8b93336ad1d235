import { join } from 'node:path';

import { type TrustStore, keepLists, knownLists } from '@congvan/signer';

import type { RelayConnection } from '../broker/relay-connection.ts';
import { homePaths } from './home.ts';
import { type RelayLog, describeError } from './log.ts';

/** A list that nobody was told of, such as one that only takes the place of an ending one. */
const ASK_EVERY_MS = 3_600_000;

export interface RevocationListsOptions {
  readonly connection: Pick<
    RelayConnection,
    'newRevocationLists' | 'onDirectoryChanged' | 'onStatus' | 'status'
  >;
  /** The lists go into `trust/crls`, beside those that an operator put there. */
  readonly home: string;
  readonly loadTrust: () => Promise<TrustStore>;
  readonly log: RelayLog;
}

/**
 * Asks the relay's site for revocation lists: at once, after each break, when the directory changes
 * (who is revoked leaves it) and every hour. What comes counts if an authority of the trust folder
 * signed it. A site that does not answer is told in the log.
 */
export class RevocationLists {
  readonly #options: RevocationListsOptions;
  readonly #ending: (() => void)[] = [];
  readonly #folder: string;
  #onLearned: () => Promise<void> = async () => {};
  #asking: Promise<void> | undefined;
  #isWanted = false;
  #isClosed = false;

  constructor(options: RevocationListsOptions) {
    this.#options = options;
    this.#folder = join(homePaths(options.home).trust, 'crls');
  }

  /** @param onLearned - when there is something new in the trust folder. */
  start(onLearned: () => Promise<void>): void {
    this.#onLearned = onLearned;
    const { connection } = this.#options;
    const timer = setInterval(() => this.#ask(), ASK_EVERY_MS).unref();
    this.#ending.push(
      connection.onDirectoryChanged(() => this.#ask()),
      connection.onStatus((status) => {
        if (status === 'connected') this.#ask();
      }),
      () => clearInterval(timer),
    );
    this.#ask();
  }

  /** @returns when nothing is written any more; a question under way ends with the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#ending) end();
    await this.#asking;
  }

  #ask(): void {
    this.#isWanted = true;
    this.#asking ??= this.#askWhileWanted().finally(() => {
      this.#asking = undefined;
    });
  }

  async #askWhileWanted(): Promise<void> {
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false;
      await this.#askOnce();
    }
  }

  async #askOnce(): Promise<void> {
    const { connection, loadTrust, log } = this.#options;
    try {
      if (connection.status() !== 'connected') return;
      const lists = await connection.newRevocationLists(await knownLists(this.#folder));
      if (this.#isClosed || lists.length === 0) return;
      const kept = await keepLists(this.#folder, lists, await loadTrust());
      if (kept === 0) return;
      log('info', 'revocation lists learned', { lists: kept });
      await this.#onLearned();
    } catch (error) {
      if (!this.#isClosed) log('warn', 'no revocation lists learned', describeError(error));
    }
  }
}
