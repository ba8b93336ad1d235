import { z } from 'zod';

import { BusError } from '../errors.ts';
import { agencyCode } from '../record/field.ts';
import { MAX_EVIDENCE_ENTRIES, MAX_STATEMENT_BYTES } from './limits.ts';

export const STATEMENT_NAME = 'evidence.json';
export const EVIDENCE_FORMAT = 'congvan-evidence/1';

/** What each kind of entry proves; stands in the file itself, for a program or a person. */
export const ENTRY_KINDS = {
  cover: 'nothing by itself: it tells in words what the other parts prove',
  header:
    'what the document is: number, date, abstract, sender and recipients, as the sender packed it',
  manifest: 'which files the package holds, by digest; its own SHA-256 is the package digest',
  'package-signature': 'that the sending agency vouches for the manifest',
  content: 'the file itself; the manifest has its digest',
  dispatch:
    'that the sender entered the document in its register and sent this package to these recipients',
  delivery: 'that the sender addressed this package to these recipients',
  receipt: 'what the recipient says it did with this package, and when',
  withdrawal: 'that a delivery did not come about, in the words of the sender',
  directory: 'which certificates belong to an agency, in the word of its registrar',
  certificate: 'which key belongs to a signer; it leads to a trust anchor',
  crl: 'which certificates were revoked at a time',
  ocsp: 'whether a certificate was revoked at a time',
} as const;

export type EntryKind = keyof typeof ENTRY_KINDS;
/** The kinds that are signed records. */
export const RECORD_KINDS = ['dispatch', 'delivery', 'receipt', 'withdrawal'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** What a complete file would hold beside what is there. */
export const LACKING = [
  'open-part',
  'dispatch',
  'delivery',
  'revocation',
  'contents',
  /** Of a recipient that gave more than fit: it has the first of each status and the newest. */
  'receipts',
  /** A service was named and gave none; without one named, nothing is lacking. */
  'time-stamp',
] as const;
export type Lacking = (typeof LACKING)[number];

const EXPORTER_ROLES = ['relay', 'sender', 'recipient'] as const;
export type ExporterRole = (typeof EXPORTER_ROLES)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime({ precision: 3 });
const kinds = Object.keys(ENTRY_KINDS).filter((kind): kind is EntryKind =>
  Object.hasOwn(ENTRY_KINDS, kind),
);

const entrySchema = z.strictObject({
  name: z.string().min(1).max(255),
  kind: z.enum(kinds),
  sha256,
  proves: z.string().max(500),
  /** Of a record: the time it is judged at, and whose word that time is. */
  at: instant.optional(),
  timeFrom: z.enum(['broker', 'signer']).optional(),
});

const statementSchema = z.strictObject({
  format: z.literal(EVIDENCE_FORMAT),
  exportedAt: instant,
  exportedBy: z.strictObject({ code: agencyCode, role: z.enum(EXPORTER_ROLES) }),
  /** A time-stamp was asked for: a file without one was changed. */
  timeStamped: z.boolean(),
  document: z.strictObject({
    from: agencyCode,
    documentId: z.string().min(1).max(100),
    businessType: z.int().min(0).max(3),
    documentVersion: z.int().min(1),
    packageDigest: sha256,
  }),
  lacking: z.array(z.enum(LACKING)).max(LACKING.length),
  entries: z.array(entrySchema).min(1).max(MAX_EVIDENCE_ENTRIES),
});

/** `evidence.json`: what is in the file, what each part proves, and the times that the exporter states. */
export type EvidenceStatement = Readonly<z.infer<typeof statementSchema>>;
export type StatedEntry = Readonly<z.infer<typeof entrySchema>>;
/** Which document the evidence is about. */
export type EvidenceDocument = EvidenceStatement['document'];

export function writeStatement(statement: EvidenceStatement): Uint8Array {
  return Buffer.from(`${JSON.stringify(statementSchema.parse(statement), null, 1)}\n`);
}

/** @throws {@link BusError} `BUS_EVIDENCE_INVALID` naming the field that is wrong. */
export function readStatement(bytes: Uint8Array): EvidenceStatement {
  if (bytes.length > MAX_STATEMENT_BYTES) throw invalid(`${bytes.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid('it is not JSON in UTF-8', cause);
  }
  const result = statementSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
}

function invalid(fault: string, cause?: unknown): BusError {
  return new BusError('BUS_EVIDENCE_INVALID', `${STATEMENT_NAME}: ${fault.slice(0, 300)}`, {
    cause,
    details: { entry: STATEMENT_NAME },
  });
}
