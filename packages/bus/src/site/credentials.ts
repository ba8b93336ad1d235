import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { createNatsKey, type NatsKey } from '../broker/keys.ts';
import type { LocalOperator } from '../local-server/operator.ts';
import { sitePermissions } from '../permission/site.ts';
import { agencyPermissions, relayPermissions } from '../permission/user.ts';

/** Broker credentials are renewed before this; a lost file is then worth nothing. */
export const CREDENTIALS_VALID_DAYS = 90;
const DAY_MS = 86_400_000;

/** The rights of an agency follow from its code and site alone. */
export async function mintAgencyCredentials(
  operator: LocalOperator,
  agency: { readonly code: AgencyCode; readonly site: Site },
  now: Date,
  user: NatsKey = createNatsKey('user'),
): Promise<Uint8Array> {
  const { code, site } = agency;
  return await operator.mint({
    account: { site },
    name: code,
    permissions: agencyPermissions(code, site),
    expiresAt: expiry(now),
    now,
    user,
  });
}

export async function mintRelayCredentials(
  operator: LocalOperator,
  relay: { readonly code: AgencyCode; readonly site: Site },
  now: Date,
  user: NatsKey = createNatsKey('user'),
): Promise<Uint8Array> {
  const { code, site } = relay;
  return await operator.mint({
    account: 'STORE',
    name: `relay ${code}`,
    permissions: relayPermissions(code, site),
    expiresAt: expiry(now),
    now,
    user,
  });
}

/** For the site service itself; it lives beside the operator keys and mints its own at each start. */
export async function mintSiteCredentials(operator: LocalOperator, now: Date): Promise<Uint8Array> {
  return await operator.mint({
    account: 'STORE',
    name: 'site service',
    permissions: sitePermissions(await operator.sites()),
    expiresAt: null,
    now,
  });
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + CREDENTIALS_VALID_DAYS * DAY_MS);
}
