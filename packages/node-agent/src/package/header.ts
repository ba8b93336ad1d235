import {
  type AgencyCode,
  BusError,
  type EdxmlDocument,
  isAgencyCode,
  readEdxml,
} from '@congvan/bus';
import type { OpenPart } from '@congvan/signer';
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
  files: z.array(
    z.object({
      entry: z.string(),
      name: z.string(),
      mediaType: z.string(),
      bytes: z.int().nonnegative(),
    }),
  ),
});

/** What lists and the hand-over show of a header, kept beside the package. */
export type PackageSummary = z.infer<typeof summarySchema>;

/** A package's header as far as the check needs it; it is there before the files are. */
export interface PackageHeader extends Omit<PackageSummary, 'files'> {
  readonly files: readonly Omit<PackageSummary['files'][number], 'bytes'>[];
  readonly from: AgencyCode;
  readonly to: readonly string[];
  readonly documentId: string;
  readonly businessType: number;
}

/** Reads what {@link readPackageHeader} gave, from the database. */
export function readSummary(json: string): PackageSummary {
  return summarySchema.parse(JSON.parse(json));
}

/** What is kept of a package once its files are there. */
export function summarize(
  header: PackageHeader,
  sizes: ReadonlyMap<string, number>,
): PackageSummary {
  const { codeNumber, codeNotation, issuedOn, documentType, abstract, priority } = header;
  const { dueDate, responseFor } = header;
  return {
    codeNumber,
    codeNotation,
    issuedOn,
    documentType,
    abstract,
    priority,
    dueDate,
    responseFor,
    files: header.files.map((file) => ({ ...file, bytes: sizes.get(file.entry) ?? 0 })),
  };
}

/** Reads the header and matches its files with those that the manifest names, one to one. */
export function readPackageHeader(
  part: Pick<OpenPart, 'files' | 'entries'>,
): PackageHeader | { readonly fault: string } {
  const bytes = part.files.get(HEADER_ENTRY);
  if (bytes === undefined) return { fault: `the package has no ${HEADER_ENTRY}` };
  let message: ReturnType<typeof readEdxml>;
  try {
    message = readEdxml(bytes);
  } catch (error) {
    if (error instanceof BusError) return { fault: `${HEADER_ENTRY}: ${error.message}` };
    throw error;
  }
  if (message.kind !== 'document') return { fault: `${HEADER_ENTRY} is a status message` };
  return matchFiles(message, new Set(part.entries.map(({ name }) => name)));
}

function matchFiles(
  document: EdxmlDocument,
  packed: ReadonlySet<string>,
): PackageHeader | { readonly fault: string } {
  const named = document.attachments.map(({ contentId, contentType, name }) => ({
    entry: entryOfFile(contentId),
    name,
    mediaType: contentType,
  }));
  const entries = new Set(named.map((file) => file.entry));
  const missing = named.find((file) => !packed.has(file.entry));
  if (missing !== undefined)
    return { fault: `the header names ${missing.entry}, which is missing` };
  if (entries.size !== named.length) return { fault: 'the header names one file twice' };
  const extra = [...packed].find((name) => name !== HEADER_ENTRY && !entries.has(name));
  if (extra !== undefined) return { fault: `the header does not name ${extra}` };
  return describe(document, named);
}

function describe(
  document: EdxmlDocument,
  files: PackageHeader['files'],
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
