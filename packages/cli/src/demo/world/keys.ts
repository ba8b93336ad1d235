import { availableParallelism } from 'node:os';

import type { Authority, KeyPair } from '@congvan/signer';

import { CAST, type CastAgency, castAgency, RELAY } from '../agencies.ts';
import { generateKeyFor, type IssuedKey, issueKey, type KeyRequest } from './certificates.ts';

/** The keys of one agency. */
export interface AgencyKeys {
  readonly node: IssuedKey;
  readonly seal: IssuedKey;
  readonly encryption: IssuedKey;
}

/** The keys of everybody in the demo. */
export interface CastKeys {
  readonly registrar: IssuedKey;
  readonly relay: IssuedKey;
  agency(code: string): AgencyKeys;
}

/** One for the registrar and the relay, three for each agency. */
export const KEY_COUNT: number = 2 + 3 * CAST.length;

/**
 * Makes all keys and has their certificates issued one after the other. RSA keys are made meanwhile in
 * the thread pool, one a core, so that the rest of it stays free for the authority's files.
 */
export async function issueCastKeys(
  authority: Authority,
  passphrase: string,
  advance: () => void,
): Promise<CastKeys> {
  // Seals last: their keys take longest.
  const requests = keyRequests().toSorted((a, b) => rank(a.request) - rank(b.request));
  const pairs = generateInLanes(requests.map(({ request }) => request.use));
  const issued = new Map<string, IssuedKey>();
  for (const [index, { owner, request }] of requests.entries()) {
    const pair = await pairs[index];
    if (pair === undefined) throw new RangeError('a key is missing');
    issued.set(`${owner} ${request.use}`, await issueKey(authority, request, pair, passphrase));
    advance();
  }
  const keyOf = (owner: string, use: string): IssuedKey => {
    const key = issued.get(`${owner} ${use}`);
    if (key === undefined) throw new RangeError(`no ${use} key of ${owner}`);
    return key;
  };
  return {
    registrar: keyOf(REGISTRAR_OWNER, 'registrar'),
    relay: keyOf(RELAY.code, 'node'),
    agency: (code) => ({
      node: keyOf(code, 'node'),
      seal: keyOf(code, 'seal'),
      encryption: keyOf(code, 'encryption'),
    }),
  };
}

function rank({ use }: KeyRequest): number {
  return use === 'seal' ? 1 : 0;
}

function generateInLanes(uses: readonly KeyRequest['use'][]): Promise<KeyPair>[] {
  const lanes: Promise<unknown>[] = [];
  const width = availableParallelism();
  return uses.map((use, index) => {
    const before = lanes[index % width] ?? Promise.resolve();
    const pair = before.then(async () => await generateKeyFor(use));
    lanes[index % width] = pair;
    // Whoever awaits the pair hears of a failure; the lane alone must not end the process.
    pair.catch(() => undefined);
    return pair;
  });
}

const REGISTRAR_OWNER = 'registrar';

function keyRequests(): { readonly owner: string; readonly request: KeyRequest }[] {
  const central = { organization: RELAY.name, locality: 'Hà Nội' };
  return [
    {
      owner: REGISTRAR_OWNER,
      request: { ...central, commonName: 'Nơi đăng ký danh bạ cơ quan', use: 'registrar' },
    },
    { owner: RELAY.code, request: { ...central, commonName: RELAY.name, use: 'node' } },
    ...CAST.flatMap((agency) => {
      const subject = subjectOf(agency);
      const { code, name } = agency;
      const node = { ...subject, commonName: `${name} (nút liên thông)` };
      return [
        { owner: code, request: { ...node, use: 'node' as const } },
        { owner: code, request: { ...node, use: 'encryption' as const } },
        { owner: code, request: { ...subject, commonName: name, use: 'seal' as const } },
      ];
    }),
  ];
}

function subjectOf(agency: CastAgency): Pick<KeyRequest, 'organization' | 'locality'> {
  const parent = agency.parent === null ? agency : castAgency(agency.parent);
  return { organization: parent.name, locality: agency.place };
}
