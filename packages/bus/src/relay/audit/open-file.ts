import {
  type TrustStore,
  createTrustStore,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
} from '@congvan/signer';

import { addDays, dateInVietnam } from '../../calendar/vietnam-time.ts';
import { BusError } from '../../errors.ts';
import { tryRead } from './blocks.ts';
import { DEFINITIONS_VERSION, definitionsOf, encodeDefinitions } from './definitions.ts';
import type { Findings } from './finding.ts';
import {
  AUDIT_PARTS,
  type AuditManifest,
  parseManifest,
  publicationName,
  sha256Of,
} from './format.ts';
import { type PublicationHead, SECTIONS, hashHead, parseHead } from './publication.ts';
import type { AuditZip } from './zip-reader.ts';

/** A publication of the file, its signature not yet judged. */
export interface FiledPublication {
  readonly part: string;
  readonly head: PublicationHead;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** Whether its lines are in the file too: it is about one of the months asked for. */
  readonly isWhole: boolean;
}

export interface FiledManifest {
  readonly manifest: AuditManifest;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

export async function readManifest(zip: AuditZip): Promise<FiledManifest> {
  const bytes = await zip.bytes(AUDIT_PARTS.manifest);
  const signature = await zip.bytes(AUDIT_PARTS.manifestSignature);
  return { manifest: parseManifest(bytes), bytes, signature };
}

/** All heads up to the manifest's last publication; each must name the one before it. */
export async function readPublications(
  zip: AuditZip,
  { publication, relay, period }: AuditManifest,
  findings: Findings,
): Promise<FiledPublication[]> {
  const filed: FiledPublication[] = [];
  let previous: string | null = null;
  for (let sequence = 1; sequence <= publication; sequence += 1) {
    const part = publicationName(sequence, '.json');
    if (!zip.has(part)) {
      findings.add('PUBLICATION_CHAIN_BROKEN', `publication ${sequence} is missing`, { part });
      if (sequence - filed.length > MAX_PUBLICATIONS_MISSING) break;
      continue;
    }
    const bytes = await zip.bytes(part);
    const head = parseHead(bytes, part);
    const revision = 1 + filed.filter(({ head: { month } }) => month === head.month).length;
    const isNext = head.sequence === sequence && head.revision === revision;
    if (!isNext || head.relay !== relay || head.previous !== previous) {
      const detail = `publication ${sequence} does not follow the one before it`;
      findings.add('PUBLICATION_CHAIN_BROKEN', detail, { part });
    }
    const definitions = definitionsOf(head);
    if (definitions < definitionsOf(filed.at(-1)?.head ?? {})) {
      const detail = `publication ${sequence} counts by older definitions than the one before it`;
      findings.add('PUBLICATION_CHAIN_BROKEN', detail, { part });
    }
    if (definitions > DEFINITIONS_VERSION)
      tellOtherDefinitions(`version ${definitions}`, part, findings);
    previous = hashHead(bytes);
    const signature = await tryRead(zip, publicationName(sequence, '.p7s'), findings);
    const isOfPeriod = period.from <= head.month && head.month <= period.to;
    const isWhole = isOfPeriod && isNext;
    filed.push({ part, head, bytes, signature: signature ?? new Uint8Array(), isWhole });
  }
  checkOrder(filed, findings);
  return filed;
}

/** The auditor's own anchors; what else is in the file may help to build paths and is not trusted. */
export async function gatherTrust(
  zip: AuditZip,
  own: TrustStore,
  findings: Findings,
): Promise<TrustStore> {
  const store = {
    anchors: [...own.anchors],
    intermediates: [...own.intermediates],
    crls: [...own.crls],
    ocsps: [...own.ocsps],
  };
  for (const name of [...zip.names].filter((one) => one.startsWith('trust/'))) {
    const der = await tryRead(zip, name, findings);
    if (der === undefined) continue;
    try {
      if (name.endsWith('.crt')) store.intermediates.push(parseCertificate(der));
      else if (name.endsWith('.crl')) store.crls.push(parseCrl(der));
      else store.ocsps.push(parseOcspResponse(der));
    } catch (error) {
      findings.add('PART_DAMAGED', String(error), { part: name });
    }
  }
  return createTrustStore(store);
}

/**
 * The certificate of the registrar, whose fingerprint the auditor knows from elsewhere.
 *
 * @throws {@link BusError} `BUS_AUDIT_REGISTRAR_DIFFERS`: nothing in the file could be believed.
 */
export async function readRegistrar(zip: AuditZip, fingerprint: string): Promise<Uint8Array> {
  const part = AUDIT_PARTS.registrar;
  const der = await zip.bytes(part);
  const sha256 = sha256Of(der);
  if (sha256 === fingerprint.toLowerCase().replaceAll(':', '')) return der;
  const said = `the registrar of the file is ${sha256}, not ${fingerprint}`;
  throw new BusError('BUS_AUDIT_REGISTRAR_DIFFERS', said, { details: { part } });
}

/** This program counts by the definitions of the file, or says that it does not. */
export async function checkDefinitions(zip: AuditZip, findings: Findings): Promise<void> {
  const part = AUDIT_PARTS.definitions;
  const bytes = await tryRead(zip, part, findings);
  if (bytes === undefined || Buffer.from(bytes).equals(encodeDefinitions())) return;
  tellOtherDefinitions(versionOf(bytes), part, findings);
}

function tellOtherDefinitions(version: string, part: string, findings: Findings): void {
  const detail = `the figures are defined by ${version}, this program counts by version ${DEFINITIONS_VERSION}: use the one that made the file`;
  findings.add('DEFINITIONS_DIFFER', detail, { part });
}

function versionOf(definitions: Uint8Array): string {
  const version = /^\{\s*"version": ([1-9]\d{0,8}),/u.exec(
    Buffer.from(definitions.subarray(0, 64)).toString(),
  );
  return version === null ? 'nothing that can be read' : `version ${version[1]}`;
}

/** Each part is what the signed manifest names, and it names each part. */
export async function checkParts(
  zip: AuditZip,
  { parts }: AuditManifest,
  findings: Findings,
): Promise<void> {
  const listed = new Map(parts.map((part) => [part.name, part]));
  for (const { name, bytes, sha256 } of parts) {
    if (!zip.read.has(name) && (await tryRead(zip, name, findings)) === undefined) continue;
    const read = zip.read.get(name);
    if (read === undefined || (read.bytes === bytes && read.sha256 === sha256)) continue;
    findings.add('PART_ALTERED', 'it is not what the manifest names', { part: name });
  }
  const known = new Set<string>([
    AUDIT_PARTS.mediaType,
    AUDIT_PARTS.manifest,
    AUDIT_PARTS.manifestSignature,
  ]);
  for (const name of zip.names) {
    if (listed.has(name) || known.has(name)) continue;
    findings.add('PART_UNLISTED', 'the manifest does not name it', { part: name });
  }
}

/** A gap in the series as long as this is told once, not number by number. */
const MAX_PUBLICATIONS_MISSING = 100;

/** Later publications know more records, never fewer, and each counts up to the day it was made. */
function checkOrder(filed: readonly FiledPublication[], findings: Findings): void {
  for (const [index, { head, part }] of filed.entries()) {
    checkDay(head, part, findings);
    const before = filed[index - 1]?.head;
    if (before === undefined || before.as_of.record <= head.as_of.record) continue;
    const detail = `it knows ${head.as_of.record} records, the one before ${before.as_of.record}`;
    findings.add('PUBLICATION_CHAIN_BROKEN', detail, { part });
  }
}

/** What time alone settles (overdue, undelivered) would be lower on an earlier day. */
function checkDay(
  { month, as_of: { day }, published_at }: PublicationHead,
  part: string,
  findings: Findings,
): void {
  const publishedOn = dateInVietnam(new Date(published_at));
  const isOver = day.slice(0, 7) > month;
  if (isOver && day >= addDays(publishedOn, -MAX_DAYS_UNSETTLED)) return;
  const detail = `it counts up to the start of ${day} and was published on ${publishedOn}`;
  findings.add('PUBLICATION_MISDATED', detail, { part });
}

/** A new day is settled some time after it has begun. */
const MAX_DAYS_UNSETTLED = 1;

/** The lines that a head names, or what was put in their place. */
export async function checkSections(
  zip: AuditZip,
  { head }: FiledPublication,
  findings: Findings,
): Promise<void> {
  for (const section of SECTIONS) {
    const part = publicationName(head.sequence, `/${section}.jsonl`);
    if (!zip.read.has(part) && (await tryRead(zip, part, findings)) === undefined) continue;
    if (zip.read.get(part)?.sha256 === head.sections[section].sha256) continue;
    findings.add('PUBLICATION_ALTERED', `its ${section} are not those that were signed`, { part });
  }
}
