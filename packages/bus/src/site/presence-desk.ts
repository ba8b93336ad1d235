import type { AgencyCode } from '../agency/code.ts';
import { LastSeen } from '../presence/last-seen.ts';
import { encodePresence } from '../presence/presence.ts';
import type { Registry } from './registry.ts';

/** Who of this site's agencies is there, as they tell themselves. */
export interface PresenceDesk {
  /** Answers one presence with the site's time, by which an agency checks its clock. */
  answer(natsSubject: string, data: Uint8Array): Uint8Array | undefined;
  readonly seen: LastSeen;
  /** Open agencies of these sites that were not heard of for three minutes. */
  silent(sites: ReadonlySet<string>): AgencyCode[];
}

export function createPresenceDesk(registry: Registry, now: () => Date): PresenceDesk {
  const seen = new LastSeen(now().getTime());
  return {
    seen,
    answer: (natsSubject, data) => {
      const atMs = now().getTime();
      if (seen.note(natsSubject, data, atMs) === undefined) return undefined;
      return encodePresence({ atMs });
    },
    silent: (sites) => {
      const nowMs = now().getTime();
      const expected = new Set<AgencyCode>();
      for (const { entry } of registry.entries()) {
        const { code, role, site, validFrom, validTo } = entry;
        const isOpen =
          Date.parse(validFrom) <= nowMs && (validTo === null || Date.parse(validTo) > nowMs);
        if (role !== 'agency' || !isOpen || !sites.has(site)) expected.delete(code);
        else expected.add(code);
      }
      return seen.silent(expected, nowMs);
    },
  };
}
