import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Site, isSite, parseSite } from '../agency/tier.ts';
import { type NatsKey, type NatsKeyKind, createNatsKey, readNatsKey } from '../broker/keys.ts';
import { mintCredentials, signOperatorJwt } from '../broker/jwt.ts';
import { BusError } from '../errors.ts';
import { createFile, replaceFile } from '../local-server/atomic-file.ts';
import {
  STORE_ACCOUNT,
  SYSTEM_ACCOUNT,
  accountImports,
  agencyAccount,
  storeExports,
} from '../permission/account.ts';
import { type UserPermissions, agencyTemplate } from '../permission/user.ts';
import { type AccountJwt, signAccountOnce } from './account-jwt.ts';
import { openRevocations, revocationClaims } from './revocation.ts';
import { type SiteSigner, decodeSiteSigner, encodeSiteSigner } from './site-signer.ts';

const AGENCY_SEED = /^AGENCY_([A-Z0-9]+)\.seed$/;
/** Name of the signing keys' template, as the broker's own tools show it. */
const AGENCY_ROLE = 'agency';

/**
 * The keys that say who may be on this broker: the operator, the accounts `SYS` and `STORE`, and
 * for each site its account and the signing key for its agencies. They are files of mode 0600 in
 * one folder of mode 0700, beside them what was revoked; a site exists when its seed does.
 *
 * Only the centre has this folder. A province has the file of its signing key.
 */
export interface LocalOperator {
  readonly folder: string;
  operatorJwt(): Promise<string>;
  systemAccountPublicKey(): string;
  storeAccountPublicKey(): string;
  sites(): Promise<Site[]>;
  /** Makes the keys of a site; nothing happens when they are there. */
  addSite(site: Site): Promise<void>;
  /** JWTs of `SYS` and `STORE` and of every site, as they are now. */
  accountJwts(): Promise<AccountJwt[]>;
  agencyAccountJwt(site: Site): Promise<AccountJwt>;
  /** Lets agencies of the site in. It refuses user keys that are revoked. */
  siteSigner(site: Site): Promise<SiteSigner>;
  /** The content of the file that {@link openSiteSigner} reads: the only secret a province gets of these. */
  siteSignerFile(site: Site): Promise<string>;
  /**
   * Replaces the signing key of a site, for one that was lost: whoever came in by it is out.
   *
   * @returns the account's JWT, which has to reach every server of the site.
   */
  replaceSiteSigner(site: Site): Promise<AccountJwt>;
  /**
   * Refuses a user of a site from now on, for good. It stands in every later JWT of the account.
   *
   * @returns the account's JWT, which has to reach every server of the site.
   */
  revokeUser(site: Site, userPublicKey: string): Promise<AccountJwt>;
  revokedUsers(site: Site): Promise<string[]>;
  /** A user of `SYS` or `STORE`: relays, services, leaf lines, administrators. */
  mint(input: MintInput): Promise<Uint8Array>;
}

export interface MintInput {
  readonly account: 'SYS' | 'STORE';
  readonly name: string;
  readonly permissions: UserPermissions | 'all';
  readonly expiresAt: Date | null;
  readonly now: Date;
  readonly user?: NatsKey;
}

/** Opens the folder of keys and makes what is missing. */
export async function openOperator(folder: string): Promise<LocalOperator> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const operator = await openKey(folder, 'operator', 'operator');
  const system = await openKey(folder, SYSTEM_ACCOUNT, 'account');
  const store = await openKey(folder, STORE_ACCOUNT, 'account');
  const account = (claims: Parameters<typeof signAccountOnce>[1]) =>
    signAccountOnce(join(folder, 'jwt'), claims, operator);
  const hosted = async (): Promise<Site[]> => {
    const names = (await readdir(folder)).map((file) => AGENCY_SEED.exec(file)?.[1] ?? '');
    return names.filter(isSite).toSorted();
  };
  const sites = createSiteKeys(folder);
  const agencyAccountJwt = async (site: Site): Promise<AccountJwt> => {
    const { publicKey } = await sites.account(site);
    const signer = await sites.signer(site);
    return await account({
      name: agencyAccount(site),
      publicKey,
      jetStream: false,
      exports: [],
      imports: { from: store.publicKey, list: accountImports(site) },
      signingKeys: [
        { publicKey: signer.publicKey, role: AGENCY_ROLE, template: agencyTemplate(site) },
      ],
      revocations: revocationClaims(await sites.revocations(site).list()),
    });
  };
  const own = (name: string, key: NatsKey, owner: boolean) => ({
    name,
    publicKey: key.publicKey,
    jetStream: owner,
    exports: owner ? storeExports() : [],
    imports: null,
  });
  return {
    folder,
    sites: hosted,
    agencyAccountJwt,
    operatorJwt: async () => await signOperatorJwt('congvan', operator, system.publicKey),
    systemAccountPublicKey: () => system.publicKey,
    storeAccountPublicKey: () => store.publicKey,
    addSite: async (site) => {
      await openKey(folder, agencyAccount(site), 'account');
      await sites.signerFile(site);
    },
    accountJwts: async () => [
      await account(own(SYSTEM_ACCOUNT, system, false)),
      await account(own(STORE_ACCOUNT, store, true)),
      ...(await Promise.all((await hosted()).map(agencyAccountJwt))),
    ],
    siteSigner: sites.signer,
    siteSignerFile: sites.signerFile,
    replaceSiteSigner: async (site) => {
      await sites.replaceSigner(site);
      return await agencyAccountJwt(site);
    },
    revokeUser: async (site, userPublicKey) => {
      await sites.account(site);
      await sites.revocations(site).add(userPublicKey);
      return await agencyAccountJwt(site);
    },
    revokedUsers: async (site) => await sites.revocations(site).list(),
    mint: async ({ account: owner, user, ...claims }) =>
      await mintCredentials(
        claims,
        owner === 'SYS' ? system : store,
        user ?? createNatsKey('user'),
      ),
  };
}

/** What the folder holds of one site. */
function createSiteKeys(folder: string) {
  const account = async (site: Site): Promise<NatsKey> => {
    const path = join(folder, `${agencyAccount(site)}.seed`);
    if (existsSync(path)) return readNatsKey('account', await readFile(path));
    throw new BusError('BUS_SITE_INVALID', `site ${site} is not hosted by this broker`, {
      details: { site },
    });
  };
  const signerPath = (site: Site) => join(folder, `${agencyAccount(site)}.signer.json`);
  const freshSigner = async (site: Site): Promise<string> =>
    encodeSiteSigner(site, (await account(site)).publicKey, createNatsKey('account'));
  const revocations = (site: Site) => openRevocations(join(folder, 'revoked', agencyAccount(site)));
  const signerFile = async (site: Site): Promise<string> => {
    const path = signerPath(parseSite(site));
    // Another process may make it at the same moment: what is on disk counts.
    if (!existsSync(path)) await createFile(path, await freshSigner(site), 0o600);
    return await readFile(path, 'utf8');
  };
  return {
    account,
    revocations,
    signerFile,
    signer: async (site: Site): Promise<SiteSigner> =>
      refuseRevoked(decodeSiteSigner(await signerFile(site)), revocations(site).has),
    replaceSigner: async (site: Site): Promise<void> =>
      await replaceFile(signerPath(parseSite(site)), await freshSigner(site), 0o600),
  };
}

function refuseRevoked(
  signer: SiteSigner,
  isRevoked: (userPublicKey: string) => Promise<boolean>,
): SiteSigner {
  return {
    ...signer,
    signAgency: async (user) => {
      if (!(await isRevoked(user.userPublicKey))) return await signer.signAgency(user);
      throw new BusError(
        'BUS_USER_KEY_REVOKED',
        `the user key of ${user.code} is revoked: the agency needs a new one`,
        { details: { agencyCode: user.code } },
      );
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
