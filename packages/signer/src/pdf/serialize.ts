import { PdfDict, PdfName, PdfRef, PdfStream, PdfString, type PdfValue } from './values.ts';

/** Writes a value as PDF syntax, one character per byte. Streams stand only as whole objects. */
export function serializeValue(value: PdfValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return serializeNumber(value);
  if (value instanceof PdfName) return serializeName(value.text);
  if (value instanceof PdfRef) return `${value.number} ${value.generation} R`;
  if (value instanceof PdfString) return serializeString(value);
  if (value instanceof PdfDict) return serializeDict(value);
  if (value instanceof PdfStream) throw new TypeError('a stream is never a direct value');
  return `[${value.map(serializeValue).join(' ')}]`;
}

function serializeNumber(value: number): string {
  if (Number.isInteger(value)) return value.toFixed(0);
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '') : text;
}

function serializeName(text: string): string {
  const escaped = text.replace(/[^!"$&'*-.0-;=?-Z\\^-z|~]/g, (char) => {
    return `#${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `/${escaped}`;
}

function serializeString(value: PdfString): string {
  const buffer = Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length);
  if (value.isHex) return `<${buffer.toString('hex')}>`;
  const escaped = buffer.toString('latin1').replace(/[\\()\r]/g, (char) => {
    return char === '\r' ? '\\r' : `\\${char}`;
  });
  return `(${escaped})`;
}

function serializeDict(dict: PdfDict): string {
  let text = '<<';
  for (const [key, value] of dict.entries) {
    text += `${serializeName(key)} ${serializeValue(value)} `;
  }
  return `${text}>>`;
}

/** A copy of a dictionary with some keys set. */
export function withEntries(dict: PdfDict, changes: Readonly<Record<string, PdfValue>>): PdfDict {
  return new PdfDict(new Map([...dict.entries, ...Object.entries(changes)]));
}
