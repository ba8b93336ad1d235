import type { AgencyCode } from '../agency/code.ts';
import { type DirectoryEntry, type ListedCertificate, certificatesOf } from './entry.ts';
import type { EntryStanding } from './ledger.ts';

/** What the root said about a registrar at one place of its sequence. */
export interface Delegation {
  /** The root's sequence from which this holds. */
  readonly from: number;
  readonly sites: ReadonlySet<string>;
  readonly certificates: readonly ListedCertificate[];
}

/** All that the root ever said about one registrar. */
export interface DelegatedRegistrar {
  readonly registrar: AgencyCode;
  /** In order of `from`; at least one. */
  readonly delegations: readonly Delegation[];
  /** After this one nothing counts; `null` while the delegation is open. An end is for good. */
  readonly lastSequence: number | null;
}

/** Reads the root's entries with the role `registrar`; others are passed over. */
export function delegatedRegistrars(
  entries: Iterable<DirectoryEntry>,
): Map<string, DelegatedRegistrar> {
  const known = new Map<string, DelegatedRegistrar>();
  const inOrder = [...entries].toSorted((a, b) => a.sequence - b.sequence);
  for (const entry of inOrder) {
    const { code, sequence, delegation } = entry;
    if (delegation === undefined || code === entry.registrar) continue;
    const before = known.get(code);
    const next: Delegation = {
      from: sequence,
      sites: new Set(delegation.sites),
      certificates: certificatesOf(entry, 'registrar'),
    };
    known.set(code, {
      registrar: code,
      delegations: [...(before?.delegations ?? []), next],
      lastSequence: earlierEnd(before?.lastSequence ?? null, delegation.lastSequence),
    });
  }
  return known;
}

/** What held when a registrar had read the root's entries up to `basedOn`. */
export function delegationAt(
  registrar: DelegatedRegistrar,
  basedOn: number,
): Delegation | undefined {
  return registrar.delegations.findLast((delegation) => delegation.from <= basedOn);
}

/**
 * Which of the entries for one code holds. It depends on the entries alone, not on the order in
 * which they came, so that all copies agree.
 *
 * The root's newest entry holds, unless a registrar to whom the site is delegated has signed one
 * knowing it. Of a registrar its newest entry stands. Where two registrars claim a code that the
 * root never assigned, the one at whose site the code begins has it, else the one delegated first.
 */
export function chooseHolder(
  standings: readonly EntryStanding[],
  root: AgencyCode,
  registrars: ReadonlyMap<string, DelegatedRegistrar>,
): EntryStanding | undefined {
  const newest = new Map<string, EntryStanding>();
  for (const standing of standings) {
    if (!standing.counts) continue;
    const before = newest.get(standing.registrar);
    if (before === undefined || before.sequence < standing.sequence) {
      newest.set(standing.registrar, standing);
    }
  }
  const ofRoot = newest.get(root);
  newest.delete(root);
  const claims = [...newest.values()].filter(
    ({ basedOn }) => ofRoot === undefined || (basedOn ?? 0) >= ofRoot.sequence,
  );
  const [first] = claims.toSorted((a, b) => rank(a, registrars) - rank(b, registrars));
  return first ?? ofRoot;
}

function rank(claim: EntryStanding, registrars: ReadonlyMap<string, DelegatedRegistrar>): number {
  const [firstLevel] = claim.code.split('.', 1);
  if (firstLevel === claim.site) return 0;
  return registrars.get(claim.registrar)?.delegations[0]?.from ?? Number.MAX_SAFE_INTEGER;
}

function earlierEnd(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
