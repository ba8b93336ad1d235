import {
  type Account,
  type SigningKey,
  type User,
  decode,
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
import { keyPairOf } from './key-pair.ts';
import { createNatsKey, type NatsKey } from './keys.ts';

/** Clocks of an agency and its broker may differ this much. */
const NOT_BEFORE_SLACK_S = 300;
const UNLIMITED = -1;
const NANOS_PER_MS = 1_000_000;

/** Names the system account, so that the server trusts its users with administration. */
export async function signOperatorJwt(
  name: string,
  operator: NatsKey,
  systemAccount: string,
): Promise<string> {
  return await encodeOperator(name, keyPairOf(operator), { system_account: systemAccount });
}

/** A key that signs users of an account, and only such as fit its template. */
export interface ScopedKey {
  readonly publicKey: string;
  readonly role: string;
  readonly template: UserPermissions;
  /** Networks in CIDR form from which its users may connect; none: from anywhere. */
  readonly networks?: readonly string[];
}

export interface AccountClaims {
  readonly name: string;
  readonly publicKey: string;
  readonly jetStream: boolean;
  readonly exports: readonly AccountExport[];
  /** Imports from one other account, given by its public key. */
  readonly imports: { readonly from: string; readonly list: readonly AccountImport[] } | null;
  readonly signingKeys?: readonly ScopedKey[];
  /** User keys that are refused, with the second up to which their JWTs are. */
  readonly revocations?: Readonly<Record<string, number>>;
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
  if (claims.signingKeys !== undefined) account.signing_keys = claims.signingKeys.map(toSigningKey);
  if (claims.revocations !== undefined) account.revocations = { ...claims.revocations };
  return await encodeAccount(claims.name, fromPublic(claims.publicKey), account, {
    signer: keyPairOf(operator),
  });
}

/** What an account's JWT says, whoever signed it when; two with the same content are the same account. */
export interface AccountContent {
  readonly name: string;
  readonly content: string;
  readonly issuedAtS: number;
}

/** Reads a JWT that this software wrote; the signature is the broker's to check. */
export function readAccountJwt(jwt: string): AccountContent | undefined {
  try {
    const { iss, iat, name, sub, nats } = decode(jwt);
    return { name, content: JSON.stringify([iss, name, sub, nats]), issuedAtS: iat };
  } catch {
    return undefined;
  }
}

/** Who is refused by an account's JWT, and whose account it is. */
export interface AccountRevocations {
  /** Public key of the operator whose signature was verified. */
  readonly issuer: string;
  readonly publicKey: string;
  readonly revoked: readonly string[];
}

/** @returns `undefined` for what is no account's JWT with a good signature of its issuer. */
export function readRevocations(jwt: string): AccountRevocations | undefined {
  try {
    const { iss, sub, nats } = decode<Account>(jwt);
    return { issuer: iss, publicKey: sub, revoked: Object.keys(nats.revocations ?? {}) };
  } catch {
    return undefined;
  }
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
  const { permissions } = claims;
  const rights: Partial<User> =
    permissions === 'all'
      ? { subs: UNLIMITED, data: UNLIMITED, payload: UNLIMITED }
      : toRights(permissions);
  const jwt = await encodeUser(
    claims.name,
    fromPublic(user.publicKey),
    keyPairOf(account),
    rights,
    // Otherwise the library adds empty `resp`, which the server reads as leave to answer.
    { scopedUser: true, ...validity(claims) },
  );
  return composeCredentials(jwt, user);
}

export interface ScopedUserClaims {
  /** Fills in `{{name()}}` of the template. */
  readonly name: string;
  /** `key:value`, fills in `{{tag(key)}}` of the template. */
  readonly tags: readonly string[];
  readonly userPublicKey: string;
  readonly accountPublicKey: string;
  readonly expiresAt: Date;
  readonly now: Date;
}

/** @returns the JWT of a user whose rights are the template of the scoped key that signs it. */
export async function signScopedUserJwt(
  claims: ScopedUserClaims,
  signingKey: NatsKey,
): Promise<string> {
  return await encodeUser(
    claims.name,
    fromPublic(claims.userPublicKey),
    keyPairOf(signingKey),
    { issuer_account: claims.accountPublicKey, tags: [...claims.tags] },
    { scopedUser: true, ...validity(claims) },
  );
}

/** @returns the credentials file out of a user's JWT and the key that it was made for. */
export function composeCredentials(jwt: string, user: NatsKey): Uint8Array {
  return fmtCreds(jwt, fromSeed(user.seed));
}

/**
 * The same user with a renewed JWT.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID` when the JWT is for another key.
 */
export async function renewCredentials(credentials: Uint8Array, jwt: string): Promise<Uint8Array> {
  const before = await readCredentials(credentials);
  const { key } = await parseCreds(credentials);
  const renewed = composeCredentials(jwt, {
    publicKey: before.userPublicKey,
    seed: new TextEncoder().encode(key),
  });
  if ((await readCredentials(renewed)).userPublicKey === before.userPublicKey) return renewed;
  throw new BusError('BUS_CREDENTIALS_INVALID', 'the renewed credentials are for another user', {
    details: { name: before.name },
  });
}

/** What a credentials file says about its user; the seed stays inside. */
export interface CredentialsInfo {
  readonly name: string;
  readonly userPublicKey: string;
  readonly accountPublicKey: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date | null;
}

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID`. */
export async function readCredentials(credentials: Uint8Array): Promise<CredentialsInfo> {
  try {
    const { uc, aid } = await parseCreds(credentials);
    const expiresAt = uc.exp === undefined || uc.exp === 0 ? null : new Date(uc.exp * 1000);
    const issuedAt = new Date(uc.iat * 1000);
    return { name: uc.name, userPublicKey: uc.sub, accountPublicKey: aid, issuedAt, expiresAt };
  } catch (cause) {
    // The cause could quote part of the file: it is named, not kept.
    const reason = cause instanceof Error ? cause.name : 'unknown';
    throw new BusError('BUS_CREDENTIALS_INVALID', 'cannot read the broker credentials', {
      details: { reason },
    });
  }
}

function validity(claims: { readonly now: Date; readonly expiresAt: Date | null }) {
  const nbf = Math.floor(claims.now.getTime() / 1000) - NOT_BEFORE_SLACK_S;
  if (claims.expiresAt === null) return { nbf };
  return { nbf, exp: Math.floor(claims.expiresAt.getTime() / 1000) };
}

function toRights(permissions: UserPermissions) {
  const { publish, subscribe, responses, link } = permissions;
  const answers =
    responses === undefined
      ? {}
      : { resp: { max: responses.max, ttl: responses.ttlMs * NANOS_PER_MS } };
  return {
    pub: { allow: [...publish] },
    sub: { allow: [...subscribe] },
    ...answers,
    subs: permissions.maxSubscriptions,
    payload: permissions.maxPayloadBytes,
    data: UNLIMITED,
    allowed_connection_types: [link === 'leaf' ? ('LEAFNODE' as const) : ('STANDARD' as const)],
  };
}

function toSigningKey(key: ScopedKey): SigningKey {
  const networks = key.networks ?? [];
  return {
    kind: 'user_scope',
    key: key.publicKey,
    role: key.role,
    template: {
      ...toRights(key.template),
      ...(networks.length === 0 ? {} : { src: [...networks] }),
    },
  };
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
