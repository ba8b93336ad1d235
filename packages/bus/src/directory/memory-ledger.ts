import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryLedger, EntryKey, EntryStanding, VerifiedEntry } from './ledger.ts';

/** A ledger without a database: positions in memory, the records wherever the caller has them. */
export class MemoryLedger implements DirectoryLedger {
  readonly #recordOf: (key: EntryKey) => Uint8Array | undefined;
  readonly #onPut: (entry: VerifiedEntry) => void;
  readonly #registrars = new Map<AgencyCode, Map<number, EntryStanding>>();
  readonly #delegations: EntryKey[] = [];
  readonly #codes = new Map<AgencyCode, EntryKey[]>();
  readonly #holders = new Map<AgencyCode, EntryKey>();
  readonly #readUpTo = new Map<AgencyCode, number>();
  #root: AgencyCode | undefined;

  constructor(
    recordOf: (key: EntryKey) => Uint8Array | undefined,
    onPut: (entry: VerifiedEntry) => void = () => undefined,
  ) {
    this.#recordOf = recordOf;
    this.#onPut = onPut;
  }

  root(): AgencyCode | undefined {
    return this.#root;
  }

  setRoot(registrar: AgencyCode): void {
    this.#root = registrar;
  }

  readUpTo(registrar: AgencyCode): number {
    return this.#readUpTo.get(registrar) ?? 0;
  }

  setReadUpTo(registrar: AgencyCode, sequence: number): void {
    this.#readUpTo.set(registrar, sequence);
  }

  has({ registrar, sequence }: EntryKey): boolean {
    return this.#registrars.get(registrar)?.has(sequence) === true;
  }

  put(verified: VerifiedEntry): void {
    const { registrar, sequence, code, site, basedOn, counts, entry } = verified;
    this.#onPut(verified);
    const standing = { registrar, sequence, code, site, basedOn, counts };
    const entries = this.#registrars.get(registrar) ?? new Map<number, EntryStanding>();
    entries.set(sequence, standing);
    if (entry.role === 'registrar') this.#delegations.push(standing);
    this.#registrars.set(registrar, entries);
    const keys = this.#codes.get(code);
    if (keys === undefined) this.#codes.set(code, [standing]);
    else keys.push(standing);
  }

  recordOf(key: EntryKey): Uint8Array | undefined {
    return this.#recordOf(key);
  }

  standings(code: AgencyCode): readonly EntryStanding[] {
    return (this.#codes.get(code) ?? []).flatMap((key) => this.#kept(key) ?? []);
  }

  holderOf(code: AgencyCode): EntryKey | undefined {
    return this.#holders.get(code);
  }

  setHolder(code: AgencyCode, holder: EntryKey | undefined): void {
    if (holder === undefined) this.#holders.delete(code);
    else this.#holders.set(code, holder);
  }

  /** The entries that hold, in the order in which their codes came. */
  holders(): readonly EntryKey[] {
    return [...this.#holders.values()];
  }

  delegations(): readonly EntryKey[] {
    return this.#delegations
      .filter((key) => key.registrar === this.#root)
      .toSorted((a, b) => a.sequence - b.sequence);
  }

  discountAfter(registrar: AgencyCode, sequence: number): readonly AgencyCode[] {
    const codes: AgencyCode[] = [];
    const entries = this.#registrars.get(registrar);
    for (const standing of entries?.values() ?? []) {
      if (standing.sequence <= sequence || !standing.counts) continue;
      entries?.set(standing.sequence, { ...standing, counts: false });
      codes.push(standing.code);
    }
    return codes;
  }

  #kept({ registrar, sequence }: EntryKey): EntryStanding | undefined {
    return this.#registrars.get(registrar)?.get(sequence);
  }
}
