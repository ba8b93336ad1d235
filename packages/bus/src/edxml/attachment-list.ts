import type { Element } from 'xml-js';

import { decodeBase64, unwrapZip } from './attachment.ts';
import { type Shape, optionalText, readBlock, text, token, writeBlock } from './field.ts';
import { overLimit } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import type { EdxmlAttachment, EdxmlTransferredAs, Extensible } from './model.ts';
import type { SourceElement } from './xml-tree.ts';
import { NAMESPACE, base64Element, parentElement } from './xml-write.ts';

interface Reference extends Extensible {
  readonly contentId: string;
  readonly contentType: string;
  readonly description?: string | undefined;
  readonly name: string;
}

interface Transferred extends Reference {
  readonly content: string | undefined;
}

const CONTENT_ELEMENT = 'ContentTransferEncoded';

const OWN_NAMES = new Set(['ContentId', 'ContentType', 'Description', 'AttachmentName']);

const reference: Shape<Reference> = {
  contentId: token('ContentId'),
  contentType: text('ContentType'),
  description: optionalText('present', 'Description'),
  name: text('AttachmentName'),
};

const transferred: Shape<Transferred> = {
  ...reference,
  content: optionalText('present', CONTENT_ELEMENT),
};

/**
 * Joins the references of the manifest with the attachments behind the envelope, by content id with
 * or without `cid:`. Either may lack the other; nothing is dropped.
 */
export function readAttachments(
  references: readonly SourceElement[],
  attachments: readonly SourceElement[],
  limits: EdxmlLimits,
): EdxmlAttachment[] {
  const count = Math.max(references.length, attachments.length);
  if (count > limits.maxAttachmentCount) {
    throw overLimit('attachments:', count, limits.maxAttachmentCount);
  }
  const waiting = attachments.map((element) => readBlock(transferred, element));
  const budget = { left: limits.maxTotalAttachmentBytes };
  const joined = references.map((element) => {
    const named = readReference(element);
    const index = waiting.findIndex((part) => bareId(part.contentId) === bareId(named.contentId));
    const [part] = index === -1 ? [] : waiting.splice(index, 1);
    return joinParts(named, part, limits, budget);
  });
  const rest = waiting.map((part) => ({
    ...joinParts({ ...part, extensions: undefined }, part, limits, budget),
    unreferenced: true,
  }));
  return [...joined, ...rest];
}

/** The `Reference` elements of the manifest. */
export function writeReferences(attachments: readonly EdxmlAttachment[]): Element[] {
  return attachments.flatMap((attachment, index) => {
    if (attachment.unreferenced === true) return [];
    const path = `Manifest.Reference[${index}]`;
    const model = { ...attachment, contentId: `cid:${attachment.contentId}` };
    return [parentElement('edXML:Reference', writeBlock(reference, model, path))];
  });
}

/** The `AttachmentEncoded` element, or nothing when no file travels inside the message. */
export function writeAttachmentEncoded(
  attachments: readonly EdxmlAttachment[],
  others: readonly Element[],
): Element[] {
  const elements = attachments.flatMap((attachment, index) => {
    if (attachment.data === undefined && attachment.unreferenced !== true) return [];
    return [writeAttachment(attachment, `AttachmentEncoded.Attachment[${index}]`)];
  });
  if (elements.length + others.length === 0) return [];
  return [parentElement('AttachmentEncoded', [...elements, ...others])];
}

function writeAttachment(attachment: EdxmlAttachment, path: string): Element {
  const { transferredAs, data } = attachment;
  const bytes = attachment.transferred ?? data;
  const part: Reference = {
    contentId: `cid:${attachment.contentId}`,
    contentType: transferredAs?.contentType ?? attachment.contentType,
    description: transferredAs === undefined ? attachment.description : transferredAs.description,
    name: transferredAs?.name ?? attachment.name,
    extensions: attachment.transferredExtensions,
  };
  const elements = writeBlock(reference, part, path).map(withoutPrefix);
  if (bytes !== undefined) {
    const base64 = Buffer.from(bytes).toString('base64');
    elements.push(base64Element(`edXML:${CONTENT_ELEMENT}`, base64, { 'xmlns:edXML': NAMESPACE }));
  }
  return parentElement('Attachment', elements);
}

/** Outside the envelope the bus writes its own elements without the prefix, which ends there. */
function withoutPrefix(element: Element): Element {
  const local = element.name?.replace(/^edXML:/, '') ?? '';
  const isOwn = OWN_NAMES.has(local) && element.attributes === undefined;
  return isOwn ? { ...element, name: local } : element;
}

/** The SOAP dialect names the part in `xlink:href` instead of `ContentId`. */
function readReference(element: SourceElement): Reference {
  const named = readBlock(reference, element);
  if (named.contentId !== '') return named;
  const href = Object.entries(element.attributes).find(([name]) => /(?:^|:)href$/.test(name));
  return { ...named, contentId: href?.[1].trim() ?? '' };
}

function joinParts(
  named: Reference,
  part: Transferred | undefined,
  limits: EdxmlLimits,
  budget: { left: number },
): EdxmlAttachment {
  const { contentType, name, description, extensions } = named;
  const attachment: EdxmlAttachment = {
    contentId: bareId(named.contentId),
    contentType,
    name,
    ...(description === undefined ? {} : { description }),
    ...(extensions === undefined ? {} : { extensions }),
  };
  if (part === undefined) return attachment;
  return {
    ...attachment,
    ...readContent(part, limits, budget),
    ...differences(named, part),
    ...(part.extensions === undefined ? {} : { transferredExtensions: part.extensions }),
  };
}

function readContent(
  part: Transferred,
  limits: EdxmlLimits,
  budget: { left: number },
): Pick<EdxmlAttachment, 'data' | 'transferred'> {
  const bytes = decodeBase64(part.content ?? '', part.name, limits);
  const data = unwrapZip(bytes, part.name, limits);
  budget.left -= data.length;
  if (budget.left < 0) {
    const { maxTotalAttachmentBytes } = limits;
    throw overLimit(
      'bytes of all attachments: more than',
      maxTotalAttachmentBytes,
      maxTotalAttachmentBytes,
    );
  }
  return data === bytes ? { data } : { data, transferred: bytes };
}

function differences(
  named: Reference,
  part: Transferred,
): { readonly transferredAs?: EdxmlTransferredAs } {
  const { contentType, name, description } = part;
  const isSame =
    contentType === named.contentType && name === named.name && description === named.description;
  if (isSame) return {};
  return {
    transferredAs: { contentType, name, ...(description === undefined ? {} : { description }) },
  };
}

function bareId(contentId: string): string {
  return contentId.replace(/^cid:/i, '').trim();
}
