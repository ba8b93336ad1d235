import { BusError } from '../errors.ts';

/** The four tiers, from the top; a tier is directory data and is never read out of a code. */
export const TIERS = ['central', 'province', 'district', 'commune'] as const;
export type Tier = (typeof TIERS)[number];

export function isTier(text: string): text is Tier {
  return (TIERS as readonly string[]).includes(text);
}

/** The JetStream domain that hosts an agency: a province such as `H09`, or `TW` for the centre. */
export type Site = string;

export const MAX_SITE_LENGTH = 32;
const SITE = /^[A-Z0-9]+$/;

export function isSite(text: string): boolean {
  return text.length <= MAX_SITE_LENGTH && SITE.test(text);
}

/**
 * Checks a site name before it reaches a subject, a stream name or a permission.
 *
 * @throws {@link BusError} `BUS_SITE_INVALID`.
 */
export function parseSite(text: string): Site {
  if (isSite(text)) return text;
  const quoted = JSON.stringify(text.slice(0, 2 * MAX_SITE_LENGTH));
  throw new BusError(
    'BUS_SITE_INVALID',
    `bad site name ${quoted}: 1 to ${MAX_SITE_LENGTH} characters out of A-Z and 0-9`,
    { details: { site: quoted } },
  );
}
