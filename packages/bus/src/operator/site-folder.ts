import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Site, isSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { leafPermissions } from '../permission/leaf.ts';
import { sitePermissions } from '../permission/site.ts';
import { type LocalOperator, openOperator } from './operator.ts';
import { mintClaimsCredentials } from './push.ts';
import { OPERATOR_SEED, SIGNER_FILE, signerFileName } from './files.ts';
import type { SiteKeys } from './site-keys.ts';
import { openSiteSigner } from './site-signer.ts';

const SERVICE_FILE = 'site-service.creds';

/** A file for a province, by its name; each holds a secret and needs mode 0600. */
export interface KeyFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What the centre hands a province, and on which side of the province's machines it belongs. */
export interface SiteKeyFiles {
  /** For the folder that {@link openSiteKeys} opens. */
  readonly service: readonly KeyFile[];
  /** For the site's nats-server: its line to the centre. */
  readonly server: readonly KeyFile[];
}

export async function exportSiteKeys(
  operator: LocalOperator,
  site: Site,
  now: Date,
): Promise<SiteKeyFiles> {
  const store = { account: 'STORE', expiresAt: null, now } as const;
  const signer = new TextEncoder().encode(await operator.siteSignerFile(site));
  return {
    service: [
      { name: signerFileName(site), content: signer },
      {
        name: SERVICE_FILE,
        content: await operator.mint({
          ...store,
          name: `site service ${site}`,
          permissions: sitePermissions([site]),
        }),
      },
      { name: 'claims.creds', content: await mintClaimsCredentials(operator, now) },
    ],
    server: [
      {
        name: `leaf_${site}.creds`,
        content: await operator.mint({
          ...store,
          name: `leaf ${site}`,
          permissions: leafPermissions(site),
        }),
      },
    ],
  };
}

/**
 * Opens the folder of keys that a site service works with: a province's, with the files of
 * {@link exportSiteKeys}, or else the operator's.
 */
export async function openSiteKeys(folder: string): Promise<SiteKeys> {
  const own = existsSync(folder) && !existsSync(join(folder, OPERATOR_SEED));
  if (!own || (await signedSites(folder)).length === 0) return await openOperator(folder);
  return {
    sites: async () => await signedSites(folder),
    siteSigner: async (site) => {
      if ((await signedSites(folder)).includes(site)) {
        return await openSiteSigner(join(folder, signerFileName(site)));
      }
      throw new BusError('BUS_SITE_INVALID', `the signing key of site ${site} is not here`, {
        details: { site },
      });
    },
    serviceCredentials: async () => await readFile(join(folder, SERVICE_FILE)),
    relayCredentials: async ({ code }) => {
      throw new BusError(
        'BUS_KEY_NOT_HELD',
        `only the centre lets a relay in: ask it for the credentials of ${code}`,
        { details: { agencyCode: code } },
      );
    },
  };
}

async function signedSites(folder: string): Promise<Site[]> {
  const names = (await readdir(folder)).map((file) => SIGNER_FILE.exec(file)?.[1] ?? '');
  return names.filter(isSite).toSorted();
}
