import { type EdxmlDocument, writeEdxml } from '@congvan/bus';
import { buildAsicE, openAsicE } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { SendRequest } from '../documents.ts';
import type { CheckedSend } from '../register/request.ts';
import { assignedNumber } from '../register/reserve.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import { HEADER_ENTRY, HEADER_MEDIA_TYPE, entryOfFile } from './header.ts';

/** The document itself: the first file. */
const DOCUMENT_ID = '1.pdf';
/** Group B (administrative documents) of the edXML type table; the name is what readers rely on. */
const ADMINISTRATIVE = 2;

export interface PackageInput {
  readonly request: SendRequest;
  readonly checked: CheckedSend;
  readonly row: RegisterRow;
  readonly signedPdf: Uint8Array;
}

export interface BuiltPackage {
  readonly container: Uint8Array;
  /** SHA-256 of the ASiCManifest: the name of the package in every record. */
  readonly digest: string;
  readonly signedPdf: Uint8Array;
}

interface PackageFile {
  readonly contentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Packs header and files into an ASiC-E container signed with the node key (DESIGN §4.2). */
export async function buildPackage(core: AgentCore, input: PackageInput): Promise<BuiltPackage> {
  const { request, signedPdf } = input;
  const files: PackageFile[] = [
    {
      contentId: DOCUMENT_ID,
      name: request.document.name,
      mediaType: 'application/pdf',
      bytes: signedPdf,
    },
    ...(request.attachments ?? []).map((attachment, index) => ({
      ...attachment,
      contentId: `${index + 2}${extensionOf(attachment.name)}`,
    })),
  ];
  const header = writeEdxml(headerOf(core, input, files));
  const built = await buildAsicE({
    files: [
      { name: HEADER_ENTRY, mediaType: HEADER_MEDIA_TYPE, bytes: header },
      ...files.map(({ contentId, mediaType, bytes }) => ({
        name: entryOfFile(contentId),
        mediaType,
        bytes,
      })),
    ],
    signer: await core.keys.open('node'),
    signedAt: core.now(),
  });
  return { container: built.container, digest: built.manifestSha256, signedPdf };
}

/** The sealed document out of a package that this agent built. */
export function readSignedPdf(container: Uint8Array): Uint8Array {
  const pdf = openAsicE(container).files.get(entryOfFile(DOCUMENT_ID));
  if (pdf === undefined) throw new TypeError('a stored package has no document');
  return pdf;
}

function headerOf(
  core: AgentCore,
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
