import { z } from 'zod';

import { ALERT_CODES, type AlertRow } from '../alerts/types.ts';
import type {
  AgencyRow,
  AsOf,
  BreakdownRow,
  DeliveryRow,
  Figures,
  GapRow,
} from '../figures/types.ts';
import { CONTRADICTION_KINDS } from '../storage/contradiction-store.ts';
import { COUNTED_AS } from '../storage/register-queries.ts';
import type { RegisterEntry } from './register.ts';
import type { RejectedRow } from './rejected.ts';
import { LANGUAGES, ROLES } from './session.ts';
import type { RelayHealth } from './source.ts';
import type { ContradictoryStatement, LateStatement } from './statements.ts';

export const count = z.int().min(0);
const rate = z.number().min(0).max(1).nullable();
const tier = z.enum(['central', 'province', 'district', 'commune']);
const urgency = z.enum(['urgent', 'normal']);
export const time = z.iso.datetime();
export const day = z.iso.date();

const settling = z
  .strictObject({ overdue_before: time, undelivered_before: time })
  .describe('A new day is being settled: what was dispatched before these times counts already');

const asOf = z
  .strictObject({
    record: count.describe('The last report taken in'),
    day: day.describe('Overdue and undelivered count up to the start of this day at +07:00'),
    rebuilding: count.optional().describe('Agencies whose figures move after a directory change'),
    settling: settling.optional(),
  })
  .meta({ id: 'AsOf' }) satisfies z.ZodType<AsOf>;

const times = z
  .strictObject({ median: z.number().min(0), p95: z.number().min(0) })
  .nullable()
  .describe('Milliseconds, at most 1/64 above the true value');

export const figures = z
  .strictObject({
    E: count.describe('Documents sent electronically only'),
    EP: count.describe('Documents sent electronically and on paper'),
    P: count.describe('Documents sent on paper only'),
    signed: count,
    rate_electronic: rate,
    rate_any: rate,
    rate_signed: rate,
    undelivered: count,
    void_numbers: count,
    missing_numbers: count,
    lower_bound: z.boolean(),
    deliveries: count,
    paper_recipients: count,
    receipted: count,
    open: count,
    overdue: count,
    late: count,
    receipted_01: count,
    receipted_03: count,
    receipted_06: count,
    refused: count,
    recalled: count,
    withdrawn: count,
    contradictions: count,
    duplicates: count,
    time_to_01_ms: times,
    time_to_03_ms: times,
    time_to_06_ms: times,
  })
  .meta({ id: 'Figures' }) satisfies z.ZodType<Figures>;

const scopeShape = {
  agency: z.string().optional(),
  under: z.string().optional(),
  tier: tier.optional(),
  document_type: z.string().optional(),
  urgency: urgency.optional(),
  structure: z.enum(['then', 'now']).optional(),
};

export const figuresAnswer = z
  .strictObject({
    as_of: asOf,
    period: z.strictObject({ text: z.string(), from: day, to: day }),
    scope: z.strictObject(scopeShape),
    figures,
    before: figures.nullable(),
    target: rate,
    agencies: count,
    agencies_silent: count,
  })
  .meta({ id: 'FiguresAnswer' });

const breakdownRow = z
  .strictObject({
    key: z.string(),
    name: z.string().nullable(),
    tier: tier.nullable(),
    figures,
    before: figures.nullable(),
    target: rate,
    agencies: count,
    agencies_silent: count,
    has_children: z.boolean(),
  })
  .meta({ id: 'BreakdownRow' }) satisfies z.ZodType<BreakdownRow>;

const deliveryRow = z
  .strictObject({
    from: z.string(),
    from_name: z.string().nullable(),
    to: z.string(),
    to_name: z.string().nullable(),
    document_id: z.string(),
    business_type: count,
    document_version: count,
    number: count,
    notation: z.string(),
    issued_on: day,
    document_type: z.string(),
    abstract: z.string(),
    urgency,
    state: z.enum(['sent', '01', '02', '03', '04', '05', '06', 'withdrawn']),
    dispatched_at: time,
    first_receipt_at: time.nullable(),
    overdue: z.boolean(),
  })
  .meta({ id: 'DeliveryRow' }) satisfies z.ZodType<DeliveryRow>;

const gapRow = z
  .strictObject({
    agency: z.string(),
    name: z.string(),
    kind: z.enum(['register', 'report']),
    year: count.nullable(),
    first: count,
    last: count,
    after: day.nullable(),
    before: day.nullable(),
  })
  .meta({ id: 'GapRow' }) satisfies z.ZodType<GapRow>;

const agencyRow = z
  .strictObject({
    code: z.string(),
    name: z.string(),
    tier,
    parent: z.string().nullable(),
    site: z.string(),
    standing: z.enum(['reporting', 'silent', 'not-open', 'closed']),
    last_report_at: time.nullable(),
    missing_reports: count,
    contradictions: count,
    contradictions_further: count.describe(
      'Came beyond the 1,000 of each kind that are kept; only counted',
    ),
  })
  .meta({ id: 'AgencyRow' }) satisfies z.ZodType<AgencyRow>;

const bothLanguages = z.strictObject({ vi: z.string(), en: z.string() });

const alertRow = z
  .strictObject({
    id: count,
    code: z.enum(ALERT_CODES),
    key: z.string(),
    agency: z.string().nullable(),
    severity: z.enum(['warning', 'critical']),
    since: time,
    until: time.nullable(),
    detail: bothLanguages,
    action: bothLanguages,
  })
  .meta({ id: 'AlertRow' }) satisfies z.ZodType<AlertRow>;

const rejectedRow = z
  .strictObject({
    id: count,
    subject: z.string(),
    claimed_from: z.string().nullable().describe('What the subject names'),
    site: z.string(),
    stored_at: time.describe('By the broker'),
    rejected_at: time,
    finding: z.string(),
    detail: z.string(),
    bytes: count,
  })
  .meta({ id: 'RejectedRow' }) satisfies z.ZodType<RejectedRow>;

const contradictoryStatement = z
  .strictObject({
    id: count,
    kind: z.enum(CONTRADICTION_KINDS),
    agency: z.string().describe('Who said it'),
    report_number: count,
    payload_hash: z.string().describe('SHA-256, hex'),
    detail: z.string(),
    found_at: time,
  })
  .meta({ id: 'ContradictoryStatement' }) satisfies z.ZodType<ContradictoryStatement>;

const lateStatement = z
  .strictObject({
    id: count,
    agency: z.string().describe('Who said it'),
    report_number: count,
    stated_at: time.describe('By the agency'),
    stored_at: time.describe('By the broker'),
  })
  .meta({ id: 'LateStatement' }) satisfies z.ZodType<LateStatement>;

const registerEntry = z
  .strictObject({
    agency: z.string(),
    year: count,
    number: count,
    notation: z.string().nullable(),
    counted_as: z.enum(COUNTED_AS),
    day: day.describe('Of issue; of the report for a void number'),
    document_type: z.string().nullable(),
    abstract: z.string().nullable(),
    signed: z.boolean(),
    reason: z.string().nullable().describe('Why paper, why void'),
    paper_to: z.array(z.string()).readonly().describe('Recipients of a paper document'),
    document_id: z.string().nullable(),
    reported_at: time.describe('By the agency'),
  })
  .meta({ id: 'RegisterEntry' }) satisfies z.ZodType<RegisterEntry>;

const receipt = z.strictObject({
  status: z.string(),
  at: time,
  reason_code: z.string().nullable(),
  reason: z.string().nullable(),
  incoming: z.strictObject({ year: count, number: count }).nullable(),
});

const document = z
  .strictObject({
    from: z.string(),
    from_name: z.string().nullable(),
    document_id: z.string(),
    business_type: count,
    document_version: count,
    register: z.strictObject({
      year: count,
      number: count,
      notation: z.string(),
      issued_on: day,
    }),
    document_type: z.string(),
    abstract: z.string(),
    priority: count,
    signed: z.boolean(),
    share_class: z.enum(['E', 'EP', 'P']),
    package_digest: z.string(),
    dispatched_at: time,
    response_for: z.strictObject({ organ_id: z.string(), document_id: z.string() }).nullable(),
    deliveries: z.array(
      z.strictObject({
        to: z.string(),
        to_name: z.string().nullable(),
        mode: z.enum(['E', 'E+P']),
        state: z.string(),
        withdrawn: z
          .strictObject({ at: time, cause: z.string(), reason: z.string().nullable() })
          .nullable(),
        receipts: z.array(receipt),
        receipts_left_out: count.describe('Given beside those; of one agency 64 are shown'),
      }),
    ),
    paper_recipients: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
    contradictory: z.array(
      receipt.extend({ from: z.string(), package_digest: z.string().nullable() }),
    ),
    contradictory_left_out: count
      .nullable()
      .describe('Beside those; of all agencies 1,000 are shown; null: not told'),
  })
  .meta({ id: 'Document' });
export type DocumentAnswer = z.infer<typeof document>;

export const documentsAnswer = z
  .strictObject({
    documents: z.array(document),
    more: z
      .boolean()
      .describe('More have the id or number than are given: narrow by `from`, `year`'),
  })
  .meta({ id: 'DocumentsAnswer' });

function page<T extends z.ZodType>(id: string, row: T) {
  return z
    .strictObject({
      as_of: asOf,
      rows: z.array(row).readonly(),
      total: count.nullable().describe('Rows of all pages; null: not counted'),
      next: z.string().nullable().describe('Goes into `after`; null on the last page'),
    })
    .meta({ id });
}

export const breakdownPage = page('BreakdownPage', breakdownRow);
export const deliveriesPage = page('DeliveriesPage', deliveryRow);
export const gapsPage = page('GapsPage', gapRow);
export const agenciesPage = page('AgenciesPage', agencyRow);
export const registerPage = page('RegisterPage', registerEntry);
export const alertsPage = page('AlertsPage', alertRow);
export const contradictionsPage = page('ContradictionsPage', contradictoryStatement);
export const latePage = page('LatePage', lateStatement);
export const rejectedPage = page('RejectedPage', rejectedRow);

export const agencyAnswer = z
  .strictObject({ as_of: asOf, agency: agencyRow })
  .meta({ id: 'AgencyAnswer' });

export const me = z
  .strictObject({
    name: z.string(),
    role: z.enum(ROLES),
    scope: z.string().nullable(),
    language: z.enum(LANGUAGES),
  })
  .meta({ id: 'Me' });

export const health = z
  .strictObject({
    running: z.boolean(),
    broker: z.enum(['connected', 'disconnected']).nullable(),
    sites: z.array(z.string()).readonly(),
    directory_entries: count.nullable(),
    storage_failing: z.strictObject({ since: time, error: z.string() }).nullable(),
  })
  .meta({ id: 'Health' }) satisfies z.ZodType<RelayHealth>;

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    parameter: z.string().optional(),
  })
  .meta({ id: 'Problem' });
