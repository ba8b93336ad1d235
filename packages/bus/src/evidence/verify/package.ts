import { createHash } from 'node:crypto';

import { SignerError, type TrustStore, readOpenPart, writeOpenPart } from '@congvan/signer';

import { readEdxml } from '../../edxml/read.ts';
import { BusError } from '../../errors.ts';
import { type CheckedRecord, type JudgeContext, verifyAgencySignature } from './records.ts';
import { type EvidenceEntry, type OpenedEvidence, entriesOf } from './open.ts';
import { type EntryKind, LACKING, type Lacking } from '../statement.ts';
import { type EvidenceCheck, checkOf, failedCheck, passedCheck } from './report.ts';

const PREFIX = 'package/';
const HEADER_NAME = `${PREFIX}header.edxml`;

/**
 * Verifies header, manifest, signature and contents of the package: the manifest is the one that the
 * records name, the sender signed it, and every file that is here has the digest in it.
 */
export function verifyPackage(
  opened: OpenedEvidence,
  records: readonly CheckedRecord[],
  context: JudgeContext & { readonly trust: TrustStore },
): readonly EvidenceCheck[] {
  const parts = entriesOf(opened, ['header', 'manifest', 'package-signature', 'content']);
  if (parts.length === 0) return [];
  const [manifest, ...otherManifests] = parts.filter(({ kind }) => kind === 'manifest');
  const [signature, ...others] = parts.filter(({ kind }) => kind === 'package-signature');
  const first = parts[0]?.name ?? PREFIX;
  if (
    manifest === undefined ||
    signature === undefined ||
    otherManifests.length + others.length > 0
  ) {
    return [
      failedCheck(
        first,
        'manifest',
        'FORMAT_FAILURE',
        'one manifest and one signature belong to it',
      ),
    ];
  }
  const digest = createHash('sha256').update(manifest.bytes).digest('hex');
  const { document } = context;
  if (digest !== document.packageDigest) {
    const detail = `its SHA-256 is ${digest}, the records name ${document.packageDigest}`;
    return [failedCheck(manifest.name, 'manifest', 'HASH_FAILURE', detail)];
  }
  return [
    ...verifyParts(parts, manifest, signature, context),
    judgeSignature(manifest, signature, records, context),
  ];
}

/** What a complete file would hold and this one does not, whatever its exporter says. */
export function lackingIn(opened: OpenedEvidence): Lacking[] {
  const count = (...kinds: readonly EntryKind[]): number => entriesOf(opened, kinds).length;
  const stated = new Set<Lacking>(opened.statement.lacking);
  const lacks: Readonly<Record<Lacking, boolean>> = {
    'open-part': count('header') === 0 || count('manifest') === 0,
    dispatch: count('dispatch') === 0,
    delivery: count('delivery') === 0,
    revocation: count('crl', 'ocsp') === 0,
    contents: count('content') < contentsNamed(opened),
    // Only the exporter knows how many there were, and whether it asked for a time-stamp.
    receipts: false,
    'time-stamp': false,
  };
  return LACKING.filter((one) => stated.has(one) || lacks[one]);
}

/** How many files beside the header the manifest names; without one that is judged elsewhere, one. */
function contentsNamed(opened: OpenedEvidence): number {
  const [manifest] = entriesOf(opened, ['manifest']);
  if (manifest === undefined) return 1;
  try {
    const signature = new Uint8Array(1);
    const part = writeOpenPart({ files: [], manifest: manifest.bytes, signature });
    return readOpenPart(part).entries.length - 1;
  } catch (error) {
    if (error instanceof SignerError) return 1;
    throw error;
  }
}

function verifyParts(
  parts: readonly EvidenceEntry[],
  manifest: EvidenceEntry,
  signature: EvidenceEntry,
  { document }: JudgeContext,
): EvidenceCheck[] {
  const files = parts.filter(({ kind }) => kind === 'header' || kind === 'content');
  try {
    const named = new Map(
      readOpenPart(
        writeOpenPart({ files: [], manifest: manifest.bytes, signature: signature.bytes }),
      ).entries.map((entry) => [`${PREFIX}${entry.name}`, entry]),
    );
    const checks = files.map(({ name, kind, bytes }) => {
      const entry = named.get(name);
      const isRight =
        entry !== undefined && createHash(entry.hash).update(bytes).digest().equals(entry.digest);
      if (!isRight)
        return failedCheck(name, kind, 'HASH_FAILURE', 'the manifest has another digest');
      const fault = kind === 'header' ? faultOfHeader(name, bytes, document) : undefined;
      if (fault !== undefined) return failedCheck(name, kind, 'SIGNED_DATA_NOT_FOUND', fault);
      return passedCheck(name, kind, 'its digest is the one in the manifest');
    });
    return [passedCheck(manifest.name, 'manifest', 'its SHA-256 is the package digest'), ...checks];
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return [failedCheck(manifest.name, 'manifest', 'FORMAT_FAILURE', error.message)];
  }
}

function faultOfHeader(
  name: string,
  bytes: Uint8Array,
  document: JudgeContext['document'],
): string | undefined {
  // An attachment may look like a header, of whatever the sender likes.
  if (name !== HEADER_NAME) return `the header of a package is ${HEADER_NAME}`;
  try {
    const message = readEdxml(bytes);
    if (message.kind !== 'document') return 'it is a status message';
    const { from, documentId } = message;
    if (from.organId === document.from && documentId === document.documentId) return undefined;
    return `it is of document ${documentId} from ${from.organId}`;
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}

/** Judged when its sender sent it, as the record that names it was stored then. */
function judgeSignature(
  manifest: EvidenceEntry,
  signature: EvidenceEntry,
  records: readonly CheckedRecord[],
  context: JudgeContext & { readonly trust: TrustStore },
): EvidenceCheck {
  const record = records.find(({ kind }) => kind === 'dispatch' || kind === 'delivery');
  if (record === undefined) {
    const detail = 'no record tells when it was sent';
    return failedCheck(signature.name, signature.kind, 'SIGNED_DATA_NOT_FOUND', detail);
  }
  const { at } = record;
  const input = { content: manifest.bytes, signature: signature.bytes, at };
  const found = verifyAgencySignature(input, context.document.from, context);
  const timeFrom = record.entry.timeFrom ?? null;
  return checkOf(signature.name, signature.kind, { ...found, at, timeFrom });
}
