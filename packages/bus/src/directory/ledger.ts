import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryEntry } from './entry.ts';

/** Names one signed entry: each registrar numbers its own, without gaps. */
export interface EntryKey {
  readonly registrar: AgencyCode;
  readonly sequence: number;
}

/** What decides which of several entries for one code holds. */
export interface EntryStanding extends EntryKey {
  readonly code: AgencyCode;
  readonly site: string;
  /** `null` in the root's own entries. */
  readonly basedOn: number | null;
  /** False: well signed, but outside what its registrar may say. Kept, and never used. */
  readonly counts: boolean;
}

/** A verified entry on its way into a ledger. */
export interface VerifiedEntry extends EntryStanding {
  readonly entry: DirectoryEntry;
  readonly record: Uint8Array;
}

/**
 * Where a copy of the directory stands: two tables in SQLite for agent and relay, memory and files
 * for a site service. All methods are synchronous, so that one transaction can hold a page.
 */
export interface DirectoryLedger {
  /** The registrar whose certificate is pinned; unknown until its first entry is in. */
  root(): AgencyCode | undefined;
  setRoot(registrar: AgencyCode): void;
  /** Entries 1 to this one are all here. */
  readUpTo(registrar: AgencyCode): number;
  setReadUpTo(registrar: AgencyCode, sequence: number): void;
  has(key: EntryKey): boolean;
  put(entry: VerifiedEntry): void;
  recordOf(key: EntryKey): Uint8Array | undefined;
  /** All entries for a code, those that do not count too. */
  standings(code: AgencyCode): readonly EntryStanding[];
  holderOf(code: AgencyCode): EntryKey | undefined;
  /** `undefined` when no entry for the code counts any more. */
  setHolder(code: AgencyCode, holder: EntryKey | undefined): void;
  /** The root's entries that delegate, in order. */
  delegations(): readonly EntryKey[];
  /** Entries of a registrar beyond a sequence count no more. @returns the codes they were for. */
  discountAfter(registrar: AgencyCode, sequence: number): readonly AgencyCode[];
}
