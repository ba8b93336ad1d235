import { type Element, xml2js } from 'xml-js';

import { BusError } from '../errors.ts';
import { malformedXml } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import { scanXml } from './xml-scan.ts';

/** An element as it is kept and passed on when nothing here knows it. */
export interface XmlElement {
  /** With its prefix, whose declaration is among the attributes. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

/** Prefix to namespace, the default one under `''`, and what is declared further out. */
interface Scope {
  readonly declared: ReadonlyMap<string, string>;
  readonly outer: Scope | undefined;
}

/** An element as read: by local name, since prefixes mean nothing in real messages. */
export interface SourceElement {
  readonly name: string;
  readonly local: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly scope: Scope | undefined;
  /** Child elements alone. */
  readonly elements: readonly SourceElement[];
  /** Children in order; white space between elements is left out. */
  readonly nodes: readonly (SourceElement | string)[];
  readonly text: string;
}

/** What samples use without declaring it. */
const WELL_KNOWN_PREFIXES: Readonly<Record<string, string>> = {
  xlink: 'http://www.w3.org/1999/xlink',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  xsd: 'http://www.w3.org/2001/XMLSchema',
  ds: 'http://www.w3.org/2000/09/xmldsig#',
};
const EMPTY: readonly never[] = [];
/** `addParent` spares the parser a `delete` for each element, which would make every object slow. */
const PARSER_OPTIONS = {
  addParent: true,
  compact: false,
  captureSpacesBetweenElements: true,
  ignoreComment: true,
  ignoreInstruction: true,
  ignoreDeclaration: true,
};

/**
 * Parses a message into a tree. UTF-8 with or without BOM; no DOCTYPE, no entities.
 *
 * @throws `BUS_EDXML_MALFORMED` or `BUS_EDXML_LIMIT`.
 */
export function parseXml(bytes: Uint8Array, limits: EdxmlLimits): SourceElement {
  const text = normaliseLines(decodeUtf8(bytes));
  scanXml(text, limits);
  const root = parseElements(text).find((element) => element.type === 'element');
  if (root === undefined) throw malformedXml('it has no root element');
  return toSource(root, undefined);
}

/** The element with the namespaces it needs, so that it means the same elsewhere. */
export function keepElement(source: SourceElement): XmlElement {
  return keep(source, new Set());
}

export function childrenNamed(
  parent: SourceElement | undefined,
  names: readonly string[],
): SourceElement[] {
  if (parent === undefined) return [];
  return parent.elements.filter((element) => names.includes(element.local));
}

export function childNamed(
  parent: SourceElement | undefined,
  names: readonly string[],
): SourceElement | undefined {
  return parent?.elements.find((element) => names.includes(element.local));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformedXml('it is not UTF-8', undefined, cause);
  }
}

/** XML 1.0 §2.11: every line end is a line feed; the parser does not see to it. */
function normaliseLines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function parseElements(text: string): readonly Element[] {
  try {
    const parsed = xml2js(text, PARSER_OPTIONS) as Element; // what it returns unless `compact`
    return parsed.elements ?? EMPTY;
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    throw malformedXml(describeParserError(cause), undefined, cause);
  }
}

/** sax writes `Unexpected end\nLine: 3\nColumn: 7\nChar: `. */
function describeParserError(cause: unknown): string {
  const [what, line, column] = String(cause instanceof Error ? cause.message : cause).split('\n');
  return [what, line, column].filter((part) => part !== undefined && part !== '').join(', ');
}

function toSource(element: Element, outer: Scope | undefined): SourceElement {
  const name = element.name ?? '';
  const attributes = readAttributes(element);
  const scope = extendScope(outer, attributes);
  const nodes = readNodes(element.elements ?? EMPTY, scope);
  const elements = nodes.filter((node) => typeof node !== 'string');
  const text = nodes.filter((node) => typeof node === 'string').join('');
  const isMixed = elements.length > 0 && text.trim() !== '';
  const kept = elements.length === 0 || isMixed ? nodes : elements;
  return { name, local: localName(name), attributes, scope, elements, nodes: kept, text };
}

function readNodes(
  children: readonly Element[],
  scope: Scope | undefined,
): (SourceElement | string)[] {
  const nodes: (SourceElement | string)[] = [];
  for (const child of children) {
    if (child.type === 'element') {
      nodes.push(toSource(child, scope));
      continue;
    }
    if (child.type === 'doctype') throw malformedXml('a DOCTYPE is not allowed');
    const text = child.type === 'cdata' ? child.cdata : child.text;
    if (text === undefined) continue;
    const last = nodes.length - 1;
    const before = nodes[last];
    if (typeof before === 'string') nodes[last] = before + String(text);
    else nodes.push(String(text));
  }
  return nodes;
}

function readAttributes(element: Element): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(element.attributes ?? {})) {
    attributes[name] = String(value ?? '');
  }
  return attributes;
}

function extendScope(
  outer: Scope | undefined,
  attributes: Readonly<Record<string, string>>,
): Scope | undefined {
  const declared = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    const prefix = declaredPrefix(name);
    if (prefix !== undefined) declared.set(prefix, value);
  }
  return declared.size === 0 ? outer : { declared, outer };
}

function namespaceOf(prefix: string, scope: Scope | undefined): string | undefined {
  for (let at = scope; at !== undefined; at = at.outer) {
    const namespace = at.declared.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  return prefix === '' ? '' : WELL_KNOWN_PREFIXES[prefix];
}

function declaredPrefix(attribute: string): string | undefined {
  if (attribute === 'xmlns') return '';
  return attribute.startsWith('xmlns:') ? attribute.slice('xmlns:'.length) : undefined;
}

function keep(source: SourceElement, declared: ReadonlySet<string>): XmlElement {
  const attributes: Record<string, string> = {};
  const inScope = new Set(declared);
  for (const name of Object.keys(source.attributes)) {
    const prefix = declaredPrefix(name);
    if (prefix !== undefined) inScope.add(prefix);
  }
  const used = [source.name, ...Object.keys(source.attributes).filter(isPrefixed)];
  for (const prefix of used.map(prefixOf)) {
    if (inScope.has(prefix) || prefix === 'xml' || prefix === 'xmlns') continue;
    const namespace = namespaceOf(prefix, source.scope);
    if (namespace === undefined) continue;
    attributes[prefix === '' ? 'xmlns' : `xmlns:${prefix}`] = namespace;
    inScope.add(prefix);
  }
  Object.assign(attributes, source.attributes);
  const children = source.nodes.map((node) =>
    typeof node === 'string' ? node : keep(node, inScope),
  );
  return { name: source.name, attributes, children };
}

function isPrefixed(name: string): boolean {
  return name.includes(':') && declaredPrefix(name) === undefined;
}

function prefixOf(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? '' : name.slice(0, colon);
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}
