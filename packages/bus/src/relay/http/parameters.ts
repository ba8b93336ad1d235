import { z } from 'zod';

import { MAX_AGENCY_CODE_LENGTH } from '../../agency/code.ts';
import { ALERT_CODES, type AlertsRequest } from '../alerts/types.ts';
import { MONTH, SECTIONS } from '../audit/publication.ts';
import { BREAKDOWN_KEYS } from '../figures/types.ts';
import type {
  BreakdownRequest,
  DeliveriesRequest,
  FiguresRequest,
  FiguresScope,
  GapRow,
  PageRequest,
  AgencyStanding,
} from '../figures/types.ts';
import { CONTRADICTION_KINDS } from '../storage/contradiction-store.ts';
import { STATE_FILTERS } from '../storage/delivery-queries.ts';
import type { Narrowing } from '../storage/document-search.ts';
import { COUNTED_AS } from '../storage/register-queries.ts';
import type { SectionRequest } from './publications.ts';
import type { RegisterRequest } from './register.ts';
import type { ContradictionsRequest, StatementsRequest } from './statements.ts';

/** No answer has more rows on one page. */
const MAX_PAGE_ROWS = 1_000;
const MAX_TEXT = 300;

const agency = z
  .string()
  .max(MAX_AGENCY_CODE_LENGTH)
  .regex(/^[0-9A-Z]+(?:\.[0-9A-Z]+){0,3}$/, 'a code such as H09.12.034 is wanted')
  .describe('Code of Decision 20/2020/QĐ-TTg');

const scope = {
  agency: agency.optional(),
  under: agency.optional().describe('Only this agency and those below it'),
  tier: z.enum(['central', 'province', 'district', 'commune']).optional(),
  document_type: z.string().min(1).max(MAX_TEXT).optional(),
  urgency: z.enum(['urgent', 'normal']).optional(),
  structure: z
    .enum(['then', 'now'])
    .optional()
    .describe('Tier and parent on the day of issue (then), or today'),
};

const period = z
  .string()
  .regex(
    /^[0-9QW.-]{4,22}$/,
    '2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026 or two with .. is wanted',
  )
  .describe('Dates of issue at +07:00: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026, or A..B');

const paging = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).optional(),
  after: z
    .string()
    .min(1)
    .max(2_000)
    .regex(/^[\x21-\x7E]+$/, 'what `next` of the page before says is wanted')
    .optional()
    .describe('`next` of the page before'),
};

const SORTED = [
  'rate_electronic',
  'deliveries',
  'overdue',
  'missing_numbers',
  'documents',
] as const;

export const figuresQuery = z.strictObject({ period, ...scope });
export const breakdownQuery = z.strictObject({
  period,
  ...scope,
  by: z.enum(BREAKDOWN_KEYS),
  sort: z
    .enum(['key', 'name', ...SORTED, ...SORTED.map((one) => `-${one}` as const)])
    .optional()
    .describe('- in front: largest first'),
  under_target: z.enum(['true', 'false']).optional(),
  ...paging,
});
export const deliveriesQuery = z.strictObject({
  period,
  ...scope,
  side: z.enum(['sender', 'recipient']).optional(),
  state: z.enum(STATE_FILTERS).optional(),
  ...paging,
});
export const gapsQuery = z.strictObject({
  period,
  ...scope,
  kind: z.enum(['register', 'report']).optional(),
  ...paging,
});
export const agenciesQuery = z.strictObject({
  period,
  ...scope,
  standing: z.enum(['reporting', 'silent', 'not-open', 'closed']).optional(),
  ...paging,
});
export const alertsQuery = z.strictObject({
  code: z.enum(ALERT_CODES).optional(),
  agency: agency.optional(),
  state: z.enum(['open', 'all']).optional(),
  ...paging,
});
const month = z.string().regex(MONTH, 'a month such as 2026-10 is wanted');
const revision = z.coerce
  .number()
  .int()
  .min(1)
  .max(1_000_000)
  .optional()
  .describe('1 closes the month, every later one corrects it; the newest unless told');
export const publicationParams = z.strictObject({ month });
export const publicationQuery = z.strictObject({ revision });
export const sectionParams = z.strictObject({ month, section: z.enum(SECTIONS) });
export const sectionQuery = z.strictObject({ revision, ...paging });
export const rejectedQuery = z.strictObject(paging);
export const statementsQuery = z.strictObject({ agency: agency.optional(), ...paging });
export const contradictionsQuery = statementsQuery.extend({
  kind: z.enum(CONTRADICTION_KINDS).optional(),
});
export const registerQuery = z.strictObject({
  agency,
  period,
  counted_as: z.enum(COUNTED_AS).optional(),
  ...paging,
});
export const documentsQuery = z.strictObject({
  from: agency.optional(),
  year: z
    .string()
    .regex(/^\d{4}$/u)
    .optional()
    .describe('Of the register'),
});
export const documentParams = z.strictObject({ idOrNumber: z.string().min(1).max(MAX_TEXT) });
export const agencyParams = z.strictObject({ code: agency });
export const agencyQuery = z.strictObject({ period });

export function toNarrowing({ from, year }: z.infer<typeof documentsQuery>): Narrowing {
  return dropUndefined({ from, year: year === undefined ? undefined : Number(year) });
}

type ScopeQuery = z.infer<z.ZodObject<typeof scope>>;

function toScope(query: ScopeQuery): FiguresScope {
  const { document_type: documentType, agency: one, under, tier, urgency, structure } = query;
  return dropUndefined({ agency: one, under, tier, documentType, urgency, structure });
}

export function toFiguresRequest(query: z.infer<typeof figuresQuery>): FiguresRequest {
  return { period: query.period, ...toScope(query) };
}

export function toBreakdownRequest(query: z.infer<typeof breakdownQuery>): BreakdownRequest {
  const { by, sort, under_target: underTarget, limit, after } = query;
  const wanted = underTarget === undefined ? undefined : underTarget === 'true';
  return {
    ...toFiguresRequest(query),
    by,
    ...dropUndefined({ sort, limit, after, underTarget: wanted }),
  };
}

export function toDeliveriesRequest(query: z.infer<typeof deliveriesQuery>): DeliveriesRequest {
  const { side, state, limit, after } = query;
  return { ...toFiguresRequest(query), ...dropUndefined({ side, state, limit, after }) };
}

export function toGapsRequest(
  query: z.infer<typeof gapsQuery>,
): FiguresRequest & PageRequest & { readonly kind?: GapRow['kind'] } {
  const { kind, limit, after } = query;
  return { ...toFiguresRequest(query), ...dropUndefined({ kind, limit, after }) };
}

export function toAgenciesRequest(
  query: z.infer<typeof agenciesQuery>,
): FiguresRequest & PageRequest & { readonly standing?: AgencyStanding } {
  const { standing, limit, after } = query;
  return { ...toFiguresRequest(query), ...dropUndefined({ standing, limit, after }) };
}

export function toAlertsRequest(query: z.infer<typeof alertsQuery>): AlertsRequest {
  return dropUndefined(query);
}

export function toStatementsRequest(query: z.infer<typeof statementsQuery>): StatementsRequest {
  return dropUndefined(query);
}

export function toContradictionsRequest(
  query: z.infer<typeof contradictionsQuery>,
): ContradictionsRequest {
  return dropUndefined(query);
}

export function toRegisterRequest({
  counted_as: countedAs,
  ...rest
}: z.infer<typeof registerQuery>): RegisterRequest {
  const { agency: one, period: asked, limit, after } = rest;
  return { agency: one, period: asked, ...dropUndefined({ countedAs, limit, after }) };
}

export function toSectionRequest(
  { month: one, section }: z.infer<typeof sectionParams>,
  query: z.infer<typeof sectionQuery>,
): SectionRequest {
  return { month: one, section, ...dropUndefined(query) };
}

export function toRejectedRequest(query: z.infer<typeof rejectedQuery>): PageRequest {
  return dropUndefined(query);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(value: T): Defined<T>;
function dropUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
