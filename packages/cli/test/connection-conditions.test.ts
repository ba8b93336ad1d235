import { describe, expect, it } from 'vitest';

import { connectionConditions } from '../src/running/connection-conditions.ts';

const NOW = new Date('2026-11-23T08:00:00Z');
const DAY_MS = 86_400_000;
const SINCE_MS = NOW.getTime() - 60_000;
const SERVERS = ['tls://h09.example.vn:4222'];
const TRIED = { sinceMs: SINCE_MS, attemptCount: 3, nextTryMs: NOW.getTime() };

type Line = Parameters<typeof connectionConditions>[0][number];

describe('what a service says of its connection', () => {
  const judge = (trouble: Line['trouble'], ends = new Map<string, number>()) =>
    connectionConditions([{ servers: SERVERS, trouble }], ends, () => NOW);

  it('is nothing while it stands', () => {
    expect(judge(undefined, new Map([['tls', NOW.getTime() + 60 * DAY_MS]]))).toEqual([]);
  });

  it.each([
    [{ kind: 'server-untrusted', reason: 'SELF_SIGNED' } as const, 'BROKER_UNTRUSTED'],
    [{ kind: 'server-expired', atMs: SINCE_MS } as const, 'BROKER_CERTIFICATE_EXPIRED'],
    [{ kind: 'client-refused', reason: 'UNKNOWN_CA' } as const, 'CERTIFICATE_REFUSED'],
    [{ kind: 'server-not-yet-valid', atMs: NOW.getTime() + DAY_MS } as const, 'CLOCK_WRONG'],
  ])('names the certificate that does not hold: %j', (fault, code) => {
    expect(judge({ kind: 'certificate', fault, ...TRIED })).toMatchObject([
      { code, severity: 'error', since: new Date(SINCE_MS).toISOString() },
    ]);
  });

  it.each([
    ['unreachable', 'BROKER_UNREACHABLE'],
    ['refused', 'CREDENTIALS_REVOKED'],
    ['expired', 'CREDENTIALS_EXPIRED'],
  ] as const)('tells %s from the rest, with the servers', (kind, code) => {
    const [found] = judge({ kind, ...TRIED });
    expect(found).toMatchObject({ code, severity: 'error' });
    expect(found?.detail).toContain(SERVERS[0]);
  });

  it('warns of the first of its own certificates that ends', () => {
    const ends = new Map([
      ['tls', NOW.getTime() + 20 * DAY_MS],
      ['registrar', NOW.getTime() + 5 * DAY_MS],
    ]);
    expect(judge(undefined, ends)).toMatchObject([
      {
        code: 'CERTIFICATE_EXPIRING',
        severity: 'warning',
        detail: 'the registrar certificate ends at 2026-11-28T08:00:00.000Z',
      },
    ]);
  });
});
