import { PdfString, type PdfValue } from './values.ts';

const UTF16_BOM = [0xfe, 0xff];
const UTF8_BOM = [0xef, 0xbb, 0xbf];

/** Longer texts are cut: names and reasons are read by people. */
const MAX_TEXT_BYTES = 64 * 1024;

/** PDFDocEncoding where it differs from Latin-1 (ISO 32000-1 annex D.2); 0 stands for undefined. */
const PDF_DOC_LOW = [0x02d8, 0x02c7, 0x02c6, 0x02d9, 0x02dd, 0x02db, 0x02da, 0x02dc];
const PDF_DOC_HIGH = [
  0x2022, 0x2020, 0x2021, 0x2026, 0x2014, 0x2013, 0x0192, 0x2044, 0x2039, 0x203a, 0x2212, 0x2030,
  0x201e, 0x201c, 0x201d, 0x2018, 0x2019, 0x201a, 0x2122, 0xfb01, 0xfb02, 0x0141, 0x0152, 0x0160,
  0x0178, 0x017d, 0x0131, 0x0142, 0x0153, 0x0161, 0x017e, 0, 0x20ac,
];

/**
 * Writes text as a PDF text string: ASCII as it is (the common part of PDFDocEncoding), everything
 * else as UTF-16BE with byte order mark, after normalisation to NFC.
 */
export function encodeTextString(text: string): PdfString {
  const composed = text.normalize('NFC').toWellFormed();
  // oxlint-disable-next-line no-control-regex
  if (/^[\t\n\r -~]*$/.test(composed)) {
    return new PdfString(Buffer.from(composed, 'latin1'), false, 0, 0);
  }
  const utf16 = Buffer.from(composed, 'utf16le').swap16();
  return new PdfString(Buffer.concat([Buffer.from(UTF16_BOM), utf16]), true, 0, 0);
}

/** Reads a PDF text string (ISO 32000-2 §7.9.2.2); undefined when the value is no string. */
export function decodeTextString(value: PdfValue | undefined): string | undefined {
  if (!(value instanceof PdfString)) return undefined;
  const bytes = value.bytes.subarray(0, MAX_TEXT_BYTES);
  if (UTF16_BOM.every((byte, i) => bytes[i] === byte)) {
    return new TextDecoder('utf-16be').decode(bytes);
  }
  if (UTF8_BOM.every((byte, i) => bytes[i] === byte)) return new TextDecoder().decode(bytes);
  let text = '';
  for (const byte of bytes) text += String.fromCodePoint(fromPdfDoc(byte));
  return text;
}

function fromPdfDoc(byte: number): number {
  if (byte >= 0x18 && byte < 0x20) return PDF_DOC_LOW[byte - 0x18] ?? byte;
  if (byte >= 0x80 && byte <= 0xa0) return (PDF_DOC_HIGH[byte - 0x80] ?? 0) || 0xfffd;
  return byte;
}

/** Viet Nam is seven hours ahead of UTC, without summer time. */
export const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000;

/** `D:YYYYMMDDHHmmSS+07'00'`: the time as a clock in Viet Nam shows it (§7.9.4). */
export function encodeDate(at: Date): string {
  const local = new Date(at.getTime() + VIETNAM_OFFSET_MS).toISOString();
  return `D:${local.slice(0, 19).replace(/[-T:]/g, '')}+07'00'`;
}

/** Reads a PDF date; undefined when it is none. A missing zone is taken as UTC. */
export function decodeDate(value: PdfValue | undefined): Date | undefined {
  const text = decodeTextString(value);
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?'?)?/.exec(
    text ?? '',
  );
  if (match === null) return undefined;
  const part = (index: number, standard: number): number => Number(match[index] ?? standard);
  const utc = Date.UTC(part(1, 0), part(2, 1) - 1, part(3, 1), part(4, 0), part(5, 0), part(6, 0));
  const zoneMs = (part(8, 0) * 60 + part(9, 0)) * 60_000 * (match[7] === '-' ? -1 : 1);
  const at = new Date(utc - zoneMs);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
