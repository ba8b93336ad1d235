import { statSync } from 'node:fs';

import { type Finding, isFinding, parseAgencyCode } from '@congvan/bus';
import { z } from 'zod';

import type { AgentCore } from '../core.ts';
import type { HeldRow, IncomingDocument, InboxRow, QuarantineRow } from '../documents.ts';
import { type PackageSummary, readSummary } from '../package/header.ts';
import { containerFile, incomingFiles } from '../package/incoming-file.ts';
import type { PackageSource } from '../package/source.ts';
import type { Signal } from '../signal.ts';
import type { HeldListRow } from '../storage/held-store.ts';
import type { IncomingListRow, QuarantineStoreRow } from '../storage/inbox-store.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import { findIncoming } from './answer.ts';

const IDLE_MS = 60_000;

const verdictSchema = z.object({
  documentIndication: z.enum(['TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED']),
  warnings: z.array(z.string()),
});

/**
 * Yields each open document once, oldest first, then waits for more until `signal` fires.
 *
 * A document that was yielded and neither answered nor done comes again from the next call, also in
 * the next process: that is what makes a crash of the application harmless.
 */
export async function* handOver(
  core: AgentCore,
  wake: Signal,
  signal: AbortSignal,
): AsyncGenerator<IncomingDocument> {
  const given = new Set<string>();
  while (!signal.aborted) {
    const open = core.inbox.openIds();
    const fresh = open.filter((id) => !given.has(id));
    forgetAnswered(given, new Set(open));
    for (const id of fresh) {
      given.add(id);
      const document = core.inbox.isOpen(id) ? openUndamaged(core, id) : undefined;
      if (document !== undefined) yield document;
      if (signal.aborted) return;
    }
    if (fresh.length === 0) await wake.wait(IDLE_MS, signal);
  }
}

/** One that cannot be opened any more stays in the inbox for a person; the others go on. */
function openUndamaged(core: AgentCore, id: string): IncomingDocument | undefined {
  try {
    return openIncoming(core, id);
  } catch (error) {
    if (storageTroubleOf(error) !== undefined) throw error;
    core.log.error({ id, error: String(error) }, 'a stored document is damaged: not handed over');
    return undefined;
  }
}

function forgetAnswered(given: Set<string>, open: ReadonlySet<string>): void {
  for (const id of given) if (!open.has(id)) given.delete(id);
}

/** A received document with its files, from the package as received. */
export function openIncoming(core: AgentCore, idOrPrefix: string): IncomingDocument {
  const row = findIncoming(core, idOrPrefix);
  const summary = readSummary(row.summary);
  const source = core.files.containerOf(row);
  return {
    ...toInboxRow(core, row),
    packageDigest: row.package_digest,
    responseFor: summary.responseFor,
    dueDate: summary.dueDate,
    documentIndication: verdictSchema.parse(JSON.parse(row.verdict)).documentIndication,
    files: incomingFiles(source, summary),
    container: containerFile(source, row.document_id, bytesOfContainer(source)),
  };
}

function bytesOfContainer(source: PackageSource): number {
  return source instanceof Uint8Array ? source.length : statSync(source.path).size;
}

/**
 * One row of the inbox. What of it cannot be read any more is named in `damage` and left empty: a
 * row that a bad disk has hit must not hide the others.
 */
export function toInboxRow(core: AgentCore, row: IncomingListRow): InboxRow {
  const from = parseAgencyCode(row.sender);
  const sender = { code: from, ...core.directory.nameOf(from) };
  const stored = readStored(row);
  const { header } = stored;
  const damages = [sender.damage, stored.damage].filter((one) => one !== null);
  return {
    id: row.id,
    from: sender.code,
    fromName: sender.name,
    documentId: row.document_id,
    codeNumber: header.codeNumber,
    codeNotation: header.codeNotation,
    issuedOn: header.issuedOn,
    documentType: header.documentType,
    abstract: header.abstract,
    priority: header.priority,
    state: row.state,
    receivedAt: new Date(row.received_ms),
    warnings: stored.warnings.filter(isFinding),
    damage: damages.length === 0 ? null : damages.join('; '),
    incomingNumber:
      row.incoming_number === null ? null : `${row.incoming_number}/${row.incoming_year}`,
    duplicateCount: row.duplicate_count,
  };
}

type StoredHeader = Pick<
  PackageSummary,
  'codeNumber' | 'codeNotation' | 'issuedOn' | 'documentType' | 'abstract' | 'priority'
>;

interface StoredParts {
  readonly header: StoredHeader;
  readonly warnings: readonly string[];
  readonly damage: string | null;
}

const UNREADABLE: StoredHeader = {
  codeNumber: '',
  codeNotation: '',
  issuedOn: '',
  documentType: '',
  abstract: '',
  priority: 0,
};

function readStored({ id, summary, verdict }: IncomingListRow): StoredParts {
  try {
    const { warnings } = verdictSchema.parse(JSON.parse(verdict));
    return { header: readSummary(summary), warnings, damage: null };
  } catch {
    // What is wrong with it helps nobody; which one it is does.
    return { header: UNREADABLE, warnings: [], damage: `the stored summary of ${id} is damaged` };
  }
}

export function toHeldRow(
  { holdLimits }: Pick<AgentCore, 'holdLimits'>,
  row: HeldListRow,
): HeldRow {
  return {
    id: row.id,
    from: row.sender,
    heldSince: new Date(row.held_ms),
    lacks: row.lacks,
    reason: row.reason,
    bytes: row.message_bytes,
    nextTryAt: new Date(row.next_try_ms),
    endsAt: new Date(row.held_ms + holdLimits.endsAfterMs),
  };
}

export function toQuarantineRow(row: QuarantineStoreRow): QuarantineRow {
  const finding: Finding = isFinding(row.finding) ? row.finding : 'RECORD_MALFORMED';
  return {
    id: row.id,
    receivedAt: new Date(row.received_ms),
    finding,
    detail: row.detail,
    natsSubject: row.nats_subject,
    claimedFrom: row.claimed_from,
    claimedDocumentId: row.claimed_document_id,
    refusalSent: row.refusal_record_id !== null,
    bytes: row.message_bytes,
  };
}
