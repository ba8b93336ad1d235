import { createHash } from 'node:crypto';

import { z } from 'zod';

import { BusError } from '../../errors.ts';
import { agencyCode, count, digest, instant, ordinal } from '../../record/field.ts';
import { MONTH } from './publication.ts';

/** The first part of the file, stored as it is, so that tools know the file by its first bytes. */
export const AUDIT_MEDIA_TYPE = 'application/vnd.congvan.audit+zip';

/** Records of one block, and the bytes at which it ends before that. */
export const RECORDS_PER_BLOCK = 1_000;
export const MAX_BLOCK_BYTES = 8 * 1024 * 1024;

export const AUDIT_PARTS = {
  mediaType: 'mimetype',
  readme: 'README.txt',
  definitions: 'definitions.json',
  registrar: 'registrar.crt',
  manifest: 'manifest.json',
  manifestSignature: 'manifest.p7s',
} as const;

/** Every name that a part may have. */
const PART_NAME = new RegExp(
  [
    '^(?:mimetype|README\\.txt|definitions\\.json|registrar\\.crt|manifest\\.(?:json|p7s)',
    'trust/[0-9a-f]{64}\\.(?:crt|crl|ors)',
    'directory/\\d{6}\\.bin',
    'publications/\\d{6}\\.(?:json|p7s)',
    'publications/\\d{6}/(?:figures|chains|contradictions|changes)\\.jsonl',
    '(?:records|forks)/\\d{6}\\.(?:csv|bin))$',
  ].join('|'),
  'u',
);

export function isPartName(name: string): boolean {
  return PART_NAME.test(name);
}

/** `records/000001.csv`. */
export function blockName(
  folder: 'records' | 'forks' | 'directory',
  block: number,
  ending: 'csv' | 'bin',
): string {
  return `${folder}/${pad(block)}.${ending}`;
}

export function publicationName(sequence: number, ending: string): string {
  return `publications/${pad(sequence)}${ending}`;
}

export const RECORD_COLUMNS = 'id,stored_at,agency,number,payload_sha256,arrival_hash';
export const FORK_COLUMNS = 'after,stored_at,told_in';

const month = z.string().regex(MONTH, 'is not a month such as 2026-10');
const manifestSchema = z
  .strictObject({
    kind: z.literal('congvan-audit'),
    version: z.literal(1),
    relay: agencyCode,
    period: z.strictObject({ from: month, to: month }),
    exported_at: instant,
    /** Records 1 to this one, in the order of arrival. */
    records: count,
    /** The last publication of the file; the heads of all before it are there too. */
    publication: ordinal,
    parts: z.array(z.strictObject({ name: z.string().max(200), bytes: count, sha256: digest })),
  })
  .readonly();

/** What is in an audit file; signed by the relay. */
export type AuditManifest = z.infer<typeof manifestSchema>;
export type ManifestPart = AuditManifest['parts'][number];

export function encodeManifest(manifest: AuditManifest): Uint8Array {
  const { parts, ...rest } = manifest;
  const lines = parts.map((part) => `    ${JSON.stringify(part)}`).join(',\n');
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  return new TextEncoder().encode(`${head},\n  "parts": [\n${lines}\n  ]\n}\n`);
}

/** @throws {@link BusError} `BUS_AUDIT_FILE_INVALID`. */
export function parseManifest(bytes: Uint8Array): AuditManifest {
  try {
    return manifestSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    );
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const fault = issue === undefined ? 'is not JSON' : `${issue.path.join('.')} ${issue.message}`;
    throw invalidFile(`${AUDIT_PARTS.manifest}: ${fault}`, AUDIT_PARTS.manifest, cause);
  }
}

export function invalidFile(message: string, part: string, cause?: unknown): BusError {
  return new BusError('BUS_AUDIT_FILE_INVALID', message, { cause, details: { part } });
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pad(number: number): string {
  return String(number).padStart(6, '0');
}
