import { createHash } from 'node:crypto';

import type { AgencyCode } from '../agency/code.ts';
import type { Refused, VerifySignature } from '../record/authenticate.ts';
import type { Finding } from '../record/finding.ts';
import { type RawRecord, decodeRecord, tryDecodeRecord } from '../record/frame.ts';
import { parsePayloadAs } from '../record/codec.ts';
import {
  type DelegatedRegistrar,
  type Delegation,
  chooseHolder,
  delegatedRegistrars,
  delegationAt,
} from './delegation.ts';
import { type DirectoryEntry, type ListedCertificate, signedMs } from './entry.ts';
import type { DirectoryLedger, EntryKey, VerifiedEntry } from './ledger.ts';
import { judgeDirectoryRecord, readDirectoryEntry } from './verify.ts';

/** What a page of signed entries brought. */
export interface TakenIn {
  /** How many entries are new here. */
  readonly added: number;
  /** The agencies for which another entry holds now. */
  readonly changed: ReadonlySet<AgencyCode>;
  readonly refused: readonly RefusedEntry[];
  /** Some entries can be judged only when the root's entries up to this one are here; else 0. */
  readonly needsRoot: number;
  /** Those entries, to be given again. */
  readonly waiting: readonly Uint8Array[];
}

export interface RefusedEntry {
  /** As the record claims; `null` when it cannot be read. */
  readonly key: EntryKey | null;
  readonly finding: Finding;
  readonly detail: string;
}

export interface DirectoryCopyOptions {
  readonly ledger: DirectoryLedger;
  /** DER of the root registrar's certificate, confirmed by its fingerprint beforehand. */
  readonly rootCertificate: Uint8Array;
  readonly verify: VerifySignature;
}

/** Entries kept parsed; the national directory has more than 100,000. */
const MAX_CACHED_ENTRIES = 2_000;
/** The clocks of registrar and broker need not agree better than this. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * A verified copy of the directory: what an agent, a relay and a site service share.
 *
 * The root registrar is pinned by its certificate; others count only inside what the root delegated
 * to them (docs/explanation/directory.md). Entries may come in any order and more than once.
 */
export class DirectoryCopy {
  readonly #ledger: DirectoryLedger;
  readonly #pinned: ListedCertificate;
  readonly #verify: VerifySignature;
  readonly #cache = new Map<string, { readonly key: EntryKey; readonly entry: DirectoryEntry }>();

  #registrars:
    | {
        readonly keys: readonly EntryKey[];
        readonly registrars: ReadonlyMap<string, DelegatedRegistrar>;
      }
    | undefined;

  constructor({ ledger, rootCertificate, verify }: DirectoryCopyOptions) {
    this.#ledger = ledger;
    this.#verify = verify;
    const sha256 = createHash('sha256').update(rootCertificate).digest('hex');
    this.#pinned = { sha256, der: rootCertificate };
  }

  /** The entry that holds for a code. */
  readonly find = (code: AgencyCode): DirectoryEntry | undefined => {
    const key = this.#ledger.holderOf(code);
    if (key === undefined) return undefined;
    const cached = this.#cache.get(code);
    if (cached !== undefined && isSame(cached.key, key)) return cached.entry;
    const entry = this.#read(key);
    if (entry === undefined) return undefined;
    if (this.#cache.size >= MAX_CACHED_ENTRIES) this.#cache.clear();
    this.#cache.set(code, { key, entry });
    return entry;
  };

  /**
   * Entries that held at a time and were replaced since: a record is judged by the certificates that
   * were listed when the broker stored it. Newest first, without the holder.
   */
  readonly earlier = (code: AgencyCode, at: Date): readonly DirectoryEntry[] => {
    const holder = this.#ledger.holderOf(code);
    const standings = this.#ledger.standings(code).filter(({ counts }) => counts);
    if (holder === undefined || standings.length < 2) return [];
    const entries = standings
      .flatMap((key) => this.#read(key) ?? [])
      .toSorted((a, b) => signedMs(b) - signedMs(a));
    const time = at.getTime();
    return entries.filter((entry, index) => {
      const replacedBy = entries[index - 1];
      if (isSame(entry, holder) || replacedBy === undefined) return false;
      return signedMs(entry) - CLOCK_SKEW_MS <= time && time < signedMs(replacedBy);
    });
  };

  /** Where reading goes on for a registrar: all entries up to this sequence are here. */
  readUpTo(registrar: AgencyCode): number {
    return this.#ledger.readUpTo(registrar);
  }

  root(): AgencyCode | undefined {
    return this.#ledger.root();
  }

  /** Everyone the root has ever delegated to. Read anew only when there is another delegation. */
  registrars(): ReadonlyMap<string, DelegatedRegistrar> {
    const keys = this.#ledger.delegations();
    const known = this.#registrars;
    if (known !== undefined && isSameList(known.keys, keys)) return known.registrars;
    const entries = keys.flatMap((key) => this.#read(key) ?? []);
    const registrars = delegatedRegistrars(entries);
    if (entries.length === keys.length) this.#registrars = { keys, registrars };
    return registrars;
  }

  /**
   * Why an entry that is about to be signed would not count, in words; `undefined` when it would.
   * Only a delegated registrar can go wrong here.
   */
  objectionTo(entry: DirectoryEntry): string | undefined {
    const registrars = this.registrars();
    const { registrar, site, code } = entry;
    if (registrar === this.#ledger.root()) return undefined;
    const delegated = registrars.get(registrar);
    if (delegated === undefined) return `the root has delegated nothing to ${registrar}`;
    const authority = delegatedAuthority(entry, delegated, this.#rootReadUpTo());
    const lacking = describeLack(authority, registrar);
    if (typeof lacking === 'string') return lacking;
    const { delegation } = lacking;
    if (delegation === undefined || this.#isInside(entry, delegation, registrars)) return undefined;
    const sites = [...delegation.sites].join(', ');
    return `${registrar} may enter agencies and relays of ${sites}, not ${code} at ${site}`;
  }

  /**
   * Verifies signed entries and keeps those that are good. Call inside a transaction.
   *
   * A bad one leaves a gap that is read again; it does not keep the others out.
   */
  takeIn(records: readonly Uint8Array[], at: Date): TakenIn {
    const round = new Round(this.#ledger, this.registrars());
    for (const record of records) {
      const raw = tryDecodeRecord(record);
      const entry = typeof raw === 'string' ? raw : readDirectoryEntry(raw);
      if (typeof raw === 'string') round.refuse(null, 'RECORD_MALFORMED', raw);
      else if (typeof entry === 'string') round.refuse(null, 'RECORD_MALFORMED', entry);
      else this.#takeOne(raw, entry, at, round);
    }
    return round;
  }

  /** Why an entry cannot be believed now, in words; `undefined` when it can. */
  refusalOf(raw: RawRecord, entry: DirectoryEntry, at: Date): string | undefined {
    const authority = this.#authorityOf(entry, this.registrars());
    const lacking = describeLack(authority, entry.registrar);
    if (typeof lacking === 'string') return lacking;
    const refused = this.#judge(raw, entry, lacking, at);
    return refused && `${refused.finding}: ${refused.detail}`;
  }

  /** Takes in again what was verified before and lay where only its owner writes. */
  restore(raw: RawRecord, entry: DirectoryEntry): TakenIn {
    const round = new Round(this.#ledger, this.registrars());
    this.#takeOne(raw, entry, undefined, round);
    return round;
  }

  /** @param at - `undefined` when the signature was verified before. */
  #takeOne(raw: RawRecord, entry: DirectoryEntry, at: Date | undefined, round: Round): void {
    const record = raw.bytes;
    const { registrar, sequence } = entry;
    const key = { registrar, sequence };
    if (this.#ledger.has(key)) return round.advance(registrar);
    const authority = this.#authorityOf(entry, round.registrars);
    if (authority === 'ended') return undefined;
    if (typeof authority === 'number') return round.wait(authority, record);
    if ('objection' in authority) {
      return round.refuse(key, 'SIGNER_NOT_LISTED', authority.objection);
    }
    const refused = at && this.#judge(raw, entry, authority, at);
    if (refused !== undefined) return round.refuse(key, refused.finding, refused.detail);
    const isRoot = authority.delegation === undefined;
    const counts = isRoot || this.#isInside(entry, authority.delegation, round.registrars);
    const { code, site } = entry;
    const basedOn = isRoot ? null : (entry.basedOn ?? 0);
    if (isRoot) this.#ledger.setRoot(registrar);
    return round.keep({ ...key, code, site, basedOn, counts, entry, record });
  }

  #authorityOf(entry: DirectoryEntry, registrars: ReadonlyMap<string, DelegatedRegistrar>) {
    const delegated = registrars.get(entry.registrar);
    return delegated === undefined
      ? this.#rootAuthority(entry)
      : delegatedAuthority(entry, delegated, this.#rootReadUpTo());
  }

  #judge(
    raw: RawRecord,
    entry: DirectoryEntry,
    { certificates, ended }: Authority,
    at: Date,
  ): Refused | undefined {
    const judgedAt = ended ? new Date(Math.min(signedMs(entry), at.getTime())) : at;
    const registrarCertificates = certificates;
    return judgeDirectoryRecord(raw, entry, {
      registrarCertificates,
      verify: this.#verify,
      at: judgedAt,
    });
  }

  #rootAuthority(entry: DirectoryEntry): Authority | Objection {
    const root = this.#ledger.root();
    if (root !== undefined && root !== entry.registrar) {
      return { objection: `the root ${root} has delegated nothing to ${entry.registrar}` };
    }
    return { certificates: [this.#pinned], delegation: undefined, ended: false };
  }

  #rootReadUpTo(): number {
    const root = this.#ledger.root();
    return root === undefined ? 0 : this.#ledger.readUpTo(root);
  }

  /** Whether a delegated registrar may say this: its sites, agencies and relays, nobody else's. */
  #isInside(
    entry: DirectoryEntry,
    { sites }: Delegation,
    registrars: ReadonlyMap<string, DelegatedRegistrar>,
  ): boolean {
    if (!sites.has(entry.site) || entry.role === 'registrar') return false;
    const root = this.#ledger.root();
    if (entry.code === root || registrars.has(entry.code)) return false;
    const assigned = this.#ledger
      .standings(entry.code)
      .filter(({ registrar, sequence }) => registrar === root && sequence <= (entry.basedOn ?? 0))
      .toSorted((a, b) => b.sequence - a.sequence)[0];
    return assigned === undefined || sites.has(assigned.site);
  }

  #read(key: EntryKey): DirectoryEntry | undefined {
    const record = this.#ledger.recordOf(key);
    return record && parsePayloadAs(decodeRecord(record), 'directory');
  }
}

interface RootAuthority {
  readonly certificates: readonly ListedCertificate[];
  readonly delegation: undefined;
  readonly ended: false;
}
interface DelegatedAuthority {
  readonly certificates: readonly ListedCertificate[];
  readonly delegation: Delegation;
  /** The root has fixed the last entry: those before it stay, whatever became of the key. */
  readonly ended: boolean;
}
type Authority = RootAuthority | DelegatedAuthority;
/** Why nobody may have signed this, in words. */
interface Objection {
  readonly objection: string;
}

/** @returns whose key may have signed; the root's sequence to wait for; or the fault in words. */
function delegatedAuthority(
  entry: DirectoryEntry,
  delegated: DelegatedRegistrar,
  rootReadUpTo: number,
): Authority | 'ended' | number | Objection {
  const { basedOn, sequence, registrar } = entry;
  const { lastSequence } = delegated;
  if (lastSequence !== null && sequence > lastSequence) return 'ended';
  if (basedOn === undefined) {
    return { objection: `${registrar} does not say which entries of the root it knew` };
  }
  if (basedOn > rootReadUpTo) return basedOn;
  const delegation = delegationAt(delegated, basedOn);
  if (delegation === undefined) {
    return { objection: `${registrar} signed before anything was delegated to it` };
  }
  return { certificates: delegation.certificates, delegation, ended: lastSequence !== null };
}

/** @returns the authority, or in words why there is none. */
function describeLack<A extends Authority>(
  authority: A | 'ended' | number | Objection,
  registrar: AgencyCode,
): A | string {
  if (authority === 'ended') return `the delegation of ${registrar} has ended`;
  if (typeof authority === 'number') return `entries of the root up to ${authority} are missing`;
  return 'objection' in authority ? authority.objection : authority;
}

/** One page on its way in. */
class Round implements TakenIn {
  readonly #ledger: DirectoryLedger;
  registrars: ReadonlyMap<string, DelegatedRegistrar>;
  added = 0;
  needsRoot = 0;
  readonly changed = new Set<AgencyCode>();
  readonly refused: RefusedEntry[] = [];
  readonly waiting: Uint8Array[] = [];

  constructor(ledger: DirectoryLedger, registrars: ReadonlyMap<string, DelegatedRegistrar>) {
    this.#ledger = ledger;
    this.registrars = registrars;
  }

  refuse(key: EntryKey | null, finding: Finding, detail: string): void {
    this.refused.push({ key, finding, detail });
  }

  wait(rootSequence: number, record: Uint8Array): void {
    this.waiting.push(record);
    this.needsRoot = Math.max(this.needsRoot, rootSequence);
  }

  keep(verified: VerifiedEntry): void {
    this.#ledger.put(verified);
    this.added += 1;
    this.advance(verified.registrar);
    if (verified.entry.role === 'registrar' && verified.counts) this.#delegate(verified.entry);
    this.#choose(verified.code);
  }

  /** The registrar numbers without gaps: what lies beyond one was not read yet. */
  advance(registrar: AgencyCode): void {
    const before = this.#ledger.readUpTo(registrar);
    let sequence = before;
    while (this.#ledger.has({ registrar, sequence: sequence + 1 })) sequence += 1;
    if (sequence > before) this.#ledger.setReadUpTo(registrar, sequence);
  }

  #delegate(entry: DirectoryEntry): void {
    const records = this.#ledger.delegations().flatMap((key) => {
      const record = this.#ledger.recordOf(key);
      return record === undefined ? [] : [parsePayloadAs(decodeRecord(record), 'directory')];
    });
    this.registrars = delegatedRegistrars(records);
    const end = this.registrars.get(entry.code)?.lastSequence ?? null;
    if (end === null) return;
    for (const code of this.#ledger.discountAfter(entry.code, end)) this.#choose(code);
  }

  #choose(code: AgencyCode): void {
    const root = this.#ledger.root();
    if (root === undefined) return;
    const before = this.#ledger.holderOf(code);
    const holder = chooseHolder(this.#ledger.standings(code), root, this.registrars);
    if (before !== undefined && holder !== undefined && isSame(before, holder)) return;
    if (before === undefined && holder === undefined) return;
    this.#ledger.setHolder(code, holder);
    this.changed.add(code);
  }
}

function isSameList(a: readonly EntryKey[], b: readonly EntryKey[]): boolean {
  return (
    a.length === b.length &&
    a.every((key, index) => {
      const other = b[index];
      return other !== undefined && isSame(key, other);
    })
  );
}

function isSame(a: EntryKey, b: EntryKey): boolean {
  return a.sequence === b.sequence && a.registrar === b.registrar;
}
