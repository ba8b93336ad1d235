import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Site, isSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { sitePermissions } from '../permission/site.ts';
import { type LocalOperator, openOperator } from './operator.ts';
import { OPERATOR_SEED, SIGNER_FILE, signerFileName } from './files.ts';
import type { SiteKeys } from './site-keys.ts';
import { openSiteSigner } from './site-signer.ts';

export const SERVICE_FILE = 'site-service.creds';

/** A file for a province, by its name; each holds a secret and needs mode 0600. */
export interface KeyFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What the centre hands a site of a federated plan. */
export interface SiteKeyFiles {
  /** For the folder that {@link openSiteKeys} opens. */
  readonly service: readonly KeyFile[];
}

/** @param operator - that of the site's own place: credentials of one place are worth nothing at another. */
export async function exportSiteKeys(
  operator: LocalOperator,
  site: Site,
  now: Date,
): Promise<SiteKeyFiles> {
  const signer = new TextEncoder().encode(await operator.siteSignerFile(site));
  const service = await mintServiceCredentials(operator, site, now);
  return {
    service: [
      { name: signerFileName(site), content: signer },
      { name: SERVICE_FILE, content: service },
    ],
  };
}

/** Credentials of the service of one site, for the folder of a province. */
export async function mintServiceCredentials(
  operator: LocalOperator,
  site: Site,
  now: Date,
): Promise<Uint8Array> {
  return await operator.mint({
    account: 'STORE',
    name: `site service ${site}`,
    permissions: sitePermissions([site]),
    expiresAt: null,
    now,
  });
}

/**
 * Opens the folder of keys that a site service works with: a province's, with the files of
 * {@link exportSiteKeys}, or else the operator's.
 *
 * @throws {@link BusError} `BUS_KEY_NOT_HELD` for a folder that holds neither.
 */
export async function openSiteKeys(folder: string): Promise<SiteKeys> {
  if (existsSync(join(folder, OPERATOR_SEED))) return await openOperator(folder);
  // Keys that were made up here would sign what no server of the bus believes.
  if (!existsSync(folder) || (await signedSites(folder)).length === 0) {
    throw new BusError('BUS_KEY_NOT_HELD', `${folder} holds no keys of a bus`, {
      details: { folder },
    });
  }
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

/** Whether a folder of keys is the operator's: a province cannot revoke, mint or add sites. */
export function holdsOperatorKeys(keys: SiteKeys): keys is LocalOperator {
  return 'mint' in keys;
}

async function signedSites(folder: string): Promise<Site[]> {
  const names = (await readdir(folder)).map((file) => SIGNER_FILE.exec(file)?.[1] ?? '');
  return names.filter(isSite).toSorted();
}
