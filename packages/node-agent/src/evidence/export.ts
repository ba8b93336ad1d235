import { readFile } from 'node:fs/promises';

import {
  type AgencyCode,
  decodeRecord,
  parseAgencyCode,
  parsePayloadAs,
  payloadHash,
} from '@congvan/bus';
import {
  type BuiltEvidence,
  type EvidenceDocument,
  type GatheredRecord,
  MAX_EVIDENCE_CONTENT_BYTES,
  MAX_RECEIPTS_OF_ONE,
  type SealEvidenceOptions,
  codesOf,
  gatherDirectory,
  gatherValidation,
  sealEvidence,
} from '@congvan/bus/evidence';
import { type AsicFile, parseCertificate, readOpenPart, writeOpenPart } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import { AgentError } from '../errors.ts';
import { layoutOf } from '../home/layout.ts';
import { findIncoming } from '../inbox/answer.ts';
import { openContents } from '../package/contents.ts';
import { HEADER_ENTRY } from '../package/header.ts';
import type { PackageSource } from '../package/source.ts';
import { findOutgoing } from '../register/track.ts';
import type { OwnRecordRow } from '../storage/evidence-store.ts';
import type { IncomingRow } from '../storage/inbox-store.ts';
import type { PackageRow } from '../storage/register-store.ts';

/** What evidence is wanted of. */
export interface EvidenceRequest extends Pick<SealEvidenceOptions, 'timeStamps' | 'drawCover'> {
  /** A DocumentId or number of a sent document; id, start of it or DocumentId of a received one. */
  readonly id: string;
  /** The sender of a received document. */
  readonly from?: AgencyCode;
  /** Takes the files of the package along. */
  readonly withContent?: boolean;
  /** A service that gives no time-stamp is no error: the file says that it lacks one. */
  readonly timeStampMayLack?: boolean;
}

interface Found {
  readonly document: EvidenceDocument;
  readonly role: 'sender' | 'recipient';
  readonly source: PackageSource;
  readonly records: readonly GatheredRecord[];
}

/**
 * Packs all that this agency has about a sent or received document into an evidence file, signed with
 * its node key.
 *
 * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`, `AGENT_FILE_TOO_LARGE`, `AGENT_KEY_MISSING`;
 *   BusError `BUS_EVIDENCE_TOO_LARGE`; errors of the key, and of the time-stamp service unless
 *   `timeStampMayLack`.
 */
export async function exportEvidence(
  core: AgentCore,
  request: EvidenceRequest,
): Promise<BuiltEvidence> {
  const found = findDocument(core, request);
  const { document, role, records } = found;
  const signer = await core.keys.open('node');
  const registrar = parseCertificate(await readFile(layoutOf(core.folder).registrarCertificate));
  const package_ = await readPackage(found.source, request.withContent === true);
  const { code } = core.config;
  const directory = gatherDirectory(codesOf(records, [code, document.from]), (codes) =>
    core.evidence.directoryRecords(codes),
  );
  const judged = records.flatMap(({ record }) => core.evidence.judged(hashOf(record)) ?? []);
  const validation = gatherValidation({
    judgedWith: core.evidence.readBasis(judged),
    trust: core.trust.store,
    signer,
    registrar,
    directory,
  });
  const { timeStamps, timeStampMayLack, drawCover } = request;
  const exporter = { code, role };
  const gathered = { document, exporter, records, directory, validation, ...package_ };
  const now = core.now();
  return await sealEvidence(gathered, { signer, timeStamps, timeStampMayLack, drawCover, now });
}

function findDocument(core: AgentCore, { id, from }: EvidenceRequest): Found {
  const sent = from === undefined || from === core.config.code ? tryOutgoing(core, id) : undefined;
  return sent ?? receivedDocument(core, incomingRow(core, id.trim(), from));
}

function incomingRow(core: AgentCore, id: string, from: AgencyCode | undefined): IncomingRow {
  const ids = core.evidence.incomingIds(id, from ?? null);
  if (ids.length > 1) {
    throw new AgentError(
      'AGENT_ID_AMBIGUOUS',
      `${ids.length} received documents have the id "${id}"`,
      {
        details: { id },
      },
    );
  }
  return findIncoming(core, ids[0] ?? id);
}

function tryOutgoing(core: AgentCore, id: string): Found | undefined {
  try {
    return sentDocument(core, id);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'AGENT_DOCUMENT_NOT_FOUND') return undefined;
    throw error;
  }
}

function sentDocument(core: AgentCore, id: string): Found | undefined {
  const row = findOutgoing(core, id.trim());
  const stored = core.register.packageOf(row.id);
  if (stored === undefined) {
    throw new AgentError('AGENT_DOCUMENT_NOT_SENT', `document ${row.document_id} was never sent`, {
      details: { id: row.document_id },
    });
  }
  const own = core.evidence.recordsAbout(stored.id);
  const key = keyOfSent(own);
  if (key === undefined) {
    throw new AgentError(
      'AGENT_DOCUMENT_NOT_SENT',
      `no signed record of document ${row.document_id} has left yet`,
      { details: { id: row.document_id } },
    );
  }
  const records = [...own.flatMap((one) => gatherOwn(core, one)), ...receiptsOf(core, stored)];
  const document = { ...key, from: core.config.code, packageDigest: stored.digest };
  return { document, role: 'sender', source: core.files.containerOf(stored), records };
}

type DocumentKey = Pick<Found['document'], 'documentId' | 'businessType' | 'documentVersion'>;

function keyOfSent(own: readonly OwnRecordRow[]): DocumentKey | undefined {
  for (const { type, payload, signed } of own) {
    if (type !== 'delivery' || signed === null) continue;
    const delivery = parsePayloadAs({ type, payload }, 'delivery');
    const { documentId, businessType, documentVersion } = delivery;
    return { documentId, businessType, documentVersion };
  }
  return undefined;
}

/** Of one recipient one more than fits, so that it shows when some are left out. */
function receiptsOf(core: AgentCore, stored: PackageRow): GatheredRecord[] {
  return core.register
    .deliveriesOf(stored.id)
    .flatMap(({ id }) => core.register.receiptsOf(id, MAX_RECEIPTS_OF_ONE + 1))
    .map(({ record, at_ms }) => gather(core, record, at_ms));
}

function receivedDocument(core: AgentCore, row: IncomingRow): Found {
  const { document_id: documentId, document_version: documentVersion } = row;
  const { businessType } = parsePayloadAs(decodeRecord(row.record), 'delivery');
  const from = parseAgencyCode(row.sender);
  return {
    document: {
      from,
      documentId,
      businessType,
      documentVersion,
      packageDigest: row.package_digest,
    },
    role: 'recipient',
    source: core.files.containerOf(row),
    records: [
      gather(core, row.record, row.received_ms),
      ...core.evidence.givenReceipts(row.id).flatMap((one) => gatherOwn(core, one)),
    ],
  };
}

/** What has not left yet is not signed, and no evidence. */
function gatherOwn(core: AgentCore, { signed }: OwnRecordRow): GatheredRecord[] {
  return signed === null ? [] : [gather(core, signed, core.now().getTime())];
}

/** @param otherwiseMs - for a record that was judged before such times were kept. */
function gather(core: AgentCore, record: Uint8Array, otherwiseMs: number): GatheredRecord {
  const judged = core.evidence.judged(hashOf(record));
  if (judged === undefined) return { record, at: new Date(otherwiseMs), timeFrom: 'signer' };
  const timeFrom = judged.is_own === 1 ? 'signer' : 'broker';
  return { record, at: new Date(judged.at_ms), timeFrom };
}

function hashOf(record: Uint8Array): string {
  return payloadHash(decodeRecord(record).payload);
}

/** The open part, and the files where they are wanted. */
async function readPackage(
  source: PackageSource,
  withContent: boolean,
): Promise<{ openPart: Uint8Array | null; contents: readonly AsicFile[] | null }> {
  // Of a document that was learned from the relay the package is not here.
  if (source instanceof Uint8Array && source.length === 0)
    return { openPart: null, contents: null };
  await using opened = await openContents(source);
  const header = await opened.read(HEADER_ENTRY);
  const { manifest, signature } = opened;
  const openPart = writeOpenPart({ files: [[HEADER_ENTRY, header]], manifest, signature });
  if (!withContent) return { openPart, contents: null };
  const contents: AsicFile[] = [];
  let left = MAX_EVIDENCE_CONTENT_BYTES;
  for (const { name, mediaType } of readOpenPart(openPart).entries) {
    if (name === HEADER_ENTRY) continue;
    const bytes = await opened.read(name, left);
    left -= bytes.length;
    contents.push({ name, mediaType, bytes });
  }
  return { openPart, contents };
}
