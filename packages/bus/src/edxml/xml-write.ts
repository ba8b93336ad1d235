import { type Element, js2xml } from 'xml-js';

import { invalidField } from './fault.ts';
import {
  checkXmlName,
  checkXmlText,
  escapeAttribute,
  escapeCarriageReturn,
  prepareText,
} from './xml-text.ts';
import type { XmlElement } from './xml-tree.ts';

/** Default namespace and prefix are bound to the same name, as the national bus writes it. */
export const NAMESPACE = 'http://www.mic.gov.vn/TBT/QCVN_102_2016';

/** What a programme may hand over to be passed on; what was read is never deeper. */
const MAX_KEPT_DEPTH = 64;

/** One element with text, checked and made ready for xml-js. */
export function textElement(name: string, text: string, field: string): Element {
  checkXmlText(text, field);
  return { type: 'element', name, elements: textNodes(text) };
}

export function parentElement(
  name: string,
  elements: Element[],
  attributes?: Readonly<Record<string, string>>,
): Element {
  const element: Element = { type: 'element', name, elements };
  if (attributes !== undefined) element.attributes = { ...attributes };
  return element;
}

/** base64 needs no check and no escaping, and may be very long. */
export function base64Element(
  name: string,
  base64: string,
  attributes: Readonly<Record<string, string>>,
): Element {
  const elements = base64 === '' ? [] : [{ type: 'text', text: base64 }];
  return { type: 'element', name, attributes: { ...attributes }, elements };
}

/** An element that was kept, with every name and value checked again. */
export function keptElement(element: XmlElement, field: string, depth = 0): Element {
  if (depth > MAX_KEPT_DEPTH) throw invalidField(field, `is deeper than ${MAX_KEPT_DEPTH} levels`);
  const path = `${field}.${element.name}`;
  checkXmlName(element.name, field);
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(element.attributes)) {
    checkXmlName(name, path);
    checkXmlText(value, `${path}@${name}`);
    attributes[name] = escapeAttribute(value);
  }
  const elements = element.children.flatMap((child) => {
    if (typeof child !== 'string') return [keptElement(child, path, depth + 1)];
    checkXmlText(child, path);
    return textNodes(child);
  });
  return { type: 'element', name: element.name, attributes, elements };
}

/** The document in UTF-8; empty elements have a start and an end tag, as strict checkers want. */
export function writeXml(root: Element): Uint8Array {
  const text = js2xml(
    {
      declaration: { attributes: { version: '1.0', encoding: 'UTF-8' } },
      elements: [root],
    },
    { compact: false, spaces: 0, fullTagEmptyElement: true, textFn: escapeCarriageReturn },
  );
  return Buffer.from(text, 'utf8');
}

function textNodes(text: string): Element[] {
  return text === '' ? [] : [{ type: 'text', text: prepareText(text) }];
}
