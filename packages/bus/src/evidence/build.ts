import { createHash } from 'node:crypto';

import {
  type AsicFile,
  type Signer,
  type TimeStampSource,
  buildAsicE,
  readOpenPart,
} from '@congvan/signer';

import type { AgencyCode } from '../agency/code.ts';
import { certificatesOf } from '../directory/entry.ts';
import { BusError } from '../errors.ts';
import { parsePayload } from '../record/codec.ts';
import { decodeRecord } from '../record/frame.ts';
import type { ValidationObject } from '../sqlite/index.ts';
import { type EvidenceFacts, kindOf, readFacts, type ReadRecord, receiptOf } from './facts.ts';
import {
  EVIDENCE_LIMITS,
  MAX_EVIDENCE_CERTIFICATES,
  MAX_EVIDENCE_CONTENT_BYTES,
  MAX_EVIDENCE_DIRECTORY,
  MAX_EVIDENCE_LISTS,
  MAX_EVIDENCE_LIST_BYTES,
  MAX_EVIDENCE_RECORDS,
  MAX_RECEIPTS_OF_ONE,
} from './limits.ts';
import {
  ENTRY_KINDS,
  EVIDENCE_FORMAT,
  type EntryKind,
  type EvidenceDocument,
  type ExporterRole,
  type Lacking,
  STATEMENT_NAME,
  type StatedEntry,
  writeStatement,
} from './statement.ts';

/** A signed record and the time at which it is to be judged. */
export interface GatheredRecord {
  readonly record: Uint8Array;
  readonly at: Date;
  /** Whose word that time is: the broker's, or of an own record the signer's. */
  readonly timeFrom: 'broker' | 'signer';
}

/** All that an agency or a relay has about one document. */
export interface GatheredEvidence {
  readonly document: EvidenceDocument;
  readonly exporter: { readonly code: AgencyCode; readonly role: ExporterRole };
  readonly openPart: Uint8Array | null;
  readonly records: readonly GatheredRecord[];
  /** Signed entries of every agency that is named, and of the registrars. */
  readonly directory: readonly Uint8Array[];
  readonly validation: readonly ValidationObject[];
  /** The files of the package, by their names in it; sender and recipient have them. */
  readonly contents: readonly AsicFile[] | null;
}

/** What the cover sheet is drawn from. */
export interface CoverInput {
  readonly facts: EvidenceFacts;
  readonly exporter: GatheredEvidence['exporter'];
  readonly exportedAt: Date;
  readonly timeStamped: boolean;
  readonly lacking: readonly Lacking[];
  /** Names of agencies, as their newest entry in the directory says. */
  readonly nameOf: (code: string) => string | null;
  readonly records: readonly (GatheredRecord & ReadRecord & { readonly name: string })[];
  /** SHA-256 of the node certificates that the directory lists for an agency, its newest entry last. */
  readonly certificatesOf: (code: string) => readonly string[];
}

export interface SealEvidenceOptions {
  /** The exporter's node key. */
  readonly signer: Signer;
  readonly timeStamps?: TimeStampSource | undefined;
  /** The service named gave no time-stamp: cover sheet and statement say so. */
  readonly lacksTimeStamp?: boolean;
  readonly now: Date;
  /** Draws the cover sheets; left out: there are none. */
  readonly drawCover?: ((input: CoverInput) => Promise<readonly AsicFile[]>) | undefined;
}

export interface BuiltEvidence {
  readonly container: Uint8Array;
  readonly facts: EvidenceFacts;
  readonly lacking: readonly Lacking[];
}

const RECORD_MEDIA_TYPE = 'application/octet-stream';
const MEDIA_TYPES = {
  certificate: 'application/pkix-cert',
  crl: 'application/pkix-crl',
  ocsp: 'application/ocsp-response',
} as const;
const FOLDERS = { certificate: 'certificates', crl: 'crls', ocsp: 'ocsps' } as const;
const ENDINGS = { certificate: 'crt', crl: 'crl', ocsp: 'ors' } as const;

/**
 * Packs what is known of a document into one ASiC-E container and signs it with the exporter's key.
 *
 * @throws {@link BusError} `BUS_EVIDENCE_TOO_LARGE`; errors of the signer and the time-stamp service.
 */
export async function buildEvidence(
  gathered: GatheredEvidence,
  options: SealEvidenceOptions,
): Promise<BuiltEvidence> {
  const records = readRecords(gathered.records);
  checkSizes({ ...gathered, records });
  const part = gathered.openPart === null ? null : readOpenPart(gathered.openPart);
  const facts = readFacts(gathered.document, records, part?.files.get('header.edxml') ?? null);
  const lacking = lackingOf(gathered, records);
  if (records.length < gathered.records.length) lacking.push('receipts');
  if (options.lacksTimeStamp === true) lacking.push('time-stamp');
  const parts = new Parts();
  if (part !== null) {
    for (const [name, bytes] of part.files) {
      parts.add('header', `package/${name}`, 'application/xml', bytes);
    }
    parts.add('manifest', 'package/ASiCManifest.xml', 'text/xml', part.manifest);
    parts.add(
      'package-signature',
      'package/signature.p7s',
      'application/pkcs7-signature',
      part.signature,
    );
  }
  for (const { name, mediaType, bytes } of gathered.contents ?? []) {
    parts.add('content', `package/${name}`, mediaType, bytes);
  }
  for (const { name, kind, record, at, timeFrom } of records) {
    parts.add(kind, name, RECORD_MEDIA_TYPE, record, { at: at.toISOString(), timeFrom });
  }
  gathered.directory.forEach((record, index) => {
    parts.add('directory', directoryName(record, index), RECORD_MEDIA_TYPE, record);
  });
  for (const { kind, sha256, der } of gathered.validation) {
    parts.add(kind, `${FOLDERS[kind]}/${sha256}.${ENDINGS[kind]}`, MEDIA_TYPES[kind], der);
  }
  const timeStamped = options.timeStamps !== undefined;
  const cover = await options.drawCover?.({
    facts,
    exporter: gathered.exporter,
    exportedAt: options.now,
    timeStamped,
    lacking,
    ...lookUps(gathered.directory),
    records,
  });
  for (const { name, mediaType, bytes } of cover ?? []) parts.add('cover', name, mediaType, bytes);
  const statement = writeStatement({
    format: EVIDENCE_FORMAT,
    exportedAt: options.now.toISOString(),
    exportedBy: gathered.exporter,
    timeStamped,
    document: gathered.document,
    lacking: [...lacking],
    entries: [...parts.stated],
  });
  const { container } = await buildAsicE({
    files: [
      ...parts.files,
      { name: STATEMENT_NAME, mediaType: 'application/json', bytes: statement },
    ],
    signer: options.signer,
    signedAt: options.now,
    limits: EVIDENCE_LIMITS,
    ...(options.timeStamps && { timeStamps: options.timeStamps }),
  });
  return { container, facts, lacking };
}

/** Files on their way into the container, each with what it proves. */
class Parts {
  readonly files: AsicFile[] = [];
  readonly stated: StatedEntry[] = [];
  readonly #names = new Set<string>();

  add(
    kind: EntryKind,
    name: string,
    mediaType: string,
    bytes: Uint8Array,
    time: Pick<StatedEntry, 'at' | 'timeFrom'> = {},
  ): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.files.push({ name, mediaType, bytes });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.stated.push({ name, kind, sha256, proves: ENTRY_KINDS[kind], ...time });
  }
}

type ReadGathered = GatheredRecord & ReadRecord;

function readRecords(records: readonly GatheredRecord[]): CoverInput['records'] {
  const read = records.map((one) => {
    const content = parsePayload(decodeRecord(one.record));
    const kind = kindOf(content);
    if (kind === undefined) throw new TypeError(`a ${content.type} is no evidence of a document`);
    return { ...one, kind, content };
  });
  const isTooMany = tooManyReceipts(read);
  return read
    .filter((one) => !isTooMany.has(one))
    .map((one, index) => {
      const { content, kind } = one;
      const from = content.type === 'directory' ? content.payload.registrar : content.payload.from;
      const number = String(index + 1).padStart(4, '0');
      return { ...one, name: `records/${number}-${kind}-${from}.record` };
    });
}

/** What a recipient said beyond the first receipt of each status and its newest ones. */
function tooManyReceipts(records: readonly ReadGathered[]): ReadonlySet<ReadGathered> {
  const given = records.flatMap((record) =>
    receiptOf(record).map(({ from, status }) => ({ record, from, status })),
  );
  const left = new Set<ReadGathered>();
  for (const all of Map.groupBy(given, ({ from }) => from).values()) {
    if (all.length <= MAX_RECEIPTS_OF_ONE) continue;
    const firsts = new Map(all.toReversed().map((one) => [one.status, one]));
    const kept = new Set([...firsts.values()].slice(0, MAX_RECEIPTS_OF_ONE));
    for (const one of all.toReversed()) if (kept.size < MAX_RECEIPTS_OF_ONE) kept.add(one);
    for (const one of all) if (!kept.has(one)) left.add(one.record);
  }
  return left;
}

function directoryName(record: Uint8Array, index: number): string {
  const content = parsePayload(decodeRecord(record));
  if (content.type !== 'directory')
    throw new TypeError(`a ${content.type} among directory entries`);
  const { code, registrar, sequence } = content.payload;
  return `directory/${String(index + 1).padStart(4, '0')}-${code}-by-${registrar}-${sequence}.record`;
}

function lookUps(directory: readonly Uint8Array[]): Pick<CoverInput, 'nameOf' | 'certificatesOf'> {
  const names = new Map<string, string>();
  const certificates = new Map<string, Set<string>>();
  for (const record of directory) {
    const content = parsePayload(decodeRecord(record));
    if (content.type !== 'directory') continue;
    const { code, name } = content.payload;
    names.set(code, name);
    const listed = certificates.get(code) ?? new Set<string>();
    for (const { sha256 } of certificatesOf(content.payload, 'node')) listed.add(sha256);
    certificates.set(code, listed);
  }
  return {
    nameOf: (code) => names.get(code) ?? null,
    certificatesOf: (code) => [...(certificates.get(code) ?? [])],
  };
}

function lackingOf(gathered: GatheredEvidence, records: readonly ReadRecord[]): Lacking[] {
  const has = (kind: ReadRecord['kind']): boolean => records.some((one) => one.kind === kind);
  const { openPart, contents, validation } = gathered;
  const lacking: Lacking[] = [];
  if (openPart === null) lacking.push('open-part');
  if (!has('dispatch')) lacking.push('dispatch');
  if (!has('delivery')) lacking.push('delivery');
  if (!validation.some(({ kind }) => kind !== 'certificate')) lacking.push('revocation');
  if (contents === null) lacking.push('contents');
  return lacking;
}

function checkSizes({ records, directory, validation, contents }: GatheredEvidence): void {
  const lists = validation.filter(({ kind }) => kind !== 'certificate');
  const bytesOf = (items: readonly { readonly length: number }[]): number =>
    items.reduce((sum, { length }) => sum + length, 0);
  limit('records', records.length, MAX_EVIDENCE_RECORDS);
  limit('directory entries', directory.length, MAX_EVIDENCE_DIRECTORY);
  limit('certificates', validation.length - lists.length, MAX_EVIDENCE_CERTIFICATES);
  limit('revocation lists', lists.length, MAX_EVIDENCE_LISTS);
  limit('bytes of revocation lists', bytesOf(lists.map(({ der }) => der)), MAX_EVIDENCE_LIST_BYTES);
  const content = bytesOf((contents ?? []).map(({ bytes }) => bytes));
  limit('bytes of contents', content, MAX_EVIDENCE_CONTENT_BYTES);
}

function limit(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new BusError(
    'BUS_EVIDENCE_TOO_LARGE',
    `the evidence has ${count} ${what}, at most ${most} fit into one file`,
    { details: { what, count, limit: most } },
  );
}
