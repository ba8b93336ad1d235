import {
  type AsicFile,
  type Signer,
  type TimeStampSource,
  loadTrustStore,
  parseCertificate,
} from '@congvan/signer';

import { parseAgencyCode } from '../../agency/code.ts';
import { BusError } from '../../errors.ts';
import type { BuiltEvidence, CoverInput, GatheredRecord } from '../../evidence/build.ts';
import { codesOf, gatherDirectory, gatherValidation } from '../../evidence/gather.ts';
import { MAX_EVIDENCE_RECORDS, MAX_RECEIPTS_OF_ONE } from '../../evidence/limits.ts';
import { sealEvidence } from '../../evidence/seal.ts';
import { homePaths, readHomeFile, readRelayConfig } from '../home.ts';
import { openNodeSigner } from '../node-key.ts';
import { type Db, openDatabaseForReading } from '../storage/database.ts';
import { type EvidenceReportRow, EvidenceStore } from '../storage/evidence-store.ts';
import { DocumentSearch, compareDocuments } from '../storage/document-search.ts';
import { type DocumentRecord, TrackQueries } from '../storage/track-queries.ts';
import { openKeptPart } from './report-body.ts';

export interface ExportEvidenceOptions {
  /** The relay's folder; it is read beside a running relay. */
  readonly home: string;
  /** A DocumentId, or number and notation: `7/UBND-VP`. */
  readonly id: string;
  /** The sender, where several use the same. */
  readonly from?: string;
  /** Opens `keys/node.p12`; asked only when `signer` is not given. */
  readonly passphrase?: () => Promise<string>;
  /** The relay's node key, where it is open already. */
  readonly signer?: Signer;
  readonly timeStamps?: TimeStampSource | undefined;
  /** A service that gives no time-stamp is no error: the file says that it lacks one. */
  readonly timeStampMayLack?: boolean;
  /** Draws the cover sheets; left out: there are none. */
  readonly drawCover?: ((input: CoverInput) => Promise<readonly AsicFile[]>) | undefined;
  readonly now?: () => Date;
}

/**
 * Packs all that the relay has about one document into an evidence file, signed with its node key.
 *
 * @throws {@link BusError} `BUS_EVIDENCE_NOT_FOUND`, `BUS_EVIDENCE_AMBIGUOUS`,
 *   `BUS_EVIDENCE_TOO_LARGE`, `BUS_RELAY_HOME_INVALID`; errors of the key, and of the time-stamp
 *   service unless `timeStampMayLack`.
 */
export async function exportEvidence(options: ExportEvidenceOptions): Promise<BuiltEvidence> {
  const { home, timeStamps, drawCover } = options;
  const paths = homePaths(home);
  const config = await readRelayConfig(home);
  const trust = await loadTrustStore(paths.trust);
  const registrar = parseCertificate(await readHomeFile(paths.registrarCertificate));
  const db = openDatabaseForReading(paths.database);
  try {
    const found = readAtOnce(db, options.id, options.from ?? null, config.code);
    const signer = options.signer ?? (await openNodeSigner(paths.nodeKey, options.passphrase));
    const { judgedWith, ...gathered } = found;
    const validation = gatherValidation({
      judgedWith,
      trust,
      signer,
      registrar,
      directory: found.directory,
    });
    const exporter = { code: config.code, role: 'relay' } as const;
    const now = options.now?.() ?? new Date();
    const whole = { ...gathered, exporter, validation, contents: null };
    const { timeStampMayLack } = options;
    return await sealEvidence(whole, { signer, timeStamps, timeStampMayLack, now, drawCover });
  } finally {
    db.close();
  }
}

/** One transaction: what comes in meanwhile is not seen in part. */
function readAtOnce(db: Db, id: string, from: string | null, self: string) {
  return db.transaction(() => {
    const document = findDocument(db, id.trim(), from);
    const store = new EvidenceStore(db);
    const dispatch = store.dispatch(document.id);
    if (dispatch === undefined) throw notFound(id);
    const rows = [
      dispatch,
      // One more than fits, so that it shows when some are left out.
      ...store.receipts(document.id, MAX_RECEIPTS_OF_ONE + 1, MAX_EVIDENCE_RECORDS),
      ...store.withdrawals(document, MAX_EVIDENCE_RECORDS),
    ];
    const part = store.openPart(dispatch.id);
    const records = rows.map(toGathered);
    const { sender, documentId, businessType, documentVersion, packageDigest } = document;
    return {
      document: {
        from: parseAgencyCode(sender),
        documentId,
        businessType,
        documentVersion,
        packageDigest,
      },
      openPart: part === undefined ? null : openKeptPart(part, packageDigest),
      records,
      directory: gatherDirectory(codesOf(records, [self]), (codes) =>
        store.directoryRecords(codes),
      ),
      judgedWith: store.readBasis([...rows, ...(part === undefined ? [] : [part])]),
    };
  })();
}

function toGathered({ record, storedMs }: EvidenceReportRow): GatheredRecord {
  return { record, at: new Date(storedMs), timeFrom: 'broker' };
}

/** Of several versions the last, of several senders none. */
function findDocument(db: Db, id: string, from: string | null): DocumentRecord {
  const queries = new TrackQueries(db);
  const { found } = new DocumentSearch(db).candidates(id, from === null ? {} : { from });
  const senders = [...new Set(found.map(({ sender }) => sender))];
  const isOfOne = senders.length === 1;
  const documents = isOfOne ? found.flatMap((one) => queries.document(one.id) ?? []) : [];
  if (found.length > 0 && (!isOfOne || new Set(documents.map((one) => one.documentId)).size > 1)) {
    throw new BusError(
      'BUS_EVIDENCE_AMBIGUOUS',
      `"${id}" stands for ${found.length} documents, of ${senders.slice(0, 5).join(', ')}`,
      { details: { id, documents: found.length } },
    );
  }
  const document = documents.toSorted(compareDocuments).at(-1);
  if (document === undefined) throw notFound(id);
  return document;
}

function notFound(id: string): BusError {
  return new BusError('BUS_EVIDENCE_NOT_FOUND', `no report tells of a document "${id}"`, {
    details: { id },
  });
}
