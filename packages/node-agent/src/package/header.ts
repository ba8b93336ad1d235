import {
  type AgencyCode,
  BusError,
  type EdxmlDocument,
  isAgencyCode,
  readEdxml,
} from '@congvan/bus';
import { z } from 'zod';

/** Where the edXML header stands inside a package. */
export const HEADER_ENTRY = 'header.edxml';
export const HEADER_MEDIA_TYPE = 'application/xml';
const FILES_FOLDER = 'files/';

/** The entry of a file whose edXML `ContentId` is `contentId`. */
export function entryOfFile(contentId: string): string {
  return `${FILES_FOLDER}${contentId}`;
}

const summarySchema = z.object({
  codeNumber: z.string(),
  codeNotation: z.string(),
  issuedOn: z.string(),
  documentType: z.string(),
  abstract: z.string(),
  priority: z.literal([0, 1, 2, 3, 4]),
  dueDate: z.string().nullable(),
  responseFor: z.object({ organId: z.string(), documentId: z.string() }).nullable(),
  files: z.array(z.object({ entry: z.string(), name: z.string(), mediaType: z.string() })),
});

/** What lists and the hand-over show of a header, kept beside the package. */
export type PackageSummary = z.infer<typeof summarySchema>;

/** A package's header as far as the check needs it. */
export interface PackageHeader extends PackageSummary {
  readonly from: AgencyCode;
  readonly to: readonly string[];
  readonly documentId: string;
  readonly businessType: number;
}

/** Reads what {@link readPackageHeader} gave, from the database. */
export function readSummary(json: string): PackageSummary {
  return summarySchema.parse(JSON.parse(json));
}

/** Reads the header and matches its files with those of the package, one to one. */
export function readPackageHeader(
  files: ReadonlyMap<string, Uint8Array>,
): PackageHeader | { readonly fault: string } {
  const bytes = files.get(HEADER_ENTRY);
  if (bytes === undefined) return { fault: `the package has no ${HEADER_ENTRY}` };
  let message: ReturnType<typeof readEdxml>;
  try {
    message = readEdxml(bytes);
  } catch (error) {
    if (error instanceof BusError) return { fault: `${HEADER_ENTRY}: ${error.message}` };
    throw error;
  }
  if (message.kind !== 'document') return { fault: `${HEADER_ENTRY} is a status message` };
  return matchFiles(message, files);
}

function matchFiles(
  document: EdxmlDocument,
  files: ReadonlyMap<string, Uint8Array>,
): PackageHeader | { readonly fault: string } {
  const named = document.attachments.map(({ contentId, contentType, name }) => ({
    entry: entryOfFile(contentId),
    name,
    mediaType: contentType,
  }));
  const entries = new Set(named.map((file) => file.entry));
  const missing = named.find((file) => !files.has(file.entry));
  if (missing !== undefined)
    return { fault: `the header names ${missing.entry}, which is missing` };
  if (entries.size !== named.length) return { fault: 'the header names one file twice' };
  const extra = [...files.keys()].find((name) => name !== HEADER_ENTRY && !entries.has(name));
  if (extra !== undefined) return { fault: `the header does not name ${extra}` };
  return summarize(document, named);
}

function summarize(
  document: EdxmlDocument,
  files: PackageSummary['files'],
): PackageHeader | { readonly fault: string } {
  const { from, to, code, promulgation, documentType, abstract, otherInfo } = document;
  if (!isAgencyCode(from.organId)) return { fault: `From "${from.organId}" is not an agency code` };
  const priority = summarySchema.shape.priority.safeParse(otherInfo.priority);
  if (!priority.success) return { fault: `Priority ${otherInfo.priority} is not 0 to 4` };
  const answered = document.responseFor[0];
  return {
    from: from.organId,
    to: to.map((agency) => agency.organId),
    documentId: document.documentId,
    businessType: document.business.type,
    codeNumber: code.number,
    codeNotation: code.notation,
    issuedOn: promulgation.date,
    documentType: documentType.name,
    abstract,
    priority: priority.data,
    dueDate: document.dueDate ?? null,
    responseFor:
      answered === undefined
        ? null
        : { organId: answered.organId, documentId: answered.documentId },
    files,
  };
}
