import type { Site } from '../agency/tier.ts';
import type { SiteKeys } from '../operator/site-keys.ts';
import { mintSiteCredentials } from './credentials.ts';

/** The service's own rights, which name the sites that it works for. */
export interface OwnRights {
  /** For the next connection. */
  credentials(): Uint8Array;
  /** When a site is new, connects again with rights for it too. */
  renew(reconnect: () => Promise<void>): Promise<void>;
}

export async function openOwnRights(
  keys: SiteKeys,
  hostedSites: () => Promise<readonly Site[]>,
  now: () => Date,
): Promise<OwnRights> {
  let known = new Set(await hostedSites());
  let credentials = await mintSiteCredentials(keys, now());
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (reconnect: () => Promise<void>): Promise<void> => {
    const hosted = await hostedSites();
    if (hosted.every((site) => known.has(site))) return;
    credentials = await mintSiteCredentials(keys, now());
    await reconnect();
    known = new Set(hosted);
  };
  return {
    credentials: () => credentials,
    renew: async (reconnect) => {
      renewing = renewing.catch(() => undefined).then(async () => await renew(reconnect));
      await renewing;
    },
  };
}
