import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { TIERS } from '../../agency/tier.ts';
import { createTokenSecret, hashTokenSecret } from '../../enrolment/token.ts';
import { BusError } from '../../errors.ts';
import { createFile, replaceFile } from '../../disk/atomic-file.ts';
import { agencyCode, digest, instant, line, site } from '../../record/field.ts';

/** Wrong secrets until a token is locked: nobody guesses 128 bits in so few. */
export const MAX_TOKEN_ATTEMPTS = 10;
/** A lost answer may be asked for again so long after the token was used. */
export const ANSWER_AGAIN_MS = 7 * 86_400_000;
const MAX_PENDING_BYTES = 256 * 1024;
const FILE = /^([0-9a-f]{16})\.json$/u;

const memberSchema = z.strictObject({
  code: agencyCode,
  name: line(500),
  tier: z.enum(TIERS),
  site,
  parent: agencyCode.nullable(),
  oldCodes: z.array(line(40)).max(20),
  notation: line(30),
  locality: line(200).optional(),
  relay: agencyCode.optional(),
  servers: z.array(line(300)).min(1).max(20),
  /** Whether this authority issues the seal; else it comes from elsewhere. */
  issuesSeal: z.boolean(),
  /** The certificate of a seal from elsewhere, DER in base64: it is only listed. */
  sealCertificate: z
    .base64()
    .max(64 * 1024)
    .optional(),
  /** Whether the entry of an agency that is there already may be replaced. */
  replaces: z.boolean(),
});
/** Who may enrol with a token, as the operator said it. */
export type PendingMember = z.output<typeof memberSchema>;

const schema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/u),
  secretSha256: digest,
  createdAt: instant,
  expiresAt: instant,
  attempts: z.number().int().min(0),
  /** `claimed`: keys have come and no others will be taken; `used`: they are enrolled. */
  state: z.enum(['open', 'claimed', 'used', 'cancelled']),
  keysSha256: digest.nullable(),
  usedAt: instant.nullable(),
  member: memberSchema,
});
export type PendingEnrolment = z.output<typeof schema>;

/** The enrolments that a site service waits for: one file each, with the digest of the secret only. */
export interface PendingEnrolments {
  /** @returns the secret that goes into the token; it is kept nowhere. */
  create(
    member: PendingMember,
    life: { readonly now: Date; readonly expiresAt: Date },
  ): Promise<{ readonly pending: PendingEnrolment; readonly secret: string }>;
  find(id: string): Promise<PendingEnrolment | undefined>;
  list(): Promise<PendingEnrolment[]>;
  update(pending: PendingEnrolment): Promise<void>;
  /** @returns what was cancelled; `undefined` when there is none, or its keys have come already. */
  cancel(id: string): Promise<PendingEnrolment | undefined>;
}

export function openPendingEnrolments(folder: string): PendingEnrolments {
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const write = (pending: PendingEnrolment): string => `${JSON.stringify(pending, undefined, 2)}\n`;
  const find: PendingEnrolments['find'] = async (id) => {
    // The id comes from outside and becomes a file name.
    if (!FILE.test(`${id}.json`)) return undefined;
    const file = pathOf(id);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return readPending(text, file);
  };
  const update = async (pending: PendingEnrolment): Promise<void> =>
    await replaceFile(pathOf(pending.id), write(pending), 0o600);
  return {
    find,
    update,
    create: async (member, { now, expiresAt }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { id, secret } = createTokenSecret();
      const pending: PendingEnrolment = schema.parse({
        version: 1,
        id,
        secretSha256: hashTokenSecret(secret),
        createdAt: now.toISOString(),
        expiresAt: expiresAt.toISOString(),
        attempts: 0,
        state: 'open',
        keysSha256: null,
        usedAt: null,
        member,
      });
      await createFile(pathOf(id), write(pending), 0o600);
      return { pending, secret };
    },
    list: async () => {
      const names = await readdir(folder).catch(() => []);
      const ids = names.flatMap((name) => FILE.exec(name)?.[1] ?? []);
      const all = await Promise.all(ids.map(find));
      return all
        .filter((one) => one !== undefined)
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
    },
    cancel: async (id) => {
      const pending = await find(id);
      if (pending === undefined || pending.state === 'used') return undefined;
      const cancelled = { ...pending, state: 'cancelled' as const };
      await update(cancelled);
      return cancelled;
    },
  };
}

function readPending(text: string, file: string): PendingEnrolment {
  try {
    if (text.length <= MAX_PENDING_BYTES) return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(file, cause);
  }
  throw damaged(file);
}

function damaged(file: string, cause?: unknown): BusError {
  return new BusError('BUS_DIRECTORY_FOLDER_DAMAGED', `the pending enrolment ${file} is damaged`, {
    ...(cause === undefined ? {} : { cause }),
    details: { file },
  });
}
