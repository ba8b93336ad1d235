import type { Tier } from '@congvan/bus';

/** The tiers as options name them, without loading the bus for `--help`. */
export type TierName = Tier;

export const TIER_NAMES: readonly TierName[] = ['central', 'province', 'district', 'commune'];

export function isTierName(text: string): text is TierName {
  return TIER_NAMES.some((tier) => tier === text);
}
