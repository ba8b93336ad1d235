import { readAttachments } from './attachment-list.ts';
import { malformedXml, overLimit, quote } from './fault.ts';
import { readBlock } from './field.ts';
import { EDXML_LIMITS, type EdxmlLimits } from './limits.ts';
import type { EdxmlDocument, EdxmlOtherElement, EdxmlStatus } from './model.ts';
import { business, messageHeader, statusHeader, traceHeader } from './shape.ts';
import {
  type SourceElement,
  childNamed,
  childrenNamed,
  keepElement,
  parseXml,
} from './xml-tree.ts';

const OUTER_ROOTS = ['edXML', 'EdXML'];
/** `Envelope` is the SOAP dialect of older provincial buses. */
const ENVELOPES = ['edXMLEnvelope', 'EdXMLEnvelope', 'Envelope'];
const HEADERS = ['edXMLHeader', 'EdXMLHeader', 'Header'];
const BODIES = ['edXMLBody', 'EdXMLBody', 'Body'];
const MANIFESTS = ['edXMLManifest', 'EdXMLManifest', 'Manifest'];
const BUSINESSES = ['Bussiness', 'Business'];
const ATTACHMENT_LISTS = ['AttachmentEncoded'];

interface Parts {
  readonly root: SourceElement | undefined;
  readonly envelope: SourceElement;
  readonly header: SourceElement;
  readonly messageHeader: SourceElement;
  readonly trace: SourceElement | undefined;
  readonly body: SourceElement | undefined;
  readonly manifest: SourceElement | undefined;
  readonly attachments: SourceElement | undefined;
}

/**
 * Reads an edXML message of any dialect: elements are found by local name, in any order.
 *
 * Lenient in what it takes: missing values are empty, dates and numbers are normalised, and what
 * cannot be understood is kept in `extensions`. Whether the message is in order is for
 * `validateEdxml` to say. Keep the bytes: they are the evidence, this is the reading of them.
 *
 * @throws {@link BusError} `BUS_EDXML_MALFORMED` (not well-formed, a DOCTYPE, an unknown root),
 *   `BUS_EDXML_LIMIT`, `BUS_EDXML_ATTACHMENT_INVALID`.
 */
export function readEdxml(
  bytes: Uint8Array,
  limits: Partial<EdxmlLimits> = {},
): EdxmlDocument | EdxmlStatus {
  const all: EdxmlLimits = { ...EDXML_LIMITS, ...limits };
  if (bytes.length > all.maxBytes) {
    throw overLimit('bytes of the message:', bytes.length, all.maxBytes);
  }
  const parts = findParts(parseXml(bytes, all));
  const isStatus = childNamed(parts.messageHeader, ['StatusCode']) !== undefined;
  return isStatus ? readStatus(parts) : readDocument(parts, all);
}

function readStatus(parts: Parts): EdxmlStatus {
  const header = readBlock(statusHeader, parts.messageHeader);
  return { kind: 'status', ...header, ...readOthers(parts) };
}

function readDocument(parts: Parts, limits: EdxmlLimits): EdxmlDocument {
  const { trace, header } = parts;
  const businessBlock = childNamed(trace, BUSINESSES) ?? childNamed(header, BUSINESSES);
  return {
    kind: 'document',
    ...readBlock(messageHeader, parts.messageHeader),
    trace: childrenNamed(trace, ['TraceHeader']).map((hop) => readBlock(traceHeader, hop)),
    business: readBlock(business, businessBlock),
    attachments: readAttachments(
      childrenNamed(parts.manifest, ['Reference']),
      childrenNamed(parts.attachments, ['Attachment']),
      limits,
    ),
    ...readOthers(parts),
  };
}

function findParts(root: SourceElement): Parts {
  const isOuter = OUTER_ROOTS.includes(root.local);
  const envelope = isOuter ? childNamed(root, ENVELOPES) : root;
  if (envelope === undefined || !ENVELOPES.includes(envelope.local)) {
    throw malformedXml(`its root ${quote(root.name)} is not that of an edXML message`);
  }
  const header = childNamed(envelope, HEADERS);
  const found = childNamed(header, ['MessageHeader']);
  if (header === undefined || found === undefined) throw malformedXml('it has no MessageHeader');
  const body = childNamed(envelope, BODIES);
  return {
    root: isOuter ? root : undefined,
    envelope,
    header,
    messageHeader: found,
    trace: childNamed(header, ['TraceHeaderList']),
    body,
    manifest: childNamed(body, MANIFESTS),
    attachments:
      childNamed(isOuter ? root : envelope, ATTACHMENT_LISTS) ??
      childNamed(envelope, ATTACHMENT_LISTS) ??
      childNamed(body, ATTACHMENT_LISTS),
  };
}

/** Everything that no other part of the reader has taken. */
function readOthers(parts: Parts): { otherElements?: readonly EdxmlOtherElement[] } {
  const taken = new Set<SourceElement | undefined>(Object.values(parts));
  taken.add(childNamed(parts.trace, BUSINESSES) ?? childNamed(parts.header, BUSINESSES));
  for (const hop of childrenNamed(parts.trace, ['TraceHeader'])) taken.add(hop);
  for (const reference of childrenNamed(parts.manifest, ['Reference'])) taken.add(reference);
  for (const file of childrenNamed(parts.attachments, ['Attachment'])) taken.add(file);
  const places: readonly (readonly [EdxmlOtherElement['parent'], SourceElement | undefined])[] = [
    ['root', parts.root],
    ['envelope', parts.envelope],
    ['header', parts.header],
    ['trace', parts.trace],
    ['body', parts.body],
    ['manifest', parts.manifest],
    ['attachments', parts.attachments],
  ];
  const others = places.flatMap(([parent, place]) =>
    (place?.elements ?? [])
      .filter((element) => !taken.has(element))
      .map((element) => ({ parent, element: keepElement(element) })),
  );
  return others.length === 0 ? {} : { otherElements: others };
}
