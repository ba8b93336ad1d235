import { signCms } from '../../src/cms/sign.ts';
import type { Signer } from '../../src/keys/signer.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { serializeValue } from '../../src/pdf/serialize.ts';
import { findStartXref } from '../../src/pdf/xref.ts';

/** Appends a revision by hand: what an attacker, or another program, writes after a signature. */
export function appendRevision(
  pdf: Uint8Array,
  objects: Readonly<Record<number, string>>,
  options: { root?: string; free?: readonly number[]; trailer?: string; before?: string } = {},
): Buffer {
  const { offset: previous } = findStartXref(pdf, pdf.length);
  let text = options.before ?? '';
  const lines: [number, string][] = (options.free ?? []).map((number) => [
    number,
    '0000000000 65535 f \n',
  ]);
  for (const [key, body] of Object.entries(objects)) {
    const number = Number(key);
    const offset = String(pdf.length + text.length).padStart(10, '0');
    lines.push([number, `${offset} 00000 n \n`]);
    text += `${number} 0 obj\n${body}\nendobj\n`;
  }
  const startXref = pdf.length + text.length;
  text += 'xref\n';
  for (const [number, line] of lines) text += `${number} 1\n${line}`;
  const size = Math.max(...lines.map(([number]) => number), 200) + 1;
  const root = options.root ?? '1 0 R';
  text += `trailer\n<< /Size ${size} /Root ${root} /Prev ${previous} ${options.trailer ?? ''} >>\n`;
  text += `startxref\n${startXref}\n%%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(text, 'latin1')]);
}

/** Replaces text of the same length, once. */
export function replaceText(pdf: Uint8Array, from: string, to: string): Buffer {
  const copy = Buffer.from(pdf);
  const at = copy.indexOf(from, 0, 'latin1');
  if (at < 0 || from.length !== to.length) throw new Error(`cannot replace ${from}`);
  copy.write(to, at, 'latin1');
  return copy;
}

/** How {@link signByHand} departs from what `signPdf` would write. */
export interface HandSignature {
  /** Object number of the signature dictionary; the widget has the next. */
  readonly first?: number;
  readonly rect?: string;
  /** The page that the widget claims to stand on. */
  readonly page?: string;
  /** More keys for the widget, or for the signature dictionary. */
  readonly widgetExtra?: string;
  readonly signatureExtra?: string;
  /** Further objects of the same revision. */
  readonly objects?: Readonly<Record<number, string>>;
  /** Default: `ETSI.CAdES.detached`. */
  readonly subFilter?: string;
  /** What goes into the gap instead of the signer's CMS over the covered bytes. */
  readonly contents?: (content: Buffer) => Promise<Uint8Array>;
}

const GAP_DIGITS = 8_192;

/**
 * Signs as someone with a good certificate and bad intentions can: any objects, any widget. The
 * source must be `plainPdf()`, signed or not.
 */
export async function signByHand(
  pdf: Uint8Array,
  signer: Signer,
  hand: HandSignature = {},
): Promise<Buffer> {
  const document = openPdf(pdf);
  const items = (number: number, key?: string): string => {
    const value = document.get(number);
    const array = document.array(key === undefined ? value : document.dict(value)?.get(key));
    return (array ?? []).map(serializeValue).join(' ');
  };
  const first = hand.first ?? 60;
  const widget = `${first + 1} 0 R`;
  const range = '[0 0000000000 0000000000 0000000000]';
  const file = appendRevision(pdf, {
    6: `<< /Fields [${items(6, 'Fields')} ${widget}] /SigFlags 3 >>`,
    8: `[${items(8)} ${widget}]`,
    [first]: `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /${hand.subFilter ?? 'ETSI.CAdES.detached'} ${hand.signatureExtra ?? ''} /ByteRange ${range} /Contents <${'0'.repeat(GAP_DIGITS)}> >>`,
    [first + 1]:
      `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Hand${hand.first ?? ''}) /V ${first} 0 R /F 132 /Rect ${hand.rect ?? '[0 0 0 0]'} /P ${hand.page ?? '3 0 R'} ${hand.widgetExtra ?? ''} >>`,
    ...hand.objects,
  });
  const gapStart = file.lastIndexOf(`<${'0'.repeat(100)}`);
  const gapEnd = gapStart + GAP_DIGITS + 2;
  const byteRange = `[0 ${gapStart} ${gapEnd} ${file.length - gapEnd}]`;
  file.write(byteRange.padEnd(range.length), file.lastIndexOf(range), 'latin1');
  const content = Buffer.concat([file.subarray(0, gapStart), file.subarray(gapEnd)]);
  const cms = await (hand.contents?.(content) ?? signCms({ content }, signer));
  file.write(Buffer.from(cms).toString('hex'), gapStart + 1);
  return file;
}
