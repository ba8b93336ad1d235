import {
  type Account,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type Export,
  type Import,
  parseCreds,
} from '@nats-io/jwt';
import { fromPublic, fromSeed } from '@nats-io/nkeys';

import { BusError } from '../errors.ts';
import type { AccountExport, AccountImport } from '../permission/account.ts';
import type { UserPermissions } from '../permission/user.ts';
import { createNatsKey, type NatsKey } from './keys.ts';

/** Clocks of an agency and its broker may differ this much. */
const NOT_BEFORE_SLACK_S = 300;
const UNLIMITED = -1;

/** Names the system account, so that the server trusts its users with administration. */
export async function signOperatorJwt(
  name: string,
  operator: NatsKey,
  systemAccount: string,
): Promise<string> {
  return await encodeOperator(name, fromSeed(operator.seed), { system_account: systemAccount });
}

export interface AccountClaims {
  readonly name: string;
  readonly publicKey: string;
  readonly jetStream: boolean;
  readonly exports: readonly AccountExport[];
  /** Imports from one other account, given by its public key. */
  readonly imports: { readonly from: string; readonly list: readonly AccountImport[] } | null;
}

/** @returns the account's JWT, signed by the operator. */
export async function signAccountJwt(claims: AccountClaims, operator: NatsKey): Promise<string> {
  const storage = claims.jetStream ? UNLIMITED : 0;
  const account: Partial<Account> = {
    exports: claims.exports.map(toExport),
    limits: {
      subs: UNLIMITED,
      data: UNLIMITED,
      payload: UNLIMITED,
      imports: UNLIMITED,
      exports: UNLIMITED,
      wildcards: true,
      conn: UNLIMITED,
      leaf: claims.jetStream ? UNLIMITED : 0,
      mem_storage: storage,
      disk_storage: storage,
      streams: storage,
      consumer: storage,
    },
  };
  if (claims.imports !== null) {
    const from = claims.imports.from;
    account.imports = claims.imports.list.map((entry) => toImport(entry, from));
  }
  return await encodeAccount(claims.name, fromPublic(claims.publicKey), account, {
    signer: fromSeed(operator.seed),
  });
}

export interface UserClaims {
  /** Shown in the broker's monitoring: the agency code, or the role. */
  readonly name: string;
  readonly permissions: UserPermissions | 'all';
  readonly expiresAt: Date | null;
  readonly now: Date;
}

/** @returns a credentials file: the user's JWT and seed, in the form that every NATS client reads. */
export async function mintCredentials(
  claims: UserClaims,
  account: NatsKey,
  user: NatsKey = createNatsKey('user'),
): Promise<Uint8Array> {
  const pair = fromSeed(user.seed);
  const nowS = Math.floor(claims.now.getTime() / 1000);
  const { permissions } = claims;
  const rights =
    permissions === 'all'
      ? {}
      : {
          pub: { allow: [...permissions.publish] },
          sub: { allow: [...permissions.subscribe] },
          ...(permissions.responses === undefined
            ? {}
            : {
                resp: {
                  max: permissions.responses.max,
                  ttl: permissions.responses.ttlMs * 1_000_000,
                },
              }),
          subs: permissions.maxSubscriptions,
          payload: permissions.maxPayloadBytes,
          data: UNLIMITED,
          allowed_connection_types: ['STANDARD' as const],
        };
  const jwt = await encodeUser(claims.name, pair, fromSeed(account.seed), rights, {
    nbf: nowS - NOT_BEFORE_SLACK_S,
    ...(claims.expiresAt === null ? {} : { exp: Math.floor(claims.expiresAt.getTime() / 1000) }),
  });
  return fmtCreds(jwt, pair);
}

/** What a credentials file says about its user; the seed stays inside. */
export interface CredentialsInfo {
  readonly name: string;
  readonly userPublicKey: string;
  readonly accountPublicKey: string;
  readonly expiresAt: Date | null;
}

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID`. */
export async function readCredentials(credentials: Uint8Array): Promise<CredentialsInfo> {
  try {
    const { uc, aid } = await parseCreds(credentials);
    const expiresAt = uc.exp === undefined || uc.exp === 0 ? null : new Date(uc.exp * 1000);
    return { name: uc.name, userPublicKey: uc.sub, accountPublicKey: aid, expiresAt };
  } catch (cause) {
    // The cause could quote part of the file: it is named, not kept.
    const reason = cause instanceof Error ? cause.name : 'unknown';
    throw new BusError('BUS_CREDENTIALS_INVALID', 'cannot read the broker credentials', {
      details: { reason },
    });
  }
}

function toExport(entry: AccountExport): Export {
  const { name, subject, type, responseType } = entry;
  const base: Export = { name, subject, type };
  return responseType === undefined ? base : { ...base, response_type: responseType };
}

function toImport(entry: AccountImport, account: string): Import {
  const { name, subject, type } = entry;
  return { name, subject, type, account, local_subject: subject };
}
