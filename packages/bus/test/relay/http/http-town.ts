import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { parseAgencyCode } from '../../../src/index.ts';
import { Publisher } from '../../../src/relay/audit/publisher.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { PublicationStore } from '../../../src/relay/storage/publication-store.ts';
import { type NewAccount, openAccounts } from '../../../src/relay/http/accounts.ts';
import { type MakeEvidence, NOT_RUNNING, type RelayState } from '../../../src/relay/http/link.ts';
import { type HttpSide, openHttpSide } from '../../../src/relay/http/open.ts';
import type { RelayConfig } from '../../../src/relay/home.ts';
import { RelayDatabase } from '../relay-database.ts';
import { CHEAP, newWebHome } from './web-home.ts';

export const PASSWORD = 'một mật khẩu đủ dài';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A served folder with a small database, accounts, and the log of what was asked. */
export interface HttpTown extends AsyncDisposable {
  readonly side: HttpSide;
  readonly home: string;
  readonly database: RelayDatabase;
  readonly log: Record<string, unknown>[];
  /** A bearer token of a new account. */
  account(account: Omit<NewAccount, 'password'>): Promise<string>;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Publishes a month, or a correction of it; the signature is `signatureOf` its bytes. */
  publish(month: string): Promise<void>;
  wait(ms: number): void;
}

export interface HttpTownOptions {
  readonly config?: Partial<RelayConfig>;
  readonly state?: RelayState;
  /** What the process with the relay's key would make. */
  readonly evidence?: MakeEvidence;
  /** Puts files into the folder before it is served. */
  readonly prepare?: (home: string) => Promise<void>;
  readonly fill?: (database: RelayDatabase) => void;
  readonly certificate?: string;
  readonly key?: string;
}

export async function openHttpTown(options: HttpTownOptions = {}): Promise<HttpTown> {
  const database = new RelayDatabase();
  const web = await newWebHome(options.config, database.folder);
  options.fill?.(database);
  await options.prepare?.(web.home);
  let nowMs = Date.parse('2026-11-22T02:00:00Z');
  const now = () => new Date(nowMs);
  const log: Record<string, unknown>[] = [];
  const side = await openHttpSide({
    home: web.home,
    address: '127.0.0.1:0',
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    ...(options.key === undefined ? {} : { key: options.key }),
    evidence: options.evidence,
    state: async () => options.state ?? NOT_RUNNING,
    log: (level, message, details) => void log.push({ level, message, ...details }),
    now,
    passwordCost: CHEAP,
  });
  const accounts = await openAccounts(web.home, now, CHEAP);
  return {
    side,
    home: web.home,
    database,
    log,
    account: async (account) => {
      await accounts.add({ ...account, password: PASSWORD });
      return accounts.newToken(account.name, 30).token;
    },
    ask: async (path, { method = 'GET', token, headers = {}, body } = {}) => {
      const answer = await fetch(`${side.url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    },
    publish: async (month) => {
      const publisher = new Publisher({
        db: database.db,
        store: new PublicationStore(database.db),
        figures: new DatabaseQueries(database.db),
        relay: parseAgencyCode('G01.99'),
        sign: async (bytes) => signatureOf(bytes),
        now,
        log: () => undefined,
      });
      await publisher.publish(month);
    },
    wait: (ms) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: async () => {
      accounts[Symbol.dispose]();
      await side.close();
      database[Symbol.dispose]();
      await web[Symbol.asyncDispose]();
    },
  };
}

export function signatureOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update('signed by the relay').update(bytes).digest();
}

/** A request as it stands, which no client library would send. */
export function askRaw(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(new URL(url), { path, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('error', reject);
    asked.end();
  });
}
