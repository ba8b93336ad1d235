import { z } from 'zod';

import { isAgencyCode } from '../../agency/code.ts';
import { TIERS } from '../../agency/tier.ts';
import type { FiguresScope } from '../figures/types.ts';
import { Problem } from '../http/problem.ts';
import { CONTRADICTION_KINDS } from '../storage/contradiction-store.ts';
import { STATE_FILTERS } from '../storage/delivery-queries.ts';
import { COUNTED_AS } from '../storage/register-queries.ts';
import { type Period, periodOf, readPeriod } from './periods.ts';

/** The longest name of a document type, notation or id that a page asks for. */
export const MAX_QUERY_TEXT_LENGTH = 200;
const MAX_CURSOR_LENGTH = 500;

/** By what a list of agencies can be ordered; those with a number also from the largest. */
export const SORT_KEYS = [
  'name',
  'rate_electronic',
  'deliveries',
  'overdue',
  'missing_numbers',
  'documents',
] as const;

const [, ...NUMBERS] = SORT_KEYS;

const agency = z.string().refine(isAgencyCode);
const text = z.string().max(MAX_QUERY_TEXT_LENGTH);

/** What any page understands; a page ignores what does not concern it. */
const schema = z
  .object({
    period: z.string().max(16),
    tier: z.enum(TIERS),
    document_type: text,
    urgency: z.enum(['urgent', 'normal']),
    structure: z.enum(['then', 'now']),
    under: agency,
    agency,
    from: agency,
    year: z.string().regex(/^\d{4}$/u),
    sort: z.enum([...SORT_KEYS, ...NUMBERS.map((one) => `-${one}` as const)]),
    under_target: z.literal('1'),
    standing: z.enum(['reporting', 'silent', 'not-open', 'closed']),
    side: z.enum(['sender', 'recipient']),
    state: z.enum(STATE_FILTERS),
    kind: z.enum(['register', 'report']),
    counted_as: z.enum(COUNTED_AS),
    contradiction: z.enum(CONTRADICTION_KINDS),
    level: z.enum(['own', 'below']),
    after: z.string().max(MAX_CURSOR_LENGTH),
    /** Those of a page's further lists. */
    late_after: z.string().max(MAX_CURSOR_LENGTH),
    chains_after: z.string().max(MAX_CURSOR_LENGTH),
    rejected_after: z.string().max(MAX_CURSOR_LENGTH),
    q: text,
    lang: z.enum(['vi', 'en']),
    theme: z.enum(['auto', 'light', 'dark']),
  })
  .partial();

export type PageParameters = z.infer<typeof schema>;

export interface PageQuery extends Omit<PageParameters, 'period'> {
  readonly period: Period;
}

/**
 * Reads a page's query; fields that a form left empty count as absent.
 *
 * @param today - the day up to which the figures count: its quarter is meant when none is named.
 * @throws {@link Problem} `parameter-invalid`.
 */
export function readPageQuery(query: unknown, today: string): PageQuery {
  const { period: periodText, ...rest } = readPageParameters(query);
  const period = periodText === undefined ? periodOf('quarter', today) : readPeriod(periodText);
  if (period === undefined) throw wrong('period');
  return { ...rest, period };
}

/** As {@link readPageQuery}, without a period. */
function readPageParameters(query: unknown): PageParameters {
  const given = Object.entries(query !== null && typeof query === 'object' ? query : {});
  const filled = given.filter(([, value]) => value !== '');
  const result = schema.safeParse(Object.fromEntries(filled));
  if (result.success) return result.data;
  throw wrong(String(result.error.issues[0]?.path[0] ?? 'query'));
}

/** The conditions that hold for every figure of a page. */
export function scopeOf(query: PageQuery): FiguresScope {
  return {
    ...(query.under === undefined ? {} : { under: query.under }),
    ...(query.tier === undefined ? {} : { tier: query.tier }),
    ...(query.document_type === undefined ? {} : { documentType: query.document_type }),
    ...(query.urgency === undefined ? {} : { urgency: query.urgency }),
    ...(query.structure === undefined ? {} : { structure: query.structure }),
  };
}

function wrong(parameter: string): Problem {
  return new Problem('parameter-invalid', `${parameter} cannot be used`, { parameter });
}
