import { createHash, randomBytes } from 'node:crypto';

import { type AgencyCode, isAgencyCode, parseAgencyCode } from '../../agency/code.ts';
import { BusError } from '../../errors.ts';
import { homePaths, readRelayConfig } from '../home.ts';
import { type AccountRow, WebStore, openWebDatabase } from '../storage/web-store.ts';
import { MAX_PASSWORD_BYTES, PASSWORD_COST, type PasswordCost, hashPassword } from './password.ts';
import { LANGUAGES, type Language, ROLES, type Role, type Viewer } from './session.ts';

/** An account as `congvan relay user list` shows it; never its password or token. */
export interface Account {
  readonly name: string;
  readonly role: Role;
  readonly scope: AgencyCode | null;
  readonly language: Language;
  readonly createdAt: Date;
  readonly tokenExpiresAt: Date | null;
}

export interface NewAccount {
  readonly name: string;
  readonly role: Role;
  readonly scope?: string;
  readonly language?: Language;
  readonly password: string;
}

/** The accounts of one relay; the relay may run meanwhile and takes changes at once. */
export interface Accounts extends Disposable {
  list(): Account[];
  add(account: NewAccount): Promise<Account>;
  remove(name: string): void;
  /** Ends the account's sessions; its token stays. */
  setPassword(name: string, password: string): Promise<void>;
  /** A new bearer token, which is nowhere to be read again; the one before is void. */
  newToken(name: string, days: number): { readonly token: string; readonly expiresAt: Date };
  revokeToken(name: string): void;
}

const MIN_PASSWORD_CHARACTERS = 12;
const MAX_TOKEN_DAYS = 730;
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}._@-]{0,62}[\p{L}\p{N}])?$/u;
const TOKEN_BYTES = 32;
/** Marks a token for what it is, to people and to scanners for secrets. */
const TOKEN_PREFIX = 'cvt_';
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Opens the accounts of a relay's folder.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID`; its methods `BUS_ACCOUNT_INVALID`,
 *   `BUS_ACCOUNT_EXISTS` and `BUS_ACCOUNT_UNKNOWN`.
 */
export async function openAccounts(
  home: string,
  now: () => Date = () => new Date(),
  cost: PasswordCost = PASSWORD_COST,
): Promise<Accounts> {
  await readRelayConfig(home);
  const db = openWebDatabase(homePaths(home).web);
  const store = new WebStore(db);
  return {
    list: () => store.accounts().map(describeAccount),
    add: async (account) => await addAccount(store, account, now, cost),
    remove: (name) => requireKnown(store.removeAccount(canonicalName(name)), name),
    setPassword: async (name, password) => {
      const known = store.account(canonicalName(name));
      requireKnown(known !== undefined, name);
      const hash = await hashPassword(checkedPassword(password), cost);
      requireKnown(store.setPassword(canonicalName(name), hash), name);
    },
    newToken: (name, days) => {
      const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
      const expiresMs = now().getTime() + Math.min(days, MAX_TOKEN_DAYS) * DAY_MS;
      requireKnown(store.setToken(canonicalName(name), hashSecret(token), expiresMs), name);
      return { token, expiresAt: new Date(expiresMs) };
    },
    revokeToken: (name) => requireKnown(store.setToken(canonicalName(name), null, null), name),
    [Symbol.dispose]: () => void db.close(),
  };
}

/** What is secret and long enough to be guessed by nobody is kept as its SHA-256, lower hex. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Names differ by more than their case. */
export function canonicalName(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}

/** `null` for a role without the scope that it needs: such a row gives no rights. */
export function viewerOf(row: {
  readonly name: string;
  readonly role: Role;
  readonly scope: string | null;
  readonly language: Language;
}): Viewer | null {
  const { name, role, scope, language } = row;
  if (scope === null) return role === 'agency' ? null : { name, role, scope, language };
  return isAgencyCode(scope) ? { name, role, scope, language } : null;
}

async function addAccount(
  store: WebStore,
  account: NewAccount,
  now: () => Date,
  cost: PasswordCost,
): Promise<Account> {
  const name = canonicalName(account.name);
  if (!NAME.test(name)) {
    throw invalid(
      'a name has 1 to 64 letters, digits and . _ @ -, with a letter or digit at its ends',
    );
  }
  const { role, language = 'vi' } = account;
  if (!ROLES.includes(role)) throw invalid(`"${role}" is none of ${ROLES.join(', ')}`);
  if (!LANGUAGES.includes(language)) throw invalid(`"${language}" is no language`);
  const scope = account.scope === undefined ? null : parseAgencyCode(account.scope);
  if (role === 'agency' && scope === null) throw invalid('the role agency needs its agency');
  const password = await hashPassword(checkedPassword(account.password), cost);
  const row: AccountRow = {
    name,
    role,
    scope,
    language,
    password,
    createdMs: now().getTime(),
    tokenHash: null,
    tokenExpiresMs: null,
  };
  if (store.addAccount(row)) return describeAccount(row);
  throw new BusError('BUS_ACCOUNT_EXISTS', `there is an account "${name}" already`, {
    details: { account: name },
  });
}

function checkedPassword(password: string): string {
  if (password.length < MIN_PASSWORD_CHARACTERS) {
    throw invalid(`a password has at least ${MIN_PASSWORD_CHARACTERS} characters`);
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw invalid(`a password has at most ${MAX_PASSWORD_BYTES} bytes`);
  }
  return password;
}

function requireKnown(known: boolean, name: string): void {
  if (known) return;
  throw new BusError('BUS_ACCOUNT_UNKNOWN', `there is no account "${canonicalName(name)}"`, {
    details: { account: canonicalName(name) },
  });
}

function describeAccount(row: AccountRow): Account {
  const { name, role, scope, language, createdMs, tokenExpiresMs } = row;
  return {
    name,
    role,
    scope: scope !== null && isAgencyCode(scope) ? scope : null,
    language,
    createdAt: new Date(createdMs),
    tokenExpiresAt: tokenExpiresMs === null ? null : new Date(tokenExpiresMs),
  };
}

function invalid(why: string): BusError {
  return new BusError('BUS_ACCOUNT_INVALID', why, { details: {} });
}
