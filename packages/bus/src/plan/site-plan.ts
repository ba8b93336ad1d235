import { readFile } from 'node:fs/promises';
import * as z from 'zod';

import { isSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { type BusPlan, type Place, clientAddresses } from './bus-plan.ts';

/** In a site's home, beside its keys. */
export const SITE_PLAN_FILE = 'site-plan.json';

const bytes = z.int().min(1);
const replicas = z.union([z.literal(1), z.literal(3)]);
const servers = z.array(z.string().min(1)).min(1);
const common = { version: z.literal(1), site: z.string().refine(isSite), servers };
const flatLimits = { inboxBytes: bytes, reportBytes: bytes, blobBytes: bytes, replicas };

const sitePlanSchema = z.discriminatedUnion('plan', [
  z.strictObject({ ...common, plan: z.literal('flat'), limits: z.strictObject(flatLimits) }),
  z.strictObject({
    ...common,
    plan: z.literal('federated'),
    limits: z.strictObject({ ...flatLimits, outboxBytes: bytes, directoryBytes: bytes }),
  }),
]);

/** What a site service has to know of the plan: its servers, and the sizes of its streams. */
export type SitePlan = z.infer<typeof sitePlanSchema>;

/** @returns `undefined` for a place without agencies. */
export function encodeSitePlan(plan: BusPlan, place: Place, site: string): string | undefined {
  const { kind, ...limits } = place.limits;
  if (kind === 'centre') return undefined;
  const value = {
    version: 1,
    plan: plan.kind,
    site,
    servers: clientAddresses(plan, place),
    limits,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * @returns `undefined` when the file is not there.
 * @throws {@link BusError} `BUS_PLAN_INVALID`.
 */
export async function readSitePlan(file: string): Promise<SitePlan | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return sitePlanSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BusError('BUS_PLAN_INVALID', `${file} is not as "congvan bus plan" writes it`, {
      cause,
      details: { file },
    });
  }
}
