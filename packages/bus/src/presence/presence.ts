import { z } from 'zod';

/** What an agency tells every minute fits well below it; longer is not read. */
const MAX_PRESENCE_BYTES = 4 * 1024;

const depth = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const presence = z.object({
  /** The agency's clock, milliseconds since 1970. */
  atMs: depth,
  /** Messages not yet acknowledged by the broker. */
  outbox: z.object({ urgent: depth, normal: depth }),
  /** Documents that nobody has answered yet. */
  inbox: depth,
  /** The last report of its chain: a relay that has more knows that an older copy was put back. */
  reports: depth,
  conditions: z.array(z.string().regex(/^[A-Z_]{1,40}$/)).max(40),
  version: z.string().max(40).optional(),
});

/** What an agent tells about itself. Unsigned: the broker vouches for the sender, nobody for the figures. */
export type Presence = z.infer<typeof presence>;

const answer = z.object({ atMs: depth });

/** What the site service answers: its own time. */
export type PresenceAnswer = z.infer<typeof answer>;

export function encodePresence(value: Presence | PresenceAnswer): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** @returns `undefined` for anything that is no presence. */
export function parsePresence(data: Uint8Array): Presence | undefined {
  return parseAs(presence, data);
}

export function parsePresenceAnswer(data: Uint8Array): PresenceAnswer | undefined {
  return parseAs(answer, data);
}

function parseAs<T>(schema: z.ZodType<T>, data: Uint8Array): T | undefined {
  if (data.length > MAX_PRESENCE_BYTES) return undefined;
  try {
    return schema.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
