import { createHash } from 'node:crypto';

import { z } from 'zod';

import { TIERS } from '../agency/tier.ts';
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES } from '../file/blob.ts';
import {
  agencyCode,
  businessType,
  count,
  digest,
  documentId,
  incoming,
  instant,
  line,
  ordinal,
  priority,
  prose,
  reason,
  reasonCode,
  register,
  site,
  sizeUpTo,
  statusCode,
  year,
} from './field.ts';
import {
  MAX_ABSTRACT_LENGTH,
  MAX_CERTIFICATE_BYTES,
  MAX_CERTIFICATE_COUNT,
  MAX_DELEGATED_SITE_COUNT,
  MAX_INLINE_PACKAGE_BYTES,
  MAX_MISSING_RANGE_COUNT,
  MAX_NAME_LENGTH,
  MAX_OPEN_PART_BYTES,
  MAX_RECIPIENT_COUNT,
  MAX_RELATED_CODE_COUNT,
  MAX_SEALED_BYTES,
  MAX_WARNING_COUNT,
} from './limits.ts';

/** Signed once for all recipients of a document; who each of them is stands in the subject. */
const delivery = z
  .object({
    from: agencyCode,
    to: z
      .array(agencyCode)
      .min(1, 'is empty')
      .max(MAX_RECIPIENT_COUNT, `has more than ${MAX_RECIPIENT_COUNT} agencies`)
      .refine((codes) => new Set(codes).size === codes.length, 'names an agency twice'),
    documentId,
    businessType,
    documentVersion: ordinal,
    packageDigest: digest,
    open: z.object({
      sha256: digest,
      bytes: sizeUpTo(MAX_OPEN_PART_BYTES),
      /** It travels in raw deflate of so many bytes. */
      packedBytes: sizeUpTo(MAX_OPEN_PART_BYTES).optional(),
    }),
    sealed: z.object({
      sha256: digest,
      bytes: sizeUpTo(MAX_SEALED_BYTES),
      chunkBytes: sizeUpTo(MAX_CHUNK_BYTES)
        .min(MIN_CHUNK_BYTES, `is under ${MIN_CHUNK_BYTES} bytes`)
        .nullable(),
    }),
    traceId: z
      .string()
      .regex(/^(?!0{32})[0-9a-f]{32}$/, 'is not a trace id of 32 lower hexadecimal digits')
      .optional(),
    sentAt: instant,
  })
  .refine(
    ({ open, sealed }) =>
      sealed.chunkBytes !== null || open.bytes + sealed.bytes <= MAX_INLINE_PACKAGE_BYTES,
    { path: ['sealed', 'chunkBytes'], error: 'is null for a package too large for its message' },
  )
  .readonly();

const receipt = z
  .object({
    from: agencyCode,
    to: agencyCode,
    documentId,
    businessType,
    documentVersion: ordinal,
    packageDigest: digest.nullable(),
    status: statusCode,
    at: instant,
    reasonCode: reasonCode.optional(),
    reason: reason.optional(),
    incoming: incoming.optional(),
    warnings: z.array(line(200)).max(MAX_WARNING_COUNT),
    actor: line(200).optional(),
  })
  .readonly();

const dispatchRecipient = z.discriminatedUnion('mode', [
  z.object({ to: agencyCode, mode: z.enum(['E', 'E+P']) }),
  z.object({ name: line(MAX_NAME_LENGTH), mode: z.literal('P'), reason }),
]);

const dispatchEntry = z.object({
  kind: z.literal('dispatch'),
  register,
  documentId,
  businessType,
  documentVersion: ordinal,
  documentType: line(100),
  abstract: prose(MAX_ABSTRACT_LENGTH),
  priority,
  signed: z.boolean(),
  packageDigest: digest,
  recipients: z.array(dispatchRecipient).min(1, 'is empty').max(MAX_RECIPIENT_COUNT),
  responseFor: z.object({ organId: line(60), documentId }).optional(),
});

const receiptEntry = z.object({
  kind: z.literal('receipt'),
  sender: agencyCode,
  documentId,
  businessType,
  documentVersion: ordinal,
  packageDigest: digest.nullable(),
  status: statusCode,
  at: instant,
  reasonCode: reasonCode.optional(),
  reason: reason.optional(),
  incoming: incoming.optional(),
});

const paperEntry = z.object({
  kind: z.literal('paper'),
  register,
  documentType: line(100),
  abstract: prose(MAX_ABSTRACT_LENGTH),
  recipients: z.array(line(MAX_NAME_LENGTH)).max(MAX_RECIPIENT_COUNT),
  reason: z.enum(['infrastructure', 'listed', 'not-connected']),
  note: prose(1_000).optional(),
});

const voidEntry = z.object({ kind: z.literal('void'), year, number: ordinal, reason });

/** A delivery that does not come about, as its sender says. A receipt that comes all the same counts. */
const withdrawnEntry = z.object({
  kind: z.literal('withdrawn'),
  documentId,
  businessType,
  documentVersion: ordinal,
  to: agencyCode,
  at: instant,
  cause: z.enum(['given-up', 'unanswered', 'refused', 'recipient-gone']),
  reason: reason.optional(),
});

const report = z
  .object({
    from: agencyCode,
    number: ordinal,
    previous: digest.nullable(),
    at: instant,
    entry: z.discriminatedUnion('kind', [
      dispatchEntry,
      receiptEntry,
      paperEntry,
      voidEntry,
      withdrawnEntry,
    ]),
  })
  .refine((value) => (value.number === 1) === (value.previous === null), {
    path: ['previous'],
    error: 'is null for report 1 and a digest for every later one',
  })
  .readonly();

const range = z
  .tuple([ordinal, ordinal])
  .refine(([first, last]) => first <= last, 'ends before it starts');

const watermark = z
  .object({
    from: agencyCode,
    to: agencyCode,
    upTo: count,
    hash: digest.nullable(),
    missing: z
      .array(range)
      .max(MAX_MISSING_RANGE_COUNT)
      .refine(
        (ranges) => ranges.every(([first], index) => index === 0 || first > lastOf(ranges, index)),
        'has ranges out of order',
      ),
    at: instant,
  })
  .readonly();

const certificate = z
  .object({
    use: z.enum(['seal', 'node', 'encryption', 'registrar']),
    sha256: digest,
    der: z.base64('is not base64').max(Math.ceil(MAX_CERTIFICATE_BYTES / 3) * 4),
  })
  .refine((value) => sha256OfBase64(value.der) === value.sha256, {
    path: ['sha256'],
    error: 'is not the digest of der',
  });

/** For which sites a registrar may speak; `lastSequence` ends it: what it signed after that never counts. */
const delegation = z.object({
  sites: z.array(site).min(1, 'is empty').max(MAX_DELEGATED_SITE_COUNT),
  lastSequence: count.nullable(),
});

const directory = z
  .object({
    sequence: ordinal,
    registrar: agencyCode,
    code: agencyCode,
    name: line(MAX_NAME_LENGTH),
    tier: z.enum(TIERS),
    parent: agencyCode.nullable(),
    site,
    role: z.enum(['agency', 'relay', 'registrar']),
    validFrom: instant,
    validTo: instant.nullable(),
    oldCodes: z.array(line(60)).max(MAX_RELATED_CODE_COUNT),
    predecessors: z.array(agencyCode).max(MAX_RELATED_CODE_COUNT),
    successors: z.array(agencyCode).max(MAX_RELATED_CODE_COUNT),
    certificates: z.array(certificate).max(MAX_CERTIFICATE_COUNT),
    natsUserKey: z
      .string()
      .regex(/^U[A-Z2-7]{55}$/, 'is not a public NATS user key')
      .nullable(),
    /** When the registrar signed; certificates count from then. Left out: from `validFrom`. */
    signedAt: instant.optional(),
    /** How far a delegated registrar had read the root's entries; the root's own entries lack it. */
    basedOn: count.optional(),
    delegation: delegation.optional(),
  })
  .refine((value) => (value.role === 'registrar') === (value.delegation !== undefined), {
    path: ['delegation'],
    error: 'belongs to the role registrar and to no other',
  })
  .refine((value) => value.validTo === null || value.validTo > value.validFrom, {
    path: ['validTo'],
    error: 'is not after validFrom',
  })
  .readonly();

export type DeliveryPayload = z.infer<typeof delivery>;
export type ReceiptPayload = z.infer<typeof receipt>;
export type ReportPayload = z.infer<typeof report>;
export type ReportEntry = ReportPayload['entry'];
export type DispatchEntry = z.infer<typeof dispatchEntry>;
export type DispatchRecipient = z.infer<typeof dispatchRecipient>;
export type ReceiptEntry = z.infer<typeof receiptEntry>;
export type PaperEntry = z.infer<typeof paperEntry>;
export type VoidEntry = z.infer<typeof voidEntry>;
export type WithdrawnEntry = z.infer<typeof withdrawnEntry>;
export type WatermarkPayload = z.infer<typeof watermark>;
export type DirectoryPayload = z.infer<typeof directory>;
export type RegisterNumber = z.infer<typeof register>;

export interface Payloads {
  readonly delivery: DeliveryPayload;
  readonly receipt: ReceiptPayload;
  readonly report: ReportPayload;
  readonly watermark: WatermarkPayload;
  readonly directory: DirectoryPayload;
}
export type RecordType = keyof Payloads;

/** The zod schema of each payload; the order of keys is the order of the bytes. */
export const PAYLOAD_SCHEMAS: { readonly [T in RecordType]: z.ZodType<Payloads[T]> } = {
  delivery,
  receipt,
  report,
  watermark,
  directory,
};

function lastOf(ranges: readonly (readonly [number, number])[], index: number): number {
  return ranges[index - 1]?.[1] ?? 0;
}

function sha256OfBase64(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex');
}
