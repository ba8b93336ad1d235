import { readFile } from 'node:fs/promises';
import * as z from 'zod';

import { BusError } from '../errors.ts';
import type { StreamPlan } from '../stream/plan.ts';
import { type BusPlan, type Place, clientAddresses } from './bus-plan.ts';

/** In the home of the centre's service. */
export const CENTRE_PLAN_FILE = 'centre-plan.json';
/** Beside it, below `operator/`. */
export const CENTRE_CREDENTIALS_FILE = 'centre.creds';

const count = z.int().min(0);
const streamSchema = z.strictObject({
  name: z.string().min(1),
  subjects: z.array(z.string().min(1)),
  sources: z.array(
    z.strictObject({
      stream: z.string().min(1),
      filterSubject: z.string().min(1),
      domain: z.string().min(1),
      deliverPrefix: z.string().min(1),
    }),
  ),
  maxBytes: count,
  maxAgeMs: count,
  maxConsumers: count,
  duplicateWindowMs: count,
  maxMessageBytes: count,
  writeOnce: z.boolean(),
  directReads: z.boolean(),
  replicas: z.union([z.literal(1), z.literal(3)]),
  countsFromTime: z.boolean(),
}) satisfies z.ZodType<StreamPlan>;

const centrePlanSchema = z.strictObject({
  version: z.literal(1),
  servers: z.array(z.string().min(1)).min(1),
  /** A home of before has none: its sources are watched by nobody. */
  streams: z.array(streamSchema).default([]),
});

/** What the service at the centre has to know of the plan. */
export type CentrePlan = z.infer<typeof centrePlanSchema>;

export function encodeCentrePlan(plan: BusPlan, place: Place): string {
  const { streams } = place;
  return `${JSON.stringify({ version: 1, servers: clientAddresses(plan, place), streams }, null, 2)}\n`;
}

/**
 * @returns `undefined` when the file is not there.
 * @throws {@link BusError} `BUS_PLAN_INVALID`.
 */
export async function readCentrePlan(file: string): Promise<CentrePlan | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return centrePlanSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BusError('BUS_PLAN_INVALID', `${file} is not as "congvan bus plan" writes it`, {
      cause,
      details: { file },
    });
  }
}
