import { z } from 'zod';

import type { ChangeLine, ChainLine, ContradictionLine, FigureLine } from '../audit/lines.ts';
import { type PublicationHead, SECTIONS } from '../audit/publication.ts';
import type { PublicationRow } from '../audit/publications.ts';
import type { SectionPage, SignedPublication } from './publications.ts';
import { count, day, figures, time } from './schemas.ts';

const digest = z.string().describe('SHA-256, hex');
const by = z.enum(['all', 'tier', 'parent', 'type', 'urgency', 'agency']);

const publication = z
  .strictObject({
    sequence: count,
    month: z.string(),
    revision: count.describe('1 closes the month, every later one corrects it'),
    published_at: time,
    record: count,
    day,
    changes: count.describe('Rows that differ from the revision before'),
    digest: z.string().describe('SHA-256 of the signed head, hex'),
  })
  .meta({ id: 'Publication' }) satisfies z.ZodType<PublicationRow>;

export const publicationsAnswer = z
  .strictObject({ publications: z.array(publication).readonly() })
  .meta({ id: 'PublicationsAnswer' });

const section = z.strictObject({ lines: count, sha256: digest });

const publicationHead = z
  .strictObject({
    kind: z.literal('congvan-publication'),
    version: z.literal(1),
    relay: z.string(),
    month: z.string(),
    revision: count,
    sequence: count,
    published_at: time,
    as_of: z.strictObject({ record: count, day }),
    previous: digest.nullable(),
    definitions: count.optional().describe('Of the figures; left out: 2'),
    arrival_hash: digest,
    directory: z.strictObject({
      entries: count,
      registrars: z.array(z.tuple([z.string(), count])).readonly(),
    }),
    sections: z.strictObject({
      figures: section,
      chains: section,
      contradictions: section,
      changes: section,
    }),
  })
  .meta({ id: 'PublicationHead' }) satisfies z.ZodType<Widened<PublicationHead>>;

export const signedPublication = z
  .strictObject({
    head: publicationHead,
    signed_bytes: z.string().describe('What the signature covers, Base64'),
    signature: z.string().describe('Detached CMS signature of the relay, DER, Base64'),
  })
  .meta({ id: 'SignedPublication' }) satisfies z.ZodType<Widened<SignedPublication>>;

const figureLine = z
  .strictObject({ by, key: z.string(), figures, agencies: count, agencies_silent: count })
  .meta({ id: 'FigureLine' }) satisfies z.ZodType<FigureLine>;

const chainLine = z
  .strictObject({
    agency: z.string(),
    up_to: count,
    up_to_hash: digest.nullable(),
    highest: count,
    highest_hash: digest,
    broken_at: count.nullable(),
    missing: z.array(z.tuple([count, count]).readonly()).readonly(),
    missing_reports: count,
  })
  .meta({ id: 'ChainLine' }) satisfies z.ZodType<ChainLine>;

const contradictionLine = z
  .strictObject({
    agency: z.string(),
    report: count,
    kind: z.string(),
    payload_sha256: digest,
    detail: z.string(),
  })
  .meta({ id: 'ContradictionLine' }) satisfies z.ZodType<ContradictionLine>;

const changeLine = z
  .strictObject({
    by,
    key: z.string(),
    changed: z.record(z.string(), z.tuple([z.unknown(), z.unknown()]).readonly()),
    causes: z.array(count).readonly(),
    more_causes: count,
  })
  .meta({ id: 'ChangeLine' }) satisfies z.ZodType<ChangeLine>;

export const sectionPage = z
  .strictObject({
    month: z.string(),
    revision: count,
    section: z.enum(SECTIONS),
    rows: z.array(z.union([figureLine, chainLine, contradictionLine, changeLine])).readonly(),
    total: count.nullable().describe('Rows as signed; null: some are not for the caller'),
    next: z.string().nullable().describe('Goes into `after`; null on the last page'),
  })
  .meta({ id: 'SectionPage' }) satisfies z.ZodType<SectionPage>;

/** What stands in JSON has no brands. */
type Widened<T> = T extends string
  ? string extends T
    ? T
    : T extends `${infer L}`
      ? L
      : string
  : T extends object
    ? { readonly [K in keyof T]: Widened<T[K]> }
    : T;
