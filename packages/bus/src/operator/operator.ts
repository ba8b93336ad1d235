import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Site, isSite } from '../agency/tier.ts';
import { type NatsKey, type NatsKeyKind, createNatsKey, readNatsKey } from '../broker/keys.ts';
import {
  type AccountClaims,
  mintCredentials,
  readRevocations,
  signOperatorJwt,
} from '../broker/jwt.ts';
import { BusError } from '../errors.ts';
import { createFile, replaceFile } from '../disk/atomic-file.ts';
import {
  RELAY_ACCOUNT,
  STORE_ACCOUNT,
  SYSTEM_ACCOUNT,
  accountImports,
  agencyAccount,
  relayImports,
  storeExports,
} from '../permission/account.ts';
import { sitePermissions } from '../permission/site.ts';
import { type UserPermissions, agencyTemplate, relayPermissions } from '../permission/user.ts';
import { type AccountJwt, signAccountOnce } from './account-jwt.ts';
import { AGENCY_SEED, OPERATOR_SEED, SIGNER_FILE, signerFileName } from './files.ts';
import { openNetworks } from './networks.ts';
import { type RevocationList, isUserKey, openRevocations, revocationClaims } from './revocation.ts';
import type { SiteKeys } from './site-keys.ts';
import { type SiteSigner, decodeSiteSigner, encodeSiteSigner } from './site-signer.ts';

/** Name of the signing keys' template, as the broker's own tools show it. */
const AGENCY_ROLE = 'agency';

/**
 * The keys that say who may be on this broker: the operator, the accounts `SYS`, `STORE` and `RELAY`, and
 * for each site its account and the signing key for its agencies. They are files of mode 0600 in
 * one folder of mode 0700, beside them what was revoked; a site exists when its seed does.
 *
 * Only the centre has this folder. A province has the file of its signing key.
 */
export interface LocalOperator extends SiteKeys {
  readonly folder: string;
  operatorJwt(): Promise<string>;
  systemAccountPublicKey(): string;
  storeAccountPublicKey(): string;
  /** Makes the keys of a site; nothing happens when they are there. */
  addSite(site: Site): Promise<void>;
  /** JWTs of `SYS`, `STORE`, `RELAY` and of every site, as they are now. */
  accountJwts(): Promise<AccountJwt[]>;
  agencyAccountJwt(site: Site): Promise<AccountJwt>;
  /** The signer refuses user keys that are revoked. */
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
  /**
   * As {@link revokeUser} for several, without a new JWT: the next one that is made names them.
   *
   * @returns those that were not known yet.
   */
  writeDownRevoked(owner: AccountOwner, userPublicKeys: readonly string[]): Promise<string[]>;
  /**
   * Writes down who is revoked in the JWT of an account as a server has it. The folder knows less
   * when it was put back from an older copy; what is not of this operator teaches it nothing.
   *
   * @returns the user keys that were not known yet.
   */
  takeBackRevocations(jwt: string): Promise<string[]>;
  /** JWT of any account of this folder as it is now. */
  currentAccountJwt(publicKey: string): Promise<AccountJwt | undefined>;
  /** JWT of `STORE` or `RELAY` as it is now. */
  serviceAccountJwt(account: ServiceAccount): Promise<AccountJwt>;
  /**
   * Refuses a relay, a site service or the line of a site from now on, as {@link revokeUser} does an agency.
   *
   * @returns the account's JWT, which has to reach every server of the place.
   */
  revokeServiceUser(account: ServiceAccount, userPublicKey: string): Promise<AccountJwt>;
  /**
   * Lets the agencies of a site connect from these networks only (`10.1.0.0/16`); none: from anywhere.
   *
   * @returns the account's JWT, which has to reach every server of the site.
   */
  setSiteNetworks(site: Site, networks: readonly string[]): Promise<AccountJwt>;
  /** A user of `SYS`, `STORE` or `RELAY`: services, leaf lines, administrators, relays. */
  mint(input: MintInput): Promise<Uint8Array>;
}

/** An account whose users are services: lines, site services and administrators, or relays. */
export type ServiceAccount = 'STORE' | 'RELAY';

/** Whose users: those of a site's agencies, or services. */
export type AccountOwner = ServiceAccount | { readonly site: Site };

export interface MintInput {
  readonly account: 'SYS' | 'STORE' | 'RELAY';
  readonly name: string;
  readonly permissions: UserPermissions | 'all';
  readonly expiresAt: Date | null;
  readonly now: Date;
  readonly user?: NatsKey;
}

/**
 * Opens the folder of keys and makes what is missing.
 *
 * @throws {@link BusError} `BUS_KEY_NOT_HELD` in the folder of a province: a second operator made
 *   there would sign what no server of the bus believes.
 */
export async function openOperator(folder: string): Promise<LocalOperator> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseProvince(folder);
  const roots: RootKeys = {
    operator: await openKey(folder, 'operator', 'operator'),
    SYS: await openKey(folder, SYSTEM_ACCOUNT, 'account'),
    STORE: await openKey(folder, STORE_ACCOUNT, 'account'),
    RELAY: await openKey(folder, RELAY_ACCOUNT, 'account'),
  };
  const sites = openSiteFiles(folder);
  const accounts = createAccounts(folder, roots, sites);
  const mint = async ({ account: owner, user, ...claims }: MintInput): Promise<Uint8Array> => {
    return await mintCredentials(claims, roots[owner], user ?? createNatsKey('user'));
  };
  return {
    folder,
    ...accounts,
    operatorJwt: async () => await signOperatorJwt('congvan', roots.operator, roots.SYS.publicKey),
    systemAccountPublicKey: () => roots.SYS.publicKey,
    storeAccountPublicKey: () => roots.STORE.publicKey,
    sites: sites.list,
    addSite: async (site) => {
      await openKey(folder, agencyAccount(site), 'account');
      await sites.signerFile(site);
    },
    siteSigner: sites.signer,
    siteSignerFile: sites.signerFile,
    replaceSiteSigner: async (site) => {
      await sites.replaceSigner(site);
      return await accounts.agencyAccountJwt(site);
    },
    revokeUser: async (site, userPublicKey) => {
      await sites.account(site);
      await sites.revocations(site).add([userPublicKey]);
      return await accounts.agencyAccountJwt(site);
    },
    revokedUsers: async (site) => await sites.revocations(site).list(),
    writeDownRevoked: async (owner, keys) => await revocationsOfOwner(folder, owner).add(keys),
    takeBackRevocations: async (jwt) => await takeBack(folder, roots, sites, jwt),
    currentAccountJwt: async (publicKey) =>
      (await accounts.accountJwts()).find((account) => account.publicKey === publicKey),
    revokeServiceUser: async (account, userPublicKey) => {
      await revocationsOf(folder, account).add([userPublicKey]);
      return await accounts.serviceAccountJwt(account);
    },
    setSiteNetworks: async (site, networks) => {
      await sites.account(site);
      await sites.networks(site).replace(networks);
      return await accounts.agencyAccountJwt(site);
    },
    serviceCredentials: async (now) => {
      const permissions = sitePermissions(await sites.list());
      const name = 'site service';
      return await mint({ account: 'STORE', name, permissions, expiresAt: null, now });
    },
    relayCredentials: async ({ code, site, ...user }) => {
      const permissions = relayPermissions(code, site);
      return await mint({ ...user, account: 'RELAY', name: `relay ${code}`, permissions });
    },
    mint,
  };
}

interface RootKeys {
  readonly operator: NatsKey;
  readonly SYS: NatsKey;
  readonly STORE: NatsKey;
  readonly RELAY: NatsKey;
}

function createAccounts(folder: string, roots: RootKeys, sites: SiteFiles) {
  const { operator, SYS, STORE, RELAY } = roots;
  const sign = async (claims: AccountClaims): Promise<AccountJwt> =>
    await signAccountOnce(join(folder, 'jwt'), claims, operator);
  const agencyAccountJwt = async (site: Site): Promise<AccountJwt> => {
    const { publicKey } = await sites.account(site);
    const signer = await sites.signer(site);
    const networks = await sites.networks(site).list();
    return await sign({
      name: agencyAccount(site),
      publicKey,
      jetStream: false,
      exports: [],
      imports: { from: STORE.publicKey, list: accountImports(site) },
      signingKeys: [
        {
          publicKey: signer.publicKey,
          role: AGENCY_ROLE,
          template: agencyTemplate(site),
          networks,
        },
      ],
      revocations: revocationClaims(await sites.revocations(site).list()),
    });
  };
  const own = (name: string, key: NatsKey, owner: boolean): AccountClaims => ({
    name,
    publicKey: key.publicKey,
    jetStream: owner,
    exports: owner ? storeExports() : [],
    imports: null,
  });
  const serviceClaims = {
    STORE: own(STORE_ACCOUNT, STORE, true),
    RELAY: {
      ...own(RELAY_ACCOUNT, RELAY, false),
      imports: { from: STORE.publicKey, list: relayImports() },
    },
  };
  const serviceAccountJwt = async (account: ServiceAccount): Promise<AccountJwt> => {
    const revoked = await revocationsOf(folder, account).list();
    // Where nobody is, the account stays as servers have it.
    const revocations = revoked.length === 0 ? {} : { revocations: revocationClaims(revoked) };
    return await sign({ ...serviceClaims[account], ...revocations });
  };
  return {
    agencyAccountJwt,
    serviceAccountJwt,
    accountJwts: async (): Promise<AccountJwt[]> => [
      await sign(own(SYSTEM_ACCOUNT, SYS, false)),
      await serviceAccountJwt('STORE'),
      await serviceAccountJwt('RELAY'),
      ...(await Promise.all((await sites.list()).map(agencyAccountJwt))),
    ],
  };
}

function revocationsOf(folder: string, account: string): RevocationList {
  return openRevocations(join(folder, 'revoked', account));
}

function revocationsOfOwner(folder: string, owner: AccountOwner): RevocationList {
  return revocationsOf(folder, typeof owner === 'string' ? owner : agencyAccount(owner.site));
}

async function takeBack(
  folder: string,
  { operator, STORE, RELAY }: RootKeys,
  sites: SiteFiles,
  jwt: string,
): Promise<string[]> {
  const read = readRevocations(jwt);
  if (read === undefined || read.issuer !== operator.publicKey) return [];
  const keys = read.revoked.filter(isUserKey);
  if (keys.length === 0) return [];
  if (read.publicKey === STORE.publicKey) return await revocationsOf(folder, 'STORE').add(keys);
  if (read.publicKey === RELAY.publicKey) return await revocationsOf(folder, 'RELAY').add(keys);
  for (const site of await sites.list()) {
    if ((await sites.account(site)).publicKey === read.publicKey) {
      return await sites.revocations(site).add(keys);
    }
  }
  return [];
}

type SiteFiles = ReturnType<typeof openSiteFiles>;

/** What the folder holds of each site. */
function openSiteFiles(folder: string) {
  let last: { readonly content: string; readonly signer: SiteSigner } | undefined;
  const account = async (site: Site): Promise<NatsKey> => {
    const path = join(folder, `${agencyAccount(site)}.seed`);
    if (existsSync(path)) return readNatsKey('account', await readFile(path));
    throw new BusError('BUS_SITE_INVALID', `site ${site} is not hosted by this broker`, {
      details: { site },
    });
  };
  const signerPath = (site: Site) => join(folder, signerFileName(site));
  const freshSigner = async (site: Site): Promise<string> =>
    encodeSiteSigner(site, (await account(site)).publicKey, createNatsKey('account'));
  const revocations = (site: Site) => revocationsOf(folder, agencyAccount(site));
  const signerFile = async (site: Site): Promise<string> => {
    const path = signerPath(site);
    // Another process may make it at the same moment: what is on disk counts.
    if (!existsSync(path)) await createFile(path, await freshSigner(site), 0o600);
    return await readFile(path, 'utf8');
  };
  return {
    list: async (): Promise<Site[]> => {
      const names = (await readdir(folder)).map((file) => AGENCY_SEED.exec(file)?.[1] ?? '');
      return names.filter(isSite).toSorted();
    },
    account,
    revocations,
    networks: (site: Site) => openNetworks(join(folder, `${agencyAccount(site)}.networks.json`)),
    signerFile,
    signer: async (site: Site): Promise<SiteSigner> => {
      const content = await signerFile(site);
      // Deriving the public key costs more than all else of letting an agency in.
      const signer = last?.content === content ? last.signer : decodeSiteSigner(content);
      last = { content, signer };
      return refuseRevoked(signer, revocations(site).has);
    },
    replaceSigner: async (site: Site): Promise<void> =>
      await replaceFile(signerPath(site), await freshSigner(site), 0o600),
  };
}

async function refuseProvince(folder: string): Promise<void> {
  if (existsSync(join(folder, OPERATOR_SEED))) return;
  if (!(await readdir(folder)).some((file) => SIGNER_FILE.test(file))) return;
  throw new BusError(
    'BUS_KEY_NOT_HELD',
    `${folder} holds the signing key of a site; this needs the operator's keys, at the centre`,
    { details: { folder } },
  );
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
