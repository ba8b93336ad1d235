import {
  type AgencyCode,
  type DirectoryEntry,
  type VerifySignature,
  decodeRecord,
  parsePayloadAs,
  verifyDirectoryRecord,
} from '@congvan/bus';

import { AgentError } from '../errors.ts';
import type { DirectoryStore } from '../storage/directory-store.ts';

/** Entries kept parsed; the national directory has more than 100,000. */
const MAX_CACHED_ENTRIES = 5_000;

/** The agency's verified copy of the directory (DESIGN §6). */
export class DirectoryCopy {
  readonly #store: DirectoryStore;
  readonly #registrarCertificate: Uint8Array;
  readonly #verify: VerifySignature;
  readonly #cache = new Map<string, DirectoryEntry>();

  constructor(store: DirectoryStore, registrarCertificate: Uint8Array, verify: VerifySignature) {
    this.#store = store;
    this.#registrarCertificate = registrarCertificate;
    this.#verify = verify;
  }

  find(code: AgencyCode): DirectoryEntry | undefined {
    const sequence = this.#store.sequenceOf(code);
    if (sequence === undefined) return undefined;
    const cached = this.#cache.get(code);
    if (cached?.sequence === sequence) return cached;
    const record = this.#store.recordOf(code);
    if (record === undefined) return undefined;
    const entry = parsePayloadAs(decodeRecord(record), 'directory');
    if (this.#cache.size >= MAX_CACHED_ENTRIES) this.#cache.clear();
    this.#cache.set(code, entry);
    return entry;
  }

  /**
   * Verifies signed entries and keeps those that are newer. Call inside a transaction.
   *
   * @throws {@link AgentError} `AGENT_DIRECTORY_FORGED`; nothing of the page is kept then.
   */
  import(records: readonly Uint8Array[], at: Date): void {
    const before = this.#store.readUpTo();
    let readUpTo = before;
    for (const record of records) {
      const result = verifyDirectoryRecord(decodeRecord(record), {
        registrarCertificate: this.#registrarCertificate,
        verify: this.#verify,
        at,
      });
      if (!result.authentic) {
        throw new AgentError(
          'AGENT_DIRECTORY_FORGED',
          `a directory entry is not its registrar's: ${result.finding}, ${result.detail}`,
          { details: { finding: result.finding } },
        );
      }
      const { code, sequence } = result.entry;
      this.#store.put(code, sequence, record);
      // The registrar numbers without gaps: what lies beyond one was not read yet, only this entry.
      if (sequence === readUpTo + 1) readUpTo = sequence;
    }
    if (readUpTo > before) this.#store.setReadUpTo(readUpTo);
  }

  /** Where reading goes on: all entries up to this sequence are here, or newer ones in their place. */
  readUpTo(): number {
    return this.#store.readUpTo();
  }

  count(): number {
    return this.#store.count();
  }

  list(): DirectoryEntry[] {
    return this.#store.all().map((record) => parsePayloadAs(decodeRecord(record), 'directory'));
  }
}
