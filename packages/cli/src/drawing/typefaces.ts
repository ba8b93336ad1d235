import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';

import fontkit from '@pdf-lib/fontkit';
import { type PDFDocument, PDFHexString, type PDFRef } from 'pdf-lib';
import subsetFont from 'subset-font';

import { CliError } from '../errors.ts';

const VOWELS = 'aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ'.normalize(
  'NFC',
);

/** The letters of Vietnamese beyond a–z: every vowel with its tones, and đ; both cases, NFC. */
export const VIETNAMESE_LETTERS: readonly string[] = Array.from(
  `${VOWELS}đ${VOWELS.toUpperCase()}Đ`,
).filter((letter) => !/[a-zA-Z]/u.test(letter));

const ALPHABET =
  VIETNAMESE_LETTERS.join('') +
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789' +
  ' .,;:!?()[]{}/\\|-–—“”‘’"\'%+=≥≤&§°…•<>@_*#$~^²³';

/** The four faces an official document is set in (Decree 30/2020, appendix I). */
export const FACES = ['regular', 'bold', 'italic', 'boldItalic'] as const;
export type Face = (typeof FACES)[number];

const FONT_FILES: Record<Face, string> = {
  regular: '400Regular/Tinos_400Regular.ttf',
  bold: '700Bold/Tinos_700Bold.ttf',
  italic: '400Regular_Italic/Tinos_400Regular_Italic.ttf',
  boldItalic: '700Bold_Italic/Tinos_700Bold_Italic.ttf',
};

/** Name inside the PDF; the tag before `+` says that it is a subset (ISO 32000-1 §9.6.4). */
const FONT_NAMES: Record<Face, string> = {
  regular: 'CVTINA+Tinos-Regular',
  bold: 'CVTINB+Tinos-Bold',
  italic: 'CVTINC+Tinos-Italic',
  boldItalic: 'CVTIND+Tinos-BoldItalic',
};

interface Glyph {
  /** Glyph index, four hexadecimal digits: what a text operator shows. */
  readonly hex: string;
  /** Advance width in thousandths of the font size. */
  readonly width: number;
}

/** One subset face: its font program and the glyph of every letter in it. */
export interface Typeface {
  readonly face: Face;
  readonly program: Uint8Array;
  readonly glyphs: ReadonlyMap<string, Glyph>;
}

export type Typefaces = Readonly<Record<Face, Typeface>>;

let cached: Promise<Typefaces> | undefined;

/**
 * The four faces of Tinos (Times New Roman metrics), reduced once per process to the letters that
 * Vietnamese official documents use: about 16 KB each.
 *
 * HarfBuzz makes the subset and pdf-lib embeds it whole. pdf-lib's own subsetting must stay off: with
 * this font it blanks most glyphs while the text can still be extracted, so text tests do not notice.
 */
export async function loadTypefaces(): Promise<Typefaces> {
  cached ??= loadAll();
  return cached;
}

async function loadAll(): Promise<Typefaces> {
  const [regular, bold, italic, boldItalic] = await Promise.all(FACES.map(loadTypeface));
  if (!regular || !bold || !italic || !boldItalic) throw new TypeError('a face is missing');
  return { regular, bold, italic, boldItalic };
}

async function loadTypeface(face: Face): Promise<Typeface> {
  const resolve = createRequire(import.meta.url).resolve;
  const file = await readFile(resolve(`@expo-google-fonts/tinos/${FONT_FILES[face]}`));
  const program = await subsetFont(file, ALPHABET, {
    targetFormat: 'sfnt',
    noHinting: true,
    // No ligatures, no kerning: what is shown is letter by letter what is extracted again.
    noLayoutClosure: true,
    keepFeatures: [],
    dropTables: ['GSUB', 'GPOS', 'GDEF', 'kern', 'gasp', 'DSIG', 'hdmx', 'VDMX', 'LTSH'],
  });
  return { face, program, glyphs: readGlyphs(program) };
}

function readGlyphs(program: Uint8Array): ReadonlyMap<string, Glyph> {
  const font = fontkit.create(program);
  const perThousand = 1000 / font.unitsPerEm;
  const glyphs = new Map<string, Glyph>();
  for (const letter of new Set(ALPHABET)) {
    const glyph = font.glyphForCodePoint(letter.codePointAt(0) ?? 0);
    // Glyph 0 is .notdef, the empty box: such a letter counts as missing.
    if (glyph.id === 0) continue;
    const hex = glyph.id.toString(16).padStart(4, '0');
    glyphs.set(letter, { hex, width: glyph.advanceWidth * perThousand });
  }
  return glyphs;
}

/** Embeds the faces whole. The parsed font is shared between documents: parsing it is half the cost. */
export async function embedTypefaces(
  pdf: PDFDocument,
  typefaces: Typefaces,
): Promise<Record<Face, PDFRef>> {
  pdf.registerFontkit({ create: parseOnce });
  compressFontsOnce(pdf);
  const refs: Partial<Record<Face, PDFRef>> = {};
  for (const face of FACES) {
    const options = { subset: false, customName: FONT_NAMES[face] };
    refs[face] = (await pdf.embedFont(typefaces[face].program, options)).ref;
  }
  const { regular, bold, italic, boldItalic } = refs;
  if (!regular || !bold || !italic || !boldItalic) throw new TypeError('a face is missing');
  return { regular, bold, italic, boldItalic };
}

const parsedFonts = new WeakMap<Uint8Array, ReturnType<typeof fontkit.create>>();

function parseOnce(program: Uint8Array): ReturnType<typeof fontkit.create> {
  let font = parsedFonts.get(program);
  if (font === undefined) {
    font = fontkit.create(program);
    parsedFonts.set(program, font);
  }
  return font;
}

const compressedFonts = new WeakMap<Uint8Array, Uint8Array>();

/** Four fonts compressed anew for every document would cost more than all the rest of it. */
function compressFontsOnce(pdf: PDFDocument): void {
  const context = pdf.context;
  context.flateStream = (contents, dictionary = {}) => {
    const bytes = typeof contents === 'string' ? Buffer.from(contents, 'latin1') : contents;
    let compressed = compressedFonts.get(bytes);
    if (compressed === undefined) {
      compressed = deflateSync(bytes, { level: 9 });
      compressedFonts.set(bytes, compressed);
    }
    return context.stream(compressed, { ...dictionary, Filter: 'FlateDecode' });
  };
}

/** Width of one line of text in points. */
export function measureText(typeface: Typeface, text: string, size: number): number {
  let thousandths = 0;
  for (const letter of text) thousandths += glyphOf(typeface, letter).width;
  return (thousandths * size) / 1000;
}

/** The text as glyph indices, for a text operator. */
export function encodeText(typeface: Typeface, text: string): PDFHexString {
  let hex = '';
  for (const letter of text) hex += glyphOf(typeface, letter).hex;
  return PDFHexString.of(hex);
}

function glyphOf(typeface: Typeface, letter: string): Glyph {
  const glyph = typeface.glyphs.get(letter);
  if (glyph === undefined) {
    const codePoint = `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    throw new CliError('CLI_UNSUPPORTED', `no letter ${codePoint} in the font of the documents`, {
      details: { codePoint },
    });
  }
  return glyph;
}
