import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { composeCredentials } from '../broker/jwt.ts';
import { createNatsKey, type NatsKey } from '../broker/keys.ts';
import type { LocalOperator } from '../operator/operator.ts';
import type { SiteKeys } from '../operator/site-keys.ts';
import type { SiteSigner } from '../operator/site-signer.ts';
import { centrePermissions } from '../permission/site.ts';

/** Broker credentials are renewed before this; a lost file is then worth nothing. */
const CREDENTIALS_VALID_DAYS = 90;
const DAY_MS = 86_400_000;

/**
 * Lets an agency in with the user key that it made itself: its rights follow from the signer's site
 * and its code alone.
 *
 * @returns the user's JWT; the agency puts its own seed to it.
 * @throws {@link BusError} `BUS_AGENCY_CODE_INVALID`, `BUS_CREDENTIALS_INVALID`,
 *   `BUS_USER_KEY_REVOKED`.
 */
export async function mintAgencyJwt(
  signer: SiteSigner,
  agency: { readonly code: AgencyCode; readonly userPublicKey: string },
  now: Date,
): Promise<string> {
  const { code, userPublicKey } = agency;
  return await signer.signAgency({ code, userPublicKey, expiresAt: expiry(now), now });
}

/** The same, as a whole credentials file, where the agency's key is made for it. */
export async function mintAgencyCredentials(
  keys: Pick<SiteKeys, 'siteSigner'>,
  agency: { readonly code: AgencyCode; readonly site: Site },
  now: Date,
  user: NatsKey = createNatsKey('user'),
): Promise<Uint8Array> {
  const signer = await keys.siteSigner(agency.site);
  const { code } = agency;
  return composeCredentials(
    await mintAgencyJwt(signer, { code, userPublicKey: user.publicKey }, now),
    user,
  );
}

/** @throws {@link BusError} `BUS_KEY_NOT_HELD` in a province: relays get theirs from the centre. */
export async function mintRelayCredentials(
  keys: Pick<SiteKeys, 'relayCredentials'>,
  relay: { readonly code: AgencyCode; readonly site: Site },
  now: Date,
  user: NatsKey = createNatsKey('user'),
): Promise<Uint8Array> {
  const { code, site } = relay;
  return await keys.relayCredentials({ code, site, expiresAt: expiry(now), now, user });
}

/** For a site service; beside the operator's keys it mints its own at each start, for all their sites. */
export async function mintSiteCredentials(keys: SiteKeys, now: Date): Promise<Uint8Array> {
  return await keys.serviceCredentials(now);
}

/** For the service at the centre of a federated plan. */
export async function mintCentreCredentials(
  operator: LocalOperator,
  now: Date,
): Promise<Uint8Array> {
  const permissions = centrePermissions();
  return await operator.mint({
    account: 'STORE',
    name: 'centre',
    permissions,
    expiresAt: null,
    now,
  });
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + CREDENTIALS_VALID_DAYS * DAY_MS);
}
