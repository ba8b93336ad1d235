import type { Certificate, Signer, TrustStore } from '@congvan/signer';

import { type AgencyCode, isAgencyCode } from '../agency/code.ts';
import { type DirectoryEntry, certificatesOf } from '../directory/entry.ts';
import { parsePayload, parsePayloadAs } from '../record/codec.ts';
import { decodeRecord } from '../record/frame.ts';
import type { ValidationObject } from '../sqlite/index.ts';
import type { GatheredRecord } from './build.ts';
import { trustObjects } from './trust-objects.ts';

/** Registrars that stand behind one another: a delegated one, then the root. */
const MAX_REGISTRAR_STEPS = 3;

/** The agencies that records come from or go to. */
export function codesOf(records: readonly GatheredRecord[], more: readonly string[]): AgencyCode[] {
  const codes = new Set<string>(more);
  for (const { record } of records) {
    const content = parsePayload(decodeRecord(record));
    if (content.type === 'directory') continue;
    codes.add(content.payload.from);
    for (const to of recipientsOf(content)) codes.add(to);
  }
  return [...codes].filter(isAgencyCode);
}

function recipientsOf(content: ReturnType<typeof parsePayload>): readonly string[] {
  switch (content.type) {
    case 'delivery':
      return content.payload.to;
    case 'receipt':
      return [content.payload.to];
    case 'report': {
      const { entry } = content.payload;
      if (entry.kind !== 'dispatch') return [];
      return entry.recipients.flatMap((one) => ('to' in one ? [one.to] : []));
    }
    case 'watermark':
    case 'directory':
      return [];
  }
}

/** Signed entries of some agencies, and of the registrars that signed those. */
export function gatherDirectory(
  codes: readonly string[],
  read: (codes: readonly string[]) => readonly Uint8Array[],
): Uint8Array[] {
  const found: Uint8Array[] = [];
  const seen = new Set<string>();
  let wanted: readonly string[] = codes;
  for (let step = 0; step < MAX_REGISTRAR_STEPS && wanted.length > 0; step += 1) {
    for (const code of wanted) seen.add(code);
    const records = read(wanted);
    found.push(...records);
    const registrars = new Set(records.map((record) => entryOf(record).registrar));
    wanted = [...registrars].filter((code) => !seen.has(code));
  }
  return found;
}

function entryOf(record: Uint8Array): DirectoryEntry {
  return parsePayloadAs(decodeRecord(record), 'directory');
}

/**
 * Certificates and lists of a file, each once: what the records were judged with, what the trust folder
 * holds now, the exporter's chain, and the node certificates that the directory lists.
 */
export function gatherValidation(input: {
  readonly judgedWith: readonly ValidationObject[];
  readonly trust: TrustStore;
  readonly signer: Signer;
  /** The root registrar's, pinned in the folder. */
  readonly registrar: Pick<Certificate, 'sha256' | 'der'>;
  readonly directory: readonly Uint8Array[];
}): ValidationObject[] {
  const { judgedWith, trust, signer, registrar, directory } = input;
  const objects = new Map(judgedWith.map((object) => [object.sha256, object]));
  const add = (object: ValidationObject): void => {
    if (!objects.has(object.sha256)) objects.set(object.sha256, object);
  };
  for (const object of trustObjects(trust).values()) add(object);
  for (const { sha256, der } of [signer.certificate, ...signer.chain, registrar]) {
    add({ kind: 'certificate', sha256, der });
  }
  for (const record of directory) {
    for (const { sha256, der } of certificatesOf(entryOf(record), 'node')) {
      add({ kind: 'certificate', sha256, der });
    }
  }
  const keyOf = ({ kind, sha256 }: ValidationObject): string => `${kind} ${sha256}`;
  return [...objects.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
