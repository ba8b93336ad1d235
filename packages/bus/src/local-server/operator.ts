import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Site, isSite } from '../agency/tier.ts';
import { type NatsKey, type NatsKeyKind, createNatsKey, readNatsKey } from '../broker/keys.ts';
import { mintCredentials, signAccountJwt, signOperatorJwt } from '../broker/jwt.ts';
import { BusError } from '../errors.ts';
import {
  STORE_ACCOUNT,
  SYSTEM_ACCOUNT,
  accountImports,
  agencyAccount,
  storeExports,
} from '../permission/account.ts';
import type { UserPermissions } from '../permission/user.ts';
import { createFile } from './atomic-file.ts';

const AGENCY_SEED = /^AGENCY_([A-Z0-9]+)\.seed$/;

/**
 * The keys that say who may be on this broker: the operator, the accounts `SYS` and `STORE`, and
 * one account per site. They are files of mode 0600 in one folder of mode 0700; a site exists when
 * its seed does.
 */
export interface LocalOperator {
  readonly folder: string;
  operatorJwt(): Promise<string>;
  systemAccountPublicKey(): string;
  sites(): Promise<Site[]>;
  /** Makes the key of a site's account; nothing happens when it is there. */
  addSite(site: Site): Promise<void>;
  /** Fresh JWTs of `SYS` and `STORE` and of every site. */
  accountJwts(): Promise<AccountJwt[]>;
  agencyAccountJwt(site: Site): Promise<AccountJwt>;
  mint(input: MintInput): Promise<Uint8Array>;
}

export interface AccountJwt {
  readonly publicKey: string;
  readonly jwt: string;
}

export interface MintInput {
  readonly account: 'SYS' | 'STORE' | { readonly site: Site };
  readonly name: string;
  readonly permissions: UserPermissions | 'all';
  readonly expiresAt: Date | null;
  readonly now: Date;
  readonly user?: NatsKey;
  /** A program (the default), or the server of a site. */
  readonly connection?: 'client' | 'leaf';
}

/** Opens the folder of keys and makes what is missing. */
export async function openOperator(folder: string): Promise<LocalOperator> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const operator = await openKey(folder, 'operator', 'operator');
  const system = await openKey(folder, SYSTEM_ACCOUNT, 'account');
  const store = await openKey(folder, STORE_ACCOUNT, 'account');
  const siteKey = async (site: Site): Promise<NatsKey> => {
    const path = join(folder, `${agencyAccount(site)}.seed`);
    if (existsSync(path)) return readNatsKey('account', await readFile(path));
    throw new BusError('BUS_SITE_INVALID', `site ${site} is not hosted by this broker`, {
      details: { site },
    });
  };

  const agencyAccountJwt = async (site: Site): Promise<AccountJwt> => {
    const { publicKey } = await siteKey(site);
    const imports = { from: store.publicKey, list: accountImports(site) };
    const name = agencyAccount(site);
    const claims = { name, publicKey, jetStream: false, exports: [], imports };
    return { publicKey, jwt: await signAccountJwt(claims, operator) };
  };
  const sites = async (): Promise<Site[]> => {
    const names = (await readdir(folder)).map((file) => AGENCY_SEED.exec(file)?.[1] ?? '');
    return names.filter(isSite).toSorted();
  };
  const ownAccountJwt = async (name: string, key: NatsKey, exports: boolean) => {
    const claims = {
      name,
      publicKey: key.publicKey,
      jetStream: exports,
      exports: exports ? storeExports() : [],
      imports: null,
    };
    return { publicKey: key.publicKey, jwt: await signAccountJwt(claims, operator) };
  };
  return {
    folder,
    sites,
    agencyAccountJwt,
    operatorJwt: async () => await signOperatorJwt('congvan', operator, system.publicKey),
    systemAccountPublicKey: () => system.publicKey,
    addSite: async (site) => void (await openKey(folder, agencyAccount(site), 'account')),
    accountJwts: async () => [
      await ownAccountJwt(SYSTEM_ACCOUNT, system, false),
      await ownAccountJwt(STORE_ACCOUNT, store, true),
      ...(await Promise.all((await sites()).map(agencyAccountJwt))),
    ],
    mint: async ({ account, user, ...claims }) => {
      const key =
        account === 'SYS' ? system : account === 'STORE' ? store : await siteKey(account.site);
      return await mintCredentials(claims, key, user ?? createNatsKey('user'));
    },
  };
}

async function openKey(folder: string, name: string, kind: NatsKeyKind): Promise<NatsKey> {
  const path = join(folder, `${name}.seed`);
  if (existsSync(path)) return readNatsKey(kind, await readFile(path));
  const key = createNatsKey(kind);
  if (await createFile(path, key.seed, 0o600)) return key;
  // Another process wrote its own key at the same moment: what is on disk counts.
  return readNatsKey(kind, await readFile(path));
}
