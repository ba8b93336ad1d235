import { createHash } from 'node:crypto';

import { z } from 'zod';

import { BusError } from '../../errors.ts';
import { agencyCode, count, digest, instant, ordinal } from '../../record/field.ts';

/** `YYYY-MM`. */
export const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/u;

/** The parts of a publication that its head names by digest, each a text of JSON lines. */
export const SECTIONS = ['figures', 'chains', 'contradictions', 'changes'] as const;
export type Section = (typeof SECTIONS)[number];

const section = z.strictObject({ lines: count, sha256: digest });
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/u, 'is not a day such as 2026-11-11');

const headSchema = z
  .strictObject({
    kind: z.literal('congvan-publication'),
    version: z.literal(1),
    /** Which relay says so: several relays see different parts of the country. */
    relay: agencyCode,
    month: z.string().regex(MONTH, 'is not a month such as 2026-10'),
    /** 1 closes the month, every later one corrects it. */
    revision: ordinal,
    /** The place in the relay's one series of publications, over all months. */
    sequence: ordinal,
    published_at: instant,
    /** The last record taken in, and the day up to which time counts. */
    as_of: z.strictObject({ record: count, day }),
    /** SHA-256 of the head of the publication before; `null` for the first. */
    previous: digest.nullable(),
    /** The version of the definitions that its figures are counted by; the second named none. */
    definitions: ordinal.optional(),
    /** The hash over the order of arrival up to `as_of.record`. */
    arrival_hash: digest,
    /** How many entries the relay's copy of the directory had, and how far each registrar's series was read. */
    directory: z.strictObject({
      entries: count,
      registrars: z.array(z.tuple([agencyCode, count])).max(10_000),
    }),
    sections: z.strictObject({
      figures: section,
      chains: section,
      contradictions: section,
      changes: section,
    }),
  })
  .readonly();

/** The signed part of a publication; everything else hangs on it by digest. */
export type PublicationHead = z.infer<typeof headSchema>;

/** The bytes that the relay signs. They start with `{`, so nobody can take them for a record (`CVR`). */
export function encodeHead(head: PublicationHead): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n`);
}

/** @throws {@link BusError} `BUS_AUDIT_FILE_INVALID` naming what is wrong. */
export function parseHead(bytes: Uint8Array, where: string): PublicationHead {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BusError('BUS_AUDIT_FILE_INVALID', `${where} is not JSON`, {
      cause,
      details: { part: where },
    });
  }
  const result = headSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const fault = `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`;
  throw new BusError('BUS_AUDIT_FILE_INVALID', `${where}: ${fault}`, { details: { part: where } });
}

/** What the next publication names as the one before. */
export function hashHead(head: Uint8Array): string {
  return createHash('sha256').update(head).digest('hex');
}
