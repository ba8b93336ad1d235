import { SignerError } from '../errors.ts';

/** An element with its namespace resolved. */
export interface XmlElement {
  /** Namespace and local name, joined. */
  readonly name: string;
  readonly local: string;
  /** Attributes without namespace declarations, by the name as it stands. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside; white space alone when there are children. */
  readonly text: string;
}

const MAX_XML_DEPTH = 8;
const NAME = '[A-Za-z_][A-Za-z0-9_.-]*';
const QNAME = `(?:${NAME}:)?${NAME}`;
const SPACE = '[ \\t\\r\\n]';
const VALUE = `"[^"<]*"|'[^'<]*'`;
const ATTRIBUTE_SOURCE = `${SPACE}+(${QNAME})${SPACE}*=${SPACE}*(${VALUE})`;
const DECLARATION = new RegExp(
  `<\\?xml${SPACE}+version=["']1\\.0["'](?:${SPACE}+encoding=["'][Uu][Tt][Ff]-8["'])?` +
    `(?:${SPACE}+standalone=["'](?:yes|no)["'])?${SPACE}*\\?>`,
  'y',
);
const MISC = new RegExp(`(?:${SPACE}+|<!--[^-]*(?:-[^-]+)*-->)*`, 'y');
const START = new RegExp(`<(${QNAME})((?:${ATTRIBUTE_SOURCE})*)${SPACE}*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(ATTRIBUTE_SOURCE, 'g');
const END = new RegExp(`</(${QNAME})${SPACE}*>`, 'y');
const TEXT = /[^<]+/y;
const REFERENCE = /&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g;
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function fail(message: string): never {
  throw new SignerError('SIGNER_ASIC_MANIFEST_INVALID', message, { details: {} });
}

/**
 * Reads the part of XML that a manifest needs: elements, attributes, text and comments. DOCTYPE,
 * entities, CDATA, processing instructions and everything that is not well-formed are refused. The
 * usual parser of this project reports none of that, so it is not used for what is signed.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MANIFEST_INVALID`.
 */
export function parseStrictXml(text: string): XmlElement {
  const reader = { text, pos: 0 };
  take(reader, DECLARATION);
  take(reader, MISC);
  const root = readElement(reader, new Map(), 0);
  take(reader, MISC);
  if (reader.pos !== text.length) fail(`something follows the root element at ${reader.pos}`);
  return root;
}

interface Reader {
  readonly text: string;
  pos: number;
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.pos;
  const match = pattern.exec(reader.text);
  if (match === null) return undefined;
  reader.pos += match[0].length;
  return match;
}

function readElement(
  reader: Reader,
  outer: ReadonlyMap<string, string>,
  depth: number,
): XmlElement {
  if (depth > MAX_XML_DEPTH) fail('elements are nested too deep');
  const start = take(reader, START);
  if (start === undefined) return fail(`not well-formed or not allowed at ${reader.pos}`);
  const [, qname = '', attributeText = ''] = start;
  const namespaces = new Map(outer);
  const attributes = readAttributes(attributeText, namespaces);
  const colon = qname.indexOf(':');
  const local = qname.slice(colon + 1);
  const namespace = namespaces.get(colon < 0 ? '' : qname.slice(0, colon));
  if (namespace === undefined && colon >= 0) fail(`prefix of ${qname} is not declared`);
  const children: XmlElement[] = [];
  let text = '';
  if (!start[0].endsWith('/>')) {
    for (;;) {
      take(reader, MISC);
      const end = take(reader, END);
      if (end !== undefined) {
        if (end[1] !== qname) fail(`${qname} ends as ${end[1] ?? ''}`);
        break;
      }
      const part = take(reader, TEXT);
      if (part === undefined) children.push(readElement(reader, namespaces, depth + 1));
      else text += decode(part[0]);
    }
  }
  if (children.length > 0 && text !== '') fail(`text between the elements of ${qname}`);
  return { name: `${namespace ?? ''}${local}`, local, attributes, children, text };
}

function readAttributes(text: string, namespaces: Map<string, string>): Map<string, string> {
  const attributes = new Map<string, string>();
  const seen = new Set<string>();
  for (const [, key = '', quoted = ''] of text.matchAll(ATTRIBUTE)) {
    if (seen.has(key)) fail(`attribute ${key} stands twice`);
    seen.add(key);
    const value = decode(quoted.slice(1, -1));
    if (key === 'xmlns') namespaces.set('', value);
    else if (key.startsWith('xmlns:')) namespaces.set(key.slice('xmlns:'.length), value);
    else attributes.set(key, value);
  }
  return attributes;
}

function decode(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\]\]>/.test(text))
    fail('a character that XML forbids');
  if (!text.includes('&')) return text;
  if (text.replace(REFERENCE, '').includes('&')) fail('an unknown entity');
  return text.replace(REFERENCE, (_all, name: string, decimal: string, hex: string) => {
    if (name !== undefined) return ENTITIES.get(name) ?? '';
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isText = code === 9 || code === 10 || code === 13 || code >= 0x20;
    if (!isText || code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) {
      fail('a character reference that XML forbids');
    }
    return String.fromCodePoint(code);
  });
}
