import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import type { NatsKey } from '../broker/keys.ts';
import type { SiteSigner } from './site-signer.ts';

/**
 * What a site service needs of the broker's keys. The centre's folder offers it for every site, a
 * province's folder for its own, out of the few files that the centre made for it.
 */
export interface SiteKeys {
  sites(): Promise<Site[]>;
  /** @throws {@link BusError} `BUS_SITE_INVALID` for a site that is not hosted here. */
  siteSigner(site: Site): Promise<SiteSigner>;
  /** Credentials of the service itself, in `STORE`. */
  serviceCredentials(now: Date): Promise<Uint8Array>;
  /** @throws {@link BusError} `BUS_KEY_NOT_HELD`: only the centre lets relays in. */
  relayCredentials(relay: RelayUser): Promise<Uint8Array>;
}

export interface RelayUser {
  readonly code: AgencyCode;
  readonly site: Site;
  readonly expiresAt: Date | null;
  readonly now: Date;
  readonly user?: NatsKey;
}
