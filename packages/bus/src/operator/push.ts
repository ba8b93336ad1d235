import { type ClaimsConnection, openClaims } from '../broker/claims.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import type { Site } from '../agency/tier.ts';
import { claimsPermissions, monitorPermissions } from '../permission/user.ts';
import type { AccountJwt } from './account-jwt.ts';
import type { LocalOperator, ServiceAccount } from './operator.ts';

export interface PushTargets {
  /** One address for each server or cluster that must know: every site's server has its own. */
  readonly servers: readonly string[];
  readonly tls?: TlsMaterial;
}

export interface PushResult {
  readonly server: string;
  /** Absent when the server took it. */
  readonly error?: Error;
}

/** How long the right to hand accounts over lasts. */
export const CLAIMS_VALID_MS = 10 * 60_000;

/**
 * Credentials of a system user that can hand a server accounts signed by the operator, and nothing else.
 *
 * A server takes an account that is older than its own, too, and with it lets in who was revoked since.
 * So nobody keeps these: whoever has the operator's keys makes them when they are needed.
 */
export async function mintClaimsCredentials(
  operator: LocalOperator,
  now: Date,
): Promise<Uint8Array> {
  const permissions = claimsPermissions();
  const expiresAt = new Date(now.getTime() + CLAIMS_VALID_MS);
  return await operator.mint({ account: 'SYS', name: 'claims', permissions, expiresAt, now });
}

/** Credentials of a system user that reads how servers are, for as long as one look takes. */
export async function mintMonitorCredentials(
  operator: LocalOperator,
  now: Date,
): Promise<Uint8Array> {
  const permissions = monitorPermissions();
  const expiresAt = new Date(now.getTime() + CLAIMS_VALID_MS);
  return await operator.mint({ account: 'SYS', name: 'monitor', permissions, expiresAt, now });
}

/**
 * Gives an account to each of the servers; one that does not answer stops none of the others.
 *
 * Whom a server refuses is refused from then on by the folder and by all others, too: the folder may
 * have been put back from an older copy, and what it says must let nobody in again.
 *
 * @returns what came of it, server by server. Whoever was not reached has to be asked again.
 */
export async function pushAccount(
  operator: LocalOperator,
  account: AccountJwt,
  targets: PushTargets,
): Promise<PushResult[]> {
  const credentials = await mintClaimsCredentials(operator, new Date());
  const tls = targets.tls === undefined ? {} : { tls: targets.tls };
  const current = new CurrentAccount(operator, account);
  const give = async (server: string): Promise<PushResult & { given?: AccountJwt }> => {
    try {
      await using claims = await openClaims({ servers: server, credentials, ...tls });
      return { server, given: await handOver(claims, current) };
    } catch (error) {
      return { server, error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
  const first = await Promise.all(targets.servers.map(give));
  // A slower server may have known of somebody whom a quicker one has let in meanwhile.
  const last = first.map(async (result) =>
    result.given === undefined || result.given === current.account
      ? result
      : await give(result.server),
  );
  return (await Promise.all(last)).map(({ server, error }) =>
    error === undefined ? { server } : { server, error },
  );
}

/**
 * Revokes a user of a site on disk, then on every server given: its connection ends within a
 * second. What could not be reached lets the user in until it gets the account, so look at the result.
 */
export async function revokeUser(
  operator: LocalOperator,
  user: { readonly site: Site; readonly userPublicKey: string },
  targets: PushTargets,
): Promise<PushResult[]> {
  const account = await operator.revokeUser(user.site, user.userPublicKey);
  return await pushAccount(operator, account, targets);
}

/** As {@link revokeUser} for a relay, a site service or the line of a site. */
export async function revokeServiceUser(
  operator: LocalOperator,
  user: { readonly account: ServiceAccount; readonly userPublicKey: string },
  targets: PushTargets,
): Promise<PushResult[]> {
  const account = await operator.revokeServiceUser(user.account, user.userPublicKey);
  return await pushAccount(operator, account, targets);
}

/** Replaces a lost signing key of a site; every agency of the site needs new credentials afterwards. */
export async function replaceSiteSigner(
  operator: LocalOperator,
  site: Site,
  targets: PushTargets,
): Promise<PushResult[]> {
  return await pushAccount(operator, await operator.replaceSiteSigner(site), targets);
}

/** The account that is handed over; it grows with what servers know better. */
class CurrentAccount {
  readonly #operator: LocalOperator;
  #account: AccountJwt;
  #working: Promise<unknown> = Promise.resolve();

  constructor(operator: LocalOperator, account: AccountJwt) {
    this.#operator = operator;
    this.#account = account;
  }

  get publicKey(): string {
    return this.#account.publicKey;
  }

  get account(): AccountJwt {
    return this.#account;
  }

  /** One at a time, or two would sign different ones of the same second. */
  async learn(jwt: string): Promise<void> {
    const done = this.#working.catch(() => undefined).then(async () => await this.#learn(jwt));
    this.#working = done;
    await done;
  }

  async #learn(jwt: string): Promise<void> {
    if ((await this.#operator.takeBackRevocations(jwt)).length === 0) return;
    this.#account = (await this.#operator.currentAccountJwt(this.publicKey)) ?? this.#account;
  }
}

/** @returns what the server has now. */
async function handOver(claims: ClaimsConnection, current: CurrentAccount): Promise<AccountJwt> {
  const known = await claims.read(current.publicKey);
  if (known !== undefined) await current.learn(known);
  const given = current.account;
  await claims.update(given);
  return given;
}
