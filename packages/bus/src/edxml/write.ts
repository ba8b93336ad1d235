import type { Element } from 'xml-js';

import { writeAttachmentEncoded, writeReferences } from './attachment-list.ts';
import { writeBlock } from './field.ts';
import type { EdxmlDocument, EdxmlOtherElement, EdxmlStatus } from './model.ts';
import { business, messageHeader, statusHeader, traceHeader } from './shape.ts';
import { NAMESPACE, keptElement, parentElement, writeXml } from './xml-write.ts';

/**
 * Writes a message in the dialect of the national bus, with empty elements rather than missing ones.
 *
 * What another system sent and `readEdxml` kept is written again, though not byte for byte: to pass
 * on a message unchanged, pass on its bytes.
 *
 * @throws {@link BusError} `BUS_EDXML_FIELD_INVALID` naming the field: a date or number that is
 *   none, or a character that XML 1.0 forbids.
 */
export function writeEdxml(message: EdxmlDocument | EdxmlStatus): Uint8Array {
  return message.kind === 'status' ? writeStatus(message) : writeDocument(message);
}

function writeStatus(status: EdxmlStatus): Uint8Array {
  const header = [
    named('MessageHeader', writeBlock(statusHeader, status, 'MessageHeader')),
    ...othersIn(status, 'header'),
  ];
  const envelope = [named('edXMLHeader', header), ...othersIn(status, 'envelope')];
  return writeRoot(envelope, othersIn(status, 'root'));
}

function writeDocument(document: EdxmlDocument): Uint8Array {
  const hops = document.trace.map((hop, index) =>
    named('TraceHeader', writeBlock(traceHeader, hop, `TraceHeaderList.TraceHeader[${index}]`)),
  );
  const trace = [
    ...hops,
    named('Bussiness', writeBlock(business, document.business, 'TraceHeaderList.Bussiness')),
    ...othersIn(document, 'trace'),
  ];
  const header = [
    named('MessageHeader', writeBlock(messageHeader, document, 'MessageHeader')),
    named('TraceHeaderList', trace),
    ...othersIn(document, 'header'),
  ];
  const manifest = [...writeReferences(document.attachments), ...othersIn(document, 'manifest')];
  const body = [
    parentElement('edXML:edXMLManifest', manifest, { version: '1.0' }),
    ...othersIn(document, 'body'),
  ];
  const envelope = [
    named('edXMLHeader', header),
    named('edXMLBody', body),
    ...othersIn(document, 'envelope'),
  ];
  const attachments = writeAttachmentEncoded(
    document.attachments,
    othersIn(document, 'attachments'),
  );
  return writeRoot(envelope, [...attachments, ...othersIn(document, 'root')]);
}

function writeRoot(envelope: Element[], behind: readonly Element[]): Uint8Array {
  const inside = parentElement('edXML:edXMLEnvelope', envelope, { 'xmlns:edXML': NAMESPACE });
  return writeXml(parentElement('edXML', [inside, ...behind], { xmlns: NAMESPACE }));
}

function named(name: string, elements: Element[]): Element {
  return parentElement(`edXML:${name}`, elements);
}

function othersIn(
  message: EdxmlDocument | EdxmlStatus,
  parent: EdxmlOtherElement['parent'],
): Element[] {
  return (message.otherElements ?? [])
    .filter((other) => other.parent === parent)
    .map((other) => keptElement(other.element, parent));
}
