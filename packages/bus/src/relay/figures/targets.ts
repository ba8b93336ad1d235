import { z } from 'zod';

import { TIERS, type Tier } from '../../agency/tier.ts';

/**
 * What `rate_electronic` should reach, by year and tier: `{"2025": {"commune": 0.6}}`.
 *
 * QĐ 749/QĐ-TTg (2020) asks for 0.9 of ministries and provinces, 0.8 of districts and 0.6 of communes
 * by 2025, and 1, 0.9 and 0.7 by 2030; none is set unless the operator writes it down.
 */
export type Targets = Readonly<Record<string, Partial<Readonly<Record<Tier, number>>>>>;

const YEAR = /^\d{4}$/;

export const targetsSchema: z.ZodType<Targets> = z.record(
  z.string().regex(YEAR, 'is not a year'),
  z.partialRecord(z.enum(TIERS), z.number().gt(0, 'is not over 0').max(1, 'is over 1')),
);

/** The target of a tier in the year of some days; `null`: none set, or days of several years. */
export function targetOf(
  targets: Targets,
  tier: Tier | null,
  { from, to }: { readonly from: string; readonly to: string },
): number | null {
  const year = from.slice(0, 4);
  if (tier === null || year !== to.slice(0, 4)) return null;
  return targets[year]?.[tier] ?? null;
}
