import type { AgencyCode } from '../agency/code.ts';
import type { EntryKey } from './ledger.ts';

/** How far a registrar's entries go, as a site service says. */
export type DirectoryHead = EntryKey;

export interface DirectoryPage {
  readonly records: readonly Uint8Array[];
  /** The sequence of the last record; that of the request when there is nothing after it. */
  readonly lastSequence: number;
}

/** Directory look-ups as the site service answers them; nothing is verified here. */
export interface DirectoryClient {
  /** @returns the signed record that holds for an agency, `undefined` when the directory has none. */
  getDirectoryEntry(code: AgencyCode): Promise<Uint8Array | undefined>;
  /** How far each registrar's entries go, the root first. */
  getDirectoryHeads(): Promise<readonly DirectoryHead[]>;
  /** The signed entries of a registrar after a sequence, as many as fit one answer. */
  getDirectoryPage(after: EntryKey): Promise<DirectoryPage>;
}
