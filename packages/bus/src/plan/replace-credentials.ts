import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { readCredentials } from '../broker/jwt.ts';
import { BusError } from '../errors.ts';
import { replaceFile } from '../disk/atomic-file.ts';
import type { AccountJwt } from '../operator/account-jwt.ts';
import type { LocalOperator, ServiceAccount } from '../operator/operator.ts';
import { mintServiceCredentials } from '../operator/site-folder.ts';
import { CENTRAL_DOMAIN } from '../stream/names.ts';
import { type BusPlan, type Place, placeOfSite } from './bus-plan.ts';
import { leafFile, mintLeafCredentials, relayFiles, serviceFile } from './plan-files.ts';

/** A folder that `writePlan` wrote, with its keys. */
export interface PlanWithKeys {
  readonly folder: string;
  readonly plan: BusPlan;
  readonly operators: ReadonlyMap<string, LocalOperator>;
}

/** An account that somebody is shut out of; it has to reach every server of its place. */
export interface ChangedAccount {
  readonly place: Place;
  readonly operator: LocalOperator;
  readonly account: AccountJwt;
}

export interface ReplacedCredentials {
  readonly accounts: readonly ChangedAccount[];
  /** Files of the plan's folder: written anew for a site, removed for a relay. */
  readonly files: readonly string[];
}

/**
 * Shuts out whoever holds what lay on a site's machines, but for the signing key: refuses the
 * credentials of the line to the centre and of the site service for good, and writes new ones.
 *
 * The old ones are refused on disk before the new ones exist, so that this may be repeated.
 */
export async function replaceSiteCredentials(
  where: PlanWithKeys,
  site: Site,
  now: Date,
): Promise<ReplacedCredentials> {
  const place = placeOfSite(where.plan, site);
  if (place === undefined) {
    throw new BusError('BUS_SITE_INVALID', `the plan has no site ${site}`, { details: { site } });
  }
  const own = findPlace(where, place.id);
  const accounts = [await refuse(where, own, 'STORE', [serviceFile(site)])];
  const files = [serviceFile(site)];
  await write(where, serviceFile(site), await mintServiceCredentials(own.operator, site, now));
  if (place.hubs.length > 0) {
    const centre = findPlace(where, CENTRAL_DOMAIN);
    const lines = place.servers.map(({ name }) => leafFile(name));
    accounts.push(await refuse(where, centre, 'STORE', lines));
    for (const file of lines) {
      await write(where, file, await mintLeafCredentials(centre.operator, site, now));
      files.push(file);
    }
  }
  return { accounts, files };
}

/**
 * Shuts a relay of the plan out at its site and, where it reads there, at the centre. Its
 * credentials go; the next `bus plan` makes others.
 *
 * @returns `undefined` for a code that is no relay of the plan.
 */
export async function revokePlannedRelay(
  where: PlanWithKeys,
  code: AgencyCode,
): Promise<ReplacedCredentials | undefined> {
  const relay = where.plan.relays.find((one) => one.code === code);
  if (relay === undefined) return undefined;
  const accounts: ChangedAccount[] = [];
  const files: string[] = [];
  for (const { path, placeId } of relayFiles(where.plan, relay)) {
    accounts.push(await refuse(where, findPlace(where, placeId), 'RELAY', [path]));
    await rm(join(where.folder, path), { force: true });
    files.push(path);
  }
  return { accounts, files };
}

type PlaceWithKeys = Pick<ChangedAccount, 'place' | 'operator'>;

function findPlace({ plan, operators }: PlanWithKeys, id: string): PlaceWithKeys {
  const place = plan.places.find((one) => one.id === id);
  const operator = operators.get(id);
  if (place === undefined || operator === undefined) throw new Error(`no keys for ${id}`);
  return { place, operator };
}

/** Refuses the users of these files; one that is not there was never made, or is refused already. */
async function refuse(
  { folder }: PlanWithKeys,
  { place, operator }: PlaceWithKeys,
  owner: ServiceAccount,
  files: readonly string[],
): Promise<ChangedAccount> {
  for (const file of files) {
    const credentials = await readIfThere(join(folder, file));
    if (credentials === undefined) continue;
    const { userPublicKey } = await readCredentials(credentials);
    await operator.revokeServiceUser(owner, userPublicKey);
  }
  return { place, operator, account: await operator.serviceAccountJwt(owner) };
}

/** Any other fault is thrown: who cannot be named is not shut out. */
async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function write(
  { folder }: PlanWithKeys,
  file: string,
  credentials: Uint8Array,
): Promise<void> {
  await replaceFile(join(folder, file), credentials, 0o600);
}
