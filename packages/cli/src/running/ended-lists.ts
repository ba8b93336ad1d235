import type { Unreadiness } from '@congvan/bus/observe';
import { type TrustStore, endsOfLists } from '@congvan/signer';

/** The revocation lists of a trust folder that have run out: what their issuers certified is not believed any more. */
export class EndedLists {
  readonly #store: () => TrustStore;
  readonly #now: () => Date;
  readonly #tell: (issuer: string, endedAt: string) => void;
  #told = new Set<string>();

  /** @param tell - is told of each once, and again when it has been renewed and runs out again. */
  constructor(
    store: () => TrustStore,
    now: () => Date,
    tell: (issuer: string, endedAt: string) => void,
  ) {
    this.#store = store;
    this.#now = now;
    this.#tell = tell;
  }

  look(): void {
    const ended = this.#ended();
    for (const { issuer, endsAt } of ended) {
      if (!this.#told.has(issuer)) this.#tell(issuer, endsAt.toISOString());
    }
    this.#told = new Set(ended.map(({ issuer }) => issuer));
  }

  conditions(): Unreadiness[] {
    const ended = this.#ended();
    const [first] = ended;
    if (first === undefined) return [];
    const names = ended.map(({ issuer }) => issuer).join(', ');
    return [
      {
        code: 'REVOCATION_LISTS_ENDED',
        since: first.endsAt.toISOString(),
        detail: `no list in force of ${names}; what they certified is not believed until a new one is there`,
        severity: 'warning',
      },
    ];
  }

  #ended() {
    const nowMs = this.#now().getTime();
    return endsOfLists(this.#store().crls).filter(({ endsAt }) => endsAt.getTime() < nowMs);
  }
}
