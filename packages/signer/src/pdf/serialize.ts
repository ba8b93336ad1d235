import { PdfDict, PdfName, PdfRef, PdfStream, PdfString, type PdfValue } from './values.ts';

/** Writes a value as PDF syntax, one character per byte. Streams stand only as whole objects. */
export function serializeValue(value: PdfValue): string {
  const parts: string[] = [];
  writeValue(parts, value);
  return parts.join('');
}

/** One list for all of a value: joining text at every level would copy it again and again. */
function writeValue(parts: string[], value: PdfValue): void {
  if (typeof value === 'number') parts.push(serializeNumber(value));
  else if (value === null || typeof value === 'boolean') parts.push(String(value));
  else if (value instanceof PdfName) parts.push(serializeName(value.text));
  else if (value instanceof PdfRef) parts.push(`${value.number} ${value.generation} R`);
  else if (value instanceof PdfString) parts.push(serializeString(value));
  else if (value instanceof PdfDict) writeDict(parts, value);
  else if (value instanceof PdfStream) throw new TypeError('a stream is never a direct value');
  else writeArray(parts, value);
}

function writeDict(parts: string[], dict: PdfDict): void {
  parts.push('<<');
  for (const [key, value] of dict.entries) {
    parts.push(serializeName(key), ' ');
    writeValue(parts, value);
    parts.push(' ');
  }
  parts.push('>>');
}

function writeArray(parts: string[], items: readonly PdfValue[]): void {
  parts.push('[');
  for (let i = 0; i < items.length; i++) {
    if (i > 0) parts.push(' ');
    writeValue(parts, items[i] ?? null);
  }
  parts.push(']');
}

function serializeNumber(value: number): string {
  if (Number.isInteger(value)) return value.toFixed(0);
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '') : text;
}

const MAX_CACHED_NAMES = 4096;
const serializedNames = new Map<string, string>();

function serializeName(text: string): string {
  const known = serializedNames.get(text);
  if (known !== undefined) return known;
  const escaped = text.replace(/[^!"$&'*-.0-;=?-Z\\^-z|~]/g, (char) => {
    return `#${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  const name = `/${escaped}`;
  if (serializedNames.size < MAX_CACHED_NAMES) serializedNames.set(text, name);
  return name;
}

function serializeString(value: PdfString): string {
  const buffer = Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length);
  if (value.isHex) return `<${buffer.toString('hex')}>`;
  const escaped = buffer.toString('latin1').replace(/[\\()\r]/g, (char) => {
    return char === '\r' ? '\\r' : `\\${char}`;
  });
  return `(${escaped})`;
}

/** A copy of a dictionary with some keys set. */
export function withEntries(dict: PdfDict, changes: Readonly<Record<string, PdfValue>>): PdfDict {
  return new PdfDict(new Map([...dict.entries, ...Object.entries(changes)]));
}
