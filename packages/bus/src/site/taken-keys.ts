import type { Site } from '../agency/tier.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import type { AccountJwt } from '../operator/account-jwt.ts';
import type { AccountOwner, LocalOperator } from '../operator/operator.ts';
import type { Registry } from './registry.ts';

/** A broker key that an agency or a relay had, until a later entry gave it another one or none. */
export interface TakenKey {
  readonly owner: AccountOwner;
  readonly site: Site;
  readonly userPublicKey: string;
}

/**
 * The broker keys that the directory took away. What is compared is entries of one code at one site:
 * of the same registrar by their numbers, of another one with the entry that holds, since nothing
 * else says which of two registrars came later. A key that somebody holds now is nobody's to take.
 *
 * Closing alone takes no key: the agency may fetch what is left until its credentials end.
 */
export function findTakenKeys(registry: Pick<Registry, 'entries' | 'holders'>): TakenKey[] {
  const holders = new Map(registry.holders().map(({ entry }) => [entry.code, entry]));
  const held = new Set([...holders.values()].map(({ natsUserKey }) => natsUserKey));
  const byPlace = new Map<string, DirectoryEntry[]>();
  for (const { entry } of registry.entries()) {
    const place = `${entry.code} ${entry.site}`;
    const entries = byPlace.get(place);
    if (entries === undefined) byPlace.set(place, [entry]);
    else entries.push(entry);
  }
  const taken = new Map<string, TakenKey>();
  for (const entries of byPlace.values()) {
    for (const entry of entries) {
      const { natsUserKey } = entry;
      if (natsUserKey === null || held.has(natsUserKey)) continue;
      const holder = holders.get(entry.code);
      const later = entries.some((other) => isAfter(other, entry) && isOther(other, entry));
      if (!later && !(holder?.site === entry.site && isOther(holder, entry))) continue;
      const { site } = entry;
      taken.set(natsUserKey, { owner: ownerOf(entry), site, userPublicKey: natsUserKey });
    }
  }
  return [...taken.values()];
}

/**
 * Writes down every key of {@link findTakenKeys} at the sites of an operator that its folder does not
 * know to be revoked, such as after it was put back from an older copy.
 *
 * @returns the accounts that have become other ones; they have to reach every server.
 * @throws {@link BusError} `BUS_REVOCATIONS_FULL`.
 */
export async function revokeTakenKeys(
  operator: LocalOperator,
  registry: Pick<Registry, 'entries' | 'holders'>,
): Promise<AccountJwt[]> {
  const keys = new Map<string, { readonly owner: AccountOwner; readonly keys: string[] }>();
  const hosted = new Set(await operator.sites());
  for (const { owner, site, userPublicKey } of findTakenKeys(registry)) {
    if (!hosted.has(site)) continue;
    const name = typeof owner === 'string' ? owner : site;
    const group = keys.get(name) ?? { owner, keys: [] };
    group.keys.push(userPublicKey);
    keys.set(name, group);
  }
  const changed: AccountJwt[] = [];
  for (const { owner, keys: revoked } of keys.values()) {
    if ((await operator.writeDownRevoked(owner, revoked)).length === 0) continue;
    changed.push(
      typeof owner === 'string'
        ? await operator.serviceAccountJwt(owner)
        : await operator.agencyAccountJwt(owner.site),
    );
  }
  return changed;
}

function isAfter(other: DirectoryEntry, entry: DirectoryEntry): boolean {
  return other.registrar === entry.registrar && other.sequence > entry.sequence;
}

function isOther(other: DirectoryEntry, entry: DirectoryEntry): boolean {
  return other.natsUserKey !== entry.natsUserKey;
}

/** Relays have an account of their own. */
function ownerOf({ role, site }: DirectoryEntry): AccountOwner {
  return role === 'relay' ? 'RELAY' : { site };
}
