import { createHash } from 'node:crypto';

import {
  type OpenedAsic,
  SignerError,
  type ValidationData,
  findZipDeviation,
  openAsic,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
} from '@congvan/signer';

import { BusError } from '../../errors.ts';
import {
  EVIDENCE_LIMITS,
  MAX_EVIDENCE_CERTIFICATES,
  MAX_EVIDENCE_DIRECTORY,
  MAX_EVIDENCE_LISTS,
  MAX_EVIDENCE_LIST_BYTES,
  MAX_EVIDENCE_RECORDS,
} from '../limits.ts';
import {
  ENTRY_KINDS,
  type EntryKind,
  type EvidenceStatement,
  RECORD_KINDS,
  STATEMENT_NAME,
  type StatedEntry,
  readStatement,
} from '../statement.ts';
import type { EvidenceDamage } from './report.ts';

/** An evidence file whose parts are where they should be; no signature was looked at. */
export interface OpenedEvidence {
  readonly asic: OpenedAsic;
  readonly statement: EvidenceStatement;
  readonly data: ValidationData;
}

/** A part of the evidence with its bytes. */
export interface EvidenceEntry extends StatedEntry {
  readonly bytes: Uint8Array;
}

/** Opens an evidence file, or says where it is not what it should be. Bounded whatever it holds. */
export function openEvidence(
  container: Uint8Array,
): OpenedEvidence | { readonly damages: readonly EvidenceDamage[] } {
  const deviation = findZipDeviation(container, EVIDENCE_LIMITS);
  if (deviation !== undefined) return { damages: [deviation] };
  try {
    const asic = openAsic(container, EVIDENCE_LIMITS);
    const damages = damagesOf(asic);
    if (damages.length > 0) return { damages };
    const statement = readStatement(requireFile(asic, STATEMENT_NAME));
    checkCounts(statement);
    const odd = oddEntries(asic, statement);
    if (odd.length > 0) return { damages: odd };
    return { asic, statement, data: readData(asic, statement) };
  } catch (error) {
    if (error instanceof BusError || error instanceof SignerError) {
      const named = error.details['entry'] ?? error.details['name'];
      // The ZIP is whole: what else can be wrong with it is its type or its manifest.
      const other = error.message.includes('mimetype') ? 'mimetype' : 'META-INF/ASiCManifest.xml';
      const entry = typeof named === 'string' ? named : other;
      return { damages: [{ entry, offset: null, detail: error.message }] };
    }
    throw error;
  }
}

/** The entries of one kind, in the order of the statement. */
export function entriesOf(opened: OpenedEvidence, kinds: readonly EntryKind[]): EvidenceEntry[] {
  return opened.statement.entries
    .filter(({ kind }) => kinds.includes(kind))
    .map((entry) => ({ ...entry, bytes: requireFile(opened.asic, entry.name) }));
}

function requireFile(asic: OpenedAsic, name: string): Uint8Array {
  const bytes = asic.files.get(name);
  if (bytes !== undefined) return bytes;
  throw new BusError('BUS_EVIDENCE_INVALID', `the file holds no "${name}"`, {
    details: { entry: name },
  });
}

/**
 * The exporter's signature comes first; after it stand archive time-stamps at most, which anybody may
 * add. Each has a manifest that names all that stands before it, in that order and with its digest.
 */
function damagesOf(asic: OpenedAsic): EvidenceDamage[] {
  const [first, ...archives] = asic.assertions;
  const isSigned = asic.form === 'ASiC-E' && first?.kind === 'signature' && !first.isArchive;
  const isOne = archives.every(({ kind, isArchive }) => kind === 'timestamp' && isArchive);
  if (!isSigned || !isOne) {
    const detail = 'an evidence file has exactly one signature, that of its exporter';
    return [{ entry: 'META-INF/', offset: null, detail }];
  }
  const hasDigest = digestCheck(asic.entries);
  const damages = damagedFiles(asic, first, hasDigest);
  if (damages.length > 0) return damages;
  let [, ...names] = asic.entries.keys();
  for (const { manifest, signedName, name } of asic.assertions.toReversed()) {
    const entries = manifest?.entries ?? [];
    const expected = [...entries.map((entry) => entry.name), signedName, name];
    const odd = names.findIndex((found, index) => found !== expected[index]);
    if (odd !== -1) return [damage(names[odd] ?? null, 'something else should stand here')];
    if (names.length < expected.length) return [damage(signedName, 'it names a missing file')];
    const changed = entries.find((entry) => !hasDigest(entry));
    if (changed !== undefined) return [damage(signedName, `it names another "${changed.name}"`)];
    names = names.slice(0, -2);
  }
  return [];
}

/** Every file is named in the exporter's manifest, and has the digest that stands there. */
function damagedFiles(
  { files }: OpenedAsic,
  { manifest, signedName }: OpenedAsic['assertions'][number],
  hasDigest: ReturnType<typeof digestCheck>,
): EvidenceDamage[] {
  const entries = manifest?.entries ?? [];
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  const damages: EvidenceDamage[] = [];
  if (named.size !== entries.length) damages.push(damage(signedName, 'it names a file twice'));
  for (const name of files.keys()) {
    const entry = named.get(name);
    if (entry === undefined) damages.push(damage(name, 'the manifest does not name it'));
    else if (!hasDigest(entry)) {
      damages.push(damage(name, 'it is not the file that the exporter signed'));
    }
    named.delete(name);
  }
  for (const name of named.keys()) damages.push(damage(name, 'it is missing'));
  return damages;
}

/** Many manifests over the same large files cost no more than one. */
function digestCheck(files: OpenedAsic['entries']) {
  const digests = new Map<string, Buffer>();
  return ({ name, hash, digest }: StatedDigest): boolean => {
    const key = `${hash} ${name}`;
    const known = digests.get(key);
    const actual =
      known ??
      createHash(hash)
        .update(files.get(name) ?? '')
        .digest();
    digests.set(key, actual);
    return actual.equals(digest);
  };
}

interface StatedDigest {
  readonly name: string;
  readonly hash: string;
  readonly digest: Uint8Array;
}

/** The statement names every file but itself, with its digest. */
function oddEntries(asic: OpenedAsic, statement: EvidenceStatement): EvidenceDamage[] {
  const damages: EvidenceDamage[] = [];
  const names = new Set<string>([STATEMENT_NAME]);
  for (const { name, sha256, kind, proves } of statement.entries) {
    const bytes = asic.files.get(name);
    if (proves !== ENTRY_KINDS[kind]) {
      damages.push(damage(name, `${STATEMENT_NAME} says that it proves something else`));
    } else if (names.has(name)) damages.push(damage(name, `${STATEMENT_NAME} names it twice`));
    else if (bytes === undefined) damages.push(damage(name, 'it is missing'));
    else if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      damages.push(damage(name, `it is not the file that ${STATEMENT_NAME} names`));
    }
    names.add(name);
  }
  for (const name of asic.files.keys()) {
    if (!names.has(name)) damages.push(damage(name, `${STATEMENT_NAME} does not name it`));
  }
  return damages;
}

function checkCounts({ entries }: EvidenceStatement): void {
  const count = (kinds: readonly string[]): number =>
    entries.filter(({ kind }) => kinds.includes(kind)).length;
  const isBounded =
    count(RECORD_KINDS) <= MAX_EVIDENCE_RECORDS &&
    count(['directory']) <= MAX_EVIDENCE_DIRECTORY &&
    count(['certificate']) <= MAX_EVIDENCE_CERTIFICATES &&
    count(['crl', 'ocsp']) <= MAX_EVIDENCE_LISTS;
  if (isBounded) return;
  throw new BusError('BUS_EVIDENCE_TOO_LARGE', 'the file has more parts than evidence may have', {
    details: { entry: STATEMENT_NAME },
  });
}

/** Nothing of it is trusted; each counts only when its own signature leads to an anchor. */
function readData(asic: OpenedAsic, { entries }: EvidenceStatement): ValidationData {
  const read = <T>(kind: EntryKind, parse: (bytes: Uint8Array) => T): T[] =>
    entries
      .filter((entry) => entry.kind === kind)
      .map(({ name }) => parseEntry(name, requireFile(asic, name), parse));
  const lists = entries.filter(({ kind }) => kind === 'crl' || kind === 'ocsp');
  const bytes = lists.reduce((sum, { name }) => sum + requireFile(asic, name).length, 0);
  if (bytes > MAX_EVIDENCE_LIST_BYTES) {
    throw new BusError('BUS_EVIDENCE_TOO_LARGE', `${bytes} bytes of revocation lists`, {
      details: { entry: STATEMENT_NAME, bytes, limit: MAX_EVIDENCE_LIST_BYTES },
    });
  }
  return {
    certificates: read('certificate', parseCertificate),
    crls: read('crl', parseCrl),
    ocsps: read('ocsp', parseOcspResponse),
  };
}

function parseEntry<T>(name: string, bytes: Uint8Array, parse: (bytes: Uint8Array) => T): T {
  try {
    return parse(bytes);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    throw new BusError('BUS_EVIDENCE_INVALID', `${name}: ${error.message}`, {
      cause: error,
      details: { entry: name },
    });
  }
}

function damage(entry: string | null, detail: string): EvidenceDamage {
  return { entry, offset: null, detail };
}
