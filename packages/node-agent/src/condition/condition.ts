/** What can be wrong with a running agent, how bad it is, and what a person does about it. */
export const CONDITIONS = {
  /** No server answers. What is sent is kept; the agent looks for it again by itself. */
  BROKER_UNREACHABLE: { severity: 'warning' },
  /** A week and more without the broker: said apart, since clerks take a cut of minutes for granted. */
  OFFLINE_LONG: { severity: 'error' },
  /** The broker refuses credentials whose time is over. */
  CREDENTIALS_EXPIRED: { severity: 'error' },
  CREDENTIALS_EXPIRING: { severity: 'warning' },
  /** The broker refuses credentials whose time is not over: revoked, or of another broker. */
  CREDENTIALS_REVOKED: { severity: 'error' },
  /** The server's certificate has ended; it may also be this clock that is far ahead. */
  BROKER_CERTIFICATE_EXPIRED: { severity: 'error' },
  /** Who answers shows a certificate of another authority, or made out to another name. */
  BROKER_UNTRUSTED: { severity: 'error' },
  /** The server does not take this agency's TLS certificate. */
  CERTIFICATE_REFUSED: { severity: 'error' },
  /**
   * The agency's own clock and the site's differ by more than five minutes, or it is before the
   * beginning of the server's certificate.
   */
  CLOCK_WRONG: { severity: 'error' },
  DISK_FULL: { severity: 'error' },
  /** Another process holds the write lock for longer than a clerk's command does. */
  DATABASE_LOCKED: { severity: 'error' },
  /** Reading or writing the database fails for another reason than room or a lock. */
  DATABASE_FAILING: { severity: 'error' },
  /** The broker's store has no room for what this agency sends. */
  STREAM_FULL: { severity: 'error' },
  /** Presence is not answered: no new consumers, no look-ups; deliveries go on. */
  SITE_SERVICE_SILENT: { severity: 'warning' },
  /** The copy of the directory could not be refreshed for a day. */
  DIRECTORY_STALE: { severity: 'warning' },
  CERTIFICATE_EXPIRING: { severity: 'warning' },
  /** The relay holds reports that this database does not: it is an older copy. */
  RESTORED: { severity: 'error' },
  /** One sender's junk is over its daily share: counted, no longer kept and answered one by one. */
  SENDER_LIMITED: { severity: 'warning' },
  /** Messages are kept that cannot be judged yet, for want of a revocation list or the directory. */
  MESSAGES_HELD: { severity: 'warning' },
  /** Something waits for a person: undelivered, refused for good, or the recipient is gone. */
  DEAD_LETTERS: { severity: 'warning' },
} as const satisfies Record<string, { severity: 'warning' | 'error' }>;

export type ConditionCode = keyof typeof CONDITIONS;
export type ConditionFacts = Readonly<Record<string, string | number>>;

export const CONDITION_CODES: readonly ConditionCode[] = Object.keys(CONDITIONS).filter(
  (code): code is ConditionCode => isConditionCode(code),
);

function isConditionCode(code: string): code is ConditionCode {
  return Object.hasOwn(CONDITIONS, code);
}

export interface Condition {
  readonly code: ConditionCode;
  readonly severity: 'warning' | 'error';
  readonly since: Date;
  /** One English sentence with the figures; `facts` holds them for other languages. */
  readonly detail: string;
  /** What a person does; `null` when the agent goes on by itself. */
  readonly action: string | null;
  readonly facts: ConditionFacts;
}

/** A condition that comes back within this time is the same one, as when a disk has room for moments. */
export const SAME_CONDITION_MS = 2 * 60_000;

interface Standing {
  readonly sinceMs: number;
  readonly facts: ConditionFacts;
}

/** The conditions of one agent: set and cleared by what watches, told to who shows them. */
export class ConditionBook {
  readonly #standing = new Map<ConditionCode, Standing>();
  readonly #past = new Map<ConditionCode, { readonly sinceMs: number; readonly endedMs: number }>();
  readonly #now: () => Date;
  readonly #changed: (code: ConditionCode, stands: boolean, facts: ConditionFacts) => void;

  constructor(
    now: () => Date,
    changed: (code: ConditionCode, stands: boolean, facts: ConditionFacts) => void = () => {},
  ) {
    this.#now = now;
    this.#changed = changed;
  }

  /** @param sinceMs - when it began, where that is known better than "now". */
  set(code: ConditionCode, facts: ConditionFacts = {}, sinceMs?: number): void {
    const standing = this.#standing.get(code);
    if (standing !== undefined) {
      this.#standing.set(code, { sinceMs: sinceMs ?? standing.sinceMs, facts });
      return;
    }
    const nowMs = this.#now().getTime();
    const past = this.#past.get(code);
    const isSame = past !== undefined && nowMs - past.endedMs < SAME_CONDITION_MS;
    this.#standing.set(code, { sinceMs: sinceMs ?? (isSame ? past.sinceMs : nowMs), facts });
    this.#changed(code, true, facts);
  }

  clear(code: ConditionCode): void {
    const standing = this.#standing.get(code);
    if (standing === undefined) return;
    this.#standing.delete(code);
    this.#past.set(code, { sinceMs: standing.sinceMs, endedMs: this.#now().getTime() });
    this.#changed(code, false, standing.facts);
  }

  /** Sets the condition with these facts, or clears it where there are none. */
  put(code: ConditionCode, facts: ConditionFacts | undefined, sinceMs?: number): void {
    if (facts === undefined) this.clear(code);
    else this.set(code, facts, sinceMs);
  }

  has(code: ConditionCode): boolean {
    return this.#standing.has(code);
  }

  factsOf(code: ConditionCode): ConditionFacts | undefined {
    return this.#standing.get(code)?.facts;
  }

  /** Errors first, then in the order of the table. */
  list(): StoredCondition[] {
    const all = CONDITION_CODES.flatMap((code) => {
      const standing = this.#standing.get(code);
      return standing === undefined ? [] : [{ code, ...standing }];
    });
    const rank = ({ code }: StoredCondition): number =>
      CONDITIONS[code].severity === 'error' ? 0 : 1;
    return all.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** As it stands in the status file. */
export interface StoredCondition {
  readonly code: ConditionCode;
  readonly sinceMs: number;
  readonly facts: ConditionFacts;
}
