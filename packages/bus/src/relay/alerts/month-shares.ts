import { setImmediate } from 'node:timers/promises';

import { TIERS } from '../../agency/tier.ts';
import type { FigureAnswers } from '../figures/answers.ts';
import type { Targets } from '../figures/targets.ts';
import type { MonthShare } from './rules.ts';

/** Asks for all agencies of a tier at once: in pages, those of a country would take 30 questions. */
export type AllShares = Pick<FigureAnswers, 'agencyShares'>;

/**
 * What agencies with a target have reached this month and in the one before. Tiers without a target
 * are not looked at, and other work has its turn after each of them.
 */
export async function monthShares(
  figures: AllShares,
  targets: Targets,
  today: string,
): Promise<MonthShare[]> {
  const month = today.slice(0, 7);
  const year = Number(month.slice(0, 4));
  const number = Number(month.slice(5));
  const before = number === 1 ? `${year - 1}-12` : `${year}-${String(number - 1).padStart(2, '0')}`;
  const shares: MonthShare[] = [];
  for (const one of [month, before]) {
    for (const tier of TIERS) {
      const target = targets[one.slice(0, 4)]?.[tier];
      if (target === undefined) continue;
      for (const own of figures.agencyShares({ period: one, tier })) {
        shares.push({ ...own, month: one, target });
      }
      await setImmediate();
    }
  }
  return shares;
}
