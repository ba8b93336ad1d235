import { invalidField } from './fault.ts';

/** What the production Char of XML 1.0 §2.2 leaves out, lone surrogates aside. */
// oxlint-disable-next-line no-control-regex -- naming them is the purpose
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}._-]*(?::[\p{L}_][\p{L}\p{M}\p{N}._-]*)?$/u;

/** Index of the first character that XML 1.0 forbids, or -1. */
export function findForbidden(text: string): number {
  return text.search(FORBIDDEN);
}

/** Whether a numeric character reference may stand for this code point. */
export function isXmlChar(point: number): boolean {
  if (point < 0x20) return point === 0x9 || point === 0xa || point === 0xd;
  if (point >= 0xd800 && point <= 0xdfff) return false;
  return point <= 0x10ffff && point !== 0xfffe && point !== 0xffff;
}

/**
 * Refuses text that no XML 1.0 document can hold, not even escaped.
 *
 * @throws `BUS_EDXML_FIELD_INVALID` naming the field and the character.
 */
export function checkXmlText(text: string, field: string): void {
  const index = findForbidden(text);
  if (index !== -1) {
    const point = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0');
    throw invalidField(field, `has U+${point} at position ${index + 1}, which XML 1.0 forbids`);
  }
  if (!text.isWellFormed()) throw invalidField(field, 'has half a surrogate pair');
}

/** Refuses a name of an element or attribute that would break the document. */
export function checkXmlName(name: string, field: string): void {
  if (!NAME.test(name))
    throw invalidField(field, `has the impossible name ${JSON.stringify(name)}`);
}

/**
 * Text as xml-js must get it. Its writer first turns `&amp;` back into `&` and then escapes, so a
 * text that really says `&amp;` would come out as `&`: escaping `&` once beforehand undoes that.
 */
export function prepareText(text: string): string {
  return text.includes('&') ? text.replaceAll('&', '&amp;') : text;
}

/** A carriage return in the text would be read back as a line feed (XML 1.0 §2.11). */
export function escapeCarriageReturn(text: string): string {
  return text.includes('\r') ? text.replaceAll('\r', '&#13;') : text;
}

const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Attribute values: xml-js escapes nothing but `"`, and readers turn white space into spaces. */
export function escapeAttribute(value: string): string {
  return value.replace(/[&<>"\t\n\r]/g, (character) => ATTRIBUTE_ESCAPES[character] ?? character);
}
