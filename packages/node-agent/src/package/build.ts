import { type EdxmlDocument, writeEdxml } from '@congvan/bus';
import {
  type AsicFile,
  type AsicSourceFile,
  type BuiltAsicE,
  type FileSurvey,
  type LongWork,
  SignerError,
  buildAsicE,
  surveyBytes,
  writeAsicEFile,
  writeOpenPart,
} from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { SendRequest } from '../documents.ts';
import type { CheckedSend } from '../register/request.ts';
import { assignedNumber } from '../register/reserve.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import type { SurveyedFile } from './attachment.ts';
import { openContents } from './contents.ts';
import { HEADER_ENTRY, HEADER_MEDIA_TYPE, entryOfFile } from './header.ts';
import {
  MAX_MEMORY_PACKAGE_BYTES,
  type PackageSource,
  type WrittenPackage,
  bytesOf,
  writtenBytes,
} from './source.ts';

/** The document itself: the first file. */
const DOCUMENT_ID = '1.pdf';
/** Group B (administrative documents) of the edXML type table; the name is what readers rely on. */
const ADMINISTRATIVE = 2;

/**
 * The document itself is signed, verified and shown from memory, so it has a limit of its own; what is
 * larger travels as an attachment.
 */
export const MAX_DOCUMENT_BYTES = 100 * 1024 * 1024;

/** With many recipients a header is deflated, to a tenth; a short one is not worth the work. */
const LARGE_HEADER_BYTES = 8 * 1024;

export interface PackageInput extends LongWork {
  readonly request: SendRequest;
  readonly checked: Pick<CheckedSend, 'recipients' | 'priority'>;
  readonly row: RegisterRow;
  readonly signedPdf: Uint8Array;
  readonly attachments: readonly SurveyedFile[];
  /** Where a large package is written, named by its SHA-256. */
  readonly folder: string;
}

export interface BuiltPackage {
  /**
   * The ASiC-E container: in memory up to {@link MAX_MEMORY_PACKAGE_BYTES}, else a file.
   */
  readonly container: WrittenPackage;
  /** Header, manifest and signature, as they travel in the clear. */
  readonly openPart: Uint8Array;
  /** SHA-256 of the ASiCManifest: the name of the package in every record. */
  readonly digest: string;
  readonly signedPdf: Uint8Array;
}

interface PackageFile extends Pick<SurveyedFile, 'name' | 'mediaType' | 'source'> {
  readonly contentId: string;
  /** Of an attachment: what it was when the request was checked. */
  readonly survey?: FileSurvey;
}

/** What of an agent packing needs. */
export type PackingCore = Pick<AgentCore, 'config' | 'now'> & {
  readonly keys: Pick<AgentCore['keys'], 'open'>;
};

/** Packs header and files into an ASiC-E container signed with the node key. */
export async function buildPackage(core: PackingCore, input: PackageInput): Promise<BuiltPackage> {
  const { request, signedPdf, attachments } = input;
  const files: PackageFile[] = [
    {
      contentId: DOCUMENT_ID,
      name: request.document.name,
      mediaType: 'application/pdf',
      source: signedPdf,
    },
    ...attachments.map(({ name, mediaType, source, ...survey }, index) => {
      return { contentId: `${index + 2}${extensionOf(name)}`, name, mediaType, source, survey };
    }),
  ];
  const header = writeEdxml(headerOf(core, input, files));
  const built = await pack(core, input, [
    {
      name: HEADER_ENTRY,
      mediaType: HEADER_MEDIA_TYPE,
      source: header,
      compress: header.length > LARGE_HEADER_BYTES,
    },
    ...files.map(({ contentId, mediaType, source, survey }) => {
      return { name: entryOfFile(contentId), mediaType, source, ...(survey && { survey }) };
    }),
  ]);
  const { manifest, manifestSha256: digest, signature, container } = built;
  const openPart = writeOpenPart({ files: [[HEADER_ENTRY, header]], manifest, signature });
  return { container, openPart, digest, signedPdf };
}

type Packed = Pick<BuiltAsicE, 'manifest' | 'manifestSha256' | 'signature'> &
  Pick<BuiltPackage, 'container'>;

async function pack(
  core: PackingCore,
  { folder, signal, onProgress }: PackageInput,
  files: readonly AsicSourceFile[],
): Promise<Packed> {
  const signer = await core.keys.open('node');
  const signedAt = core.now();
  let total = 0;
  for (const file of files) total += sizeOf(file);
  if (total <= MAX_MEMORY_PACKAGE_BYTES) {
    const inMemory = await Promise.all(files.map((file) => readFileToPack(file)));
    const { container, ...built } = await buildAsicE({ files: inMemory, signer, signedAt });
    return { ...built, container: writtenBytes(container) };
  }
  const written = await writeAsicEFile(
    { folder },
    { files, signer, signedAt, ...(signal && { signal }), ...(onProgress && { onProgress }) },
  );
  const { path, bytes, sha256, manifest, manifestSha256, signature } = written;
  const container = { source: { path }, bytes, sha256 };
  return { manifest, manifestSha256, signature, container };
}

/** A path without a survey has no known size: it is never read into memory. */
function sizeOf({ source, survey }: AsicSourceFile): number {
  return source instanceof Uint8Array ? source.length : (survey?.bytes ?? Infinity);
}

async function readFileToPack(file: AsicSourceFile): Promise<AsicFile> {
  const { name, mediaType, source, survey, compress = false } = file;
  const bytes = await bytesOf(source);
  if (survey !== undefined && !(source instanceof Uint8Array)) {
    if (surveyBytes(bytes).sha256 !== survey.sha256) {
      throw new SignerError('SIGNER_FILE_CHANGED', `"${name}" changed while it was packed`, {
        details: { name },
      });
    }
  }
  return { name, mediaType, bytes, compress };
}

/** The sealed document out of a package that this agent built. */
export async function readSignedPdf(source: PackageSource): Promise<Uint8Array> {
  await using contents = await openContents(source);
  return await contents.read(entryOfFile(DOCUMENT_ID), MAX_DOCUMENT_BYTES);
}

function headerOf(
  core: PackingCore,
  { request, checked, row }: PackageInput,
  files: readonly PackageFile[],
): EdxmlDocument {
  const assigned = assignedNumber(row);
  const { signatory, responseFor, dueDate } = request;
  const anyPaper = checked.recipients.some(({ mode }) => mode === 'E+P');
  return {
    kind: 'document',
    from: { organId: core.config.code, organName: core.config.name },
    to: checked.recipients.map(({ entry }) => ({ organId: entry.code, organName: entry.name })),
    code: { number: assigned.codeNumber, notation: assigned.codeNotation },
    promulgation: { date: assigned.issuedOn },
    documentType: { type: ADMINISTRATIVE, name: request.documentType },
    abstract: request.abstract,
    signatory: signatory ?? {},
    dueDate,
    toPlaces: [
      ...checked.recipients.map(({ entry }) => entry.name),
      ...(request.paperTo ?? []).map(({ name }) => name),
    ],
    otherInfo: { priority: checked.priority, appendixes: [] },
    responseFor:
      responseFor === undefined
        ? []
        : [
            {
              organId: responseFor.organId,
              code: responseFor.code ?? '',
              promulgationDate: responseFor.date ?? '',
              documentId: responseFor.documentId,
            },
          ],
    documentId: row.document_id,
    trace: [],
    business: { type: 0, paper: anyPaper ? 1 : 0, replacements: [] },
    attachments: files.map(({ contentId, mediaType, name }) => ({
      contentId,
      contentType: mediaType,
      name,
    })),
  };
}

/** Only a short plain extension: the rest of a name never becomes part of an entry. */
function extensionOf(name: string): string {
  return /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0].toLowerCase() ?? '';
}
