import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';

import { type FontMetrics, type Glyph, TrueTypeFont } from './truetype.ts';
import { type PreparedObject, hexCode, preparedStream } from './prepared-object.ts';

/** The font of a stamp: widths for the layout, and its PDF objects. */
export interface StampFont {
  /** By code point, for the letters that were asked for and that the font has. */
  readonly glyphs: ReadonlyMap<number, Glyph>;
  readonly metrics: FontMetrics;
  /** The first is the Type0 font; they refer to each other by their places in this list. */
  readonly objects: readonly PreparedObject[];
}

const FILE = '@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf';
const NAME = 'Tinos-Regular';
/** Tables that a PDF viewer never reads; the metrics are taken from the full font. */
const DROPPED = ['GSUB', 'GPOS', 'GDEF', 'kern', 'name', 'OS/2', 'post', 'DSIG', 'gasp', 'meta'];
const STEM_WIDTH = 80;
/** Symbolic: the glyphs are chosen by number, not by the letters of a standard encoding (§9.8.2). */
const FONT_FLAGS = 4;

/**
 * Letters that every stamp can show, whatever number, symbol or time comes later: printable ASCII,
 * the 134 letters of Vietnamese beyond it, and the punctuation of office programs. 8 KB in a file.
 */
export const USUAL_LETTERS = ((): string => {
  let letters = 'Đđ–—‘’“”…';
  for (let code = 0x20; code < 0x7f; code++) letters += String.fromCodePoint(code);
  for (const vowel of 'AĂÂEÊIOÔƠUƯYaăâeêioôơuưy') {
    for (const tone of ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323']) {
      letters += (vowel + tone).normalize('NFC');
    }
  }
  return letters;
})();
const usualLetters = new Set(USUAL_LETTERS);

let usualFont: Promise<StampFont> | undefined;

/**
 * Loads Tinos (the widths of Times New Roman, which Decree 30/2020 prescribes) cut down to the usual
 * letters and those of a text. The cut for the usual letters is made once per process.
 */
export function loadStampFont(text: string): Promise<StampFont> {
  const more = [...new Set(text)].filter((letter) => !usualLetters.has(letter));
  if (more.length > 0) return cutFont(USUAL_LETTERS + more.join(''));
  usualFont ??= cutFont(USUAL_LETTERS);
  // A failure (no memory, no file) must not be kept for ever.
  usualFont.catch(() => (usualFont = undefined));
  return usualFont;
}

async function cutFont(letters: string): Promise<StampFont> {
  const [{ default: subsetFont }, whole] = await Promise.all([
    import('subset-font'),
    readFile(createRequire(import.meta.url).resolve(FILE)),
  ]);
  const bytes = await subsetFont(whole, letters, {
    targetFormat: 'sfnt',
    keepFeatures: [],
    noLayoutClosure: true,
    noHinting: true,
    dropTables: DROPPED,
  });
  const font = new TrueTypeFont(bytes);
  const glyphs = font.glyphs();
  const metrics = new TrueTypeFont(whole).metrics();
  return { glyphs, metrics, objects: fontObjects(font, glyphs, metrics) };
}

/** A composite font whose codes are the glyph numbers (§9.7): Identity-H, with /ToUnicode. */
function fontObjects(
  font: TrueTypeFont,
  glyphs: ReadonlyMap<number, Glyph>,
  metrics: FontMetrics,
): PreparedObject[] {
  const name = `/${subsetTag(font.bytes)}+${NAME}`;
  const widths = Array.from({ length: font.glyphCount }, (_, id) => font.advanceOf(id)).join(' ');
  const { ascent, descent, capHeight, boundingBox } = metrics;
  const descendant = `<< /Type /Font /Subtype /CIDFontType2 /BaseFont ${name} /CIDToGIDMap /Identity`;
  const system = '/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>';
  const box = `/FontBBox [${boundingBox.join(' ')}] /ItalicAngle 0`;
  const heights = `/Ascent ${ascent} /Descent ${descent} /CapHeight ${capHeight}`;
  return [
    [
      `<< /Type /Font /Subtype /Type0 /BaseFont ${name} /Encoding /Identity-H /DescendantFonts [`,
      1,
      '] /ToUnicode ',
      4,
      ' >>',
    ],
    [`${descendant} ${system} /W [0 [${widths}]] /FontDescriptor `, 2, ' >>'],
    [
      `<< /Type /FontDescriptor /FontName ${name} /Flags ${FONT_FLAGS} ${box} ${heights} /StemV ${STEM_WIDTH} /FontFile2 `,
      3,
      ' >>',
    ],
    preparedStream([`/Length1 ${font.bytes.length}`], deflateSync(font.bytes, { level: 9 })),
    preparedStream([], deflateSync(toUnicode(glyphs), { level: 9 })),
  ];
}

/** Six capital letters that differ from subset to subset (§9.6.4). */
function subsetTag(bytes: Uint8Array): string {
  const digest = createHash('sha256').update(bytes).digest();
  return String.fromCodePoint(...digest.subarray(0, 6).map((byte) => 65 + (byte % 26)));
}

/** Tells viewers which letter a glyph shows, for search and copying (§9.10.3). */
function toUnicode(glyphs: ReadonlyMap<number, Glyph>): Buffer {
  const letters = new Map<number, number>();
  for (const [codePoint, { id }] of glyphs) if (!letters.has(id)) letters.set(id, codePoint);
  const lines = [...letters].map(([id, codePoint]) => {
    const utf16 = Buffer.from(String.fromCodePoint(codePoint), 'utf16le').swap16();
    return `<${hexCode(id)}> <${utf16.toString('hex')}>\n`;
  });
  let map = '/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n';
  map += '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n';
  map += '/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n';
  map += '1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n';
  for (let at = 0; at < lines.length; at += 100) {
    const part = lines.slice(at, at + 100);
    map += `${part.length} beginbfchar\n${part.join('')}endbfchar\n`;
  }
  map += 'endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n';
  return Buffer.from(map, 'latin1');
}
