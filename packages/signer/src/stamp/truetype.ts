import { SignerError } from '../errors.ts';

/** What a PDF must know of a TrueType font (ISO 32000-1 §9.8), in thousandths of the font size. */
export interface FontMetrics {
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
  readonly boundingBox: readonly [number, number, number, number];
}

/** A glyph of the embedded font. */
export interface Glyph {
  readonly id: number;
  /** In thousandths of the font size. */
  readonly advance: number;
}

function brokenFont(reason: string): SignerError {
  return new SignerError('SIGNER_INPUT_INVALID', `font of the stamp: ${reason}`, { details: {} });
}

/** A TrueType font file: only the tables that are needed here (OpenType 1.9). */
export class TrueTypeFont {
  readonly bytes: Buffer;
  private readonly tables = new Map<string, Buffer>();
  private readonly scale: number;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = this.bytes.readUInt16BE(4);
    for (let i = 0; i < count; i++) {
      const entry = 12 + 16 * i;
      const start = this.bytes.readUInt32BE(entry + 8);
      const length = this.bytes.readUInt32BE(entry + 12);
      const tag = this.bytes.toString('latin1', entry, entry + 4);
      this.tables.set(tag, this.bytes.subarray(start, start + length));
    }
    this.scale = 1_000 / this.table('head').readUInt16BE(18);
  }

  private table(tag: string): Buffer {
    const table = this.tables.get(tag);
    if (table === undefined) throw brokenFont(`no table ${tag}`);
    return table;
  }

  metrics(): FontMetrics {
    const head = this.table('head');
    const hhea = this.table('hhea');
    const scaled = (value: number): number => Math.round(value * this.scale);
    const corner = (offset: number): number => scaled(head.readInt16BE(offset));
    return {
      ascent: scaled(hhea.readInt16BE(4)),
      descent: scaled(hhea.readInt16BE(6)),
      capHeight: scaled(this.table('OS/2').readInt16BE(88)),
      boundingBox: [corner(36), corner(38), corner(40), corner(42)],
    };
  }

  /** Glyphs by code point. */
  glyphs(): Map<number, Glyph> {
    const glyphs = new Map<number, Glyph>();
    const cmap = this.table('cmap');
    for (let i = 0; i < cmap.readUInt16BE(2); i++) {
      const subtable = cmap.subarray(cmap.readUInt32BE(8 + 8 * i));
      const format = subtable.readUInt16BE(0);
      if (format === 4) this.addSegments(subtable, glyphs);
      else if (format === 12) this.addGroups(subtable, glyphs);
    }
    return glyphs;
  }

  private addGlyph(glyphs: Map<number, Glyph>, codePoint: number, id: number): void {
    if (id !== 0) glyphs.set(codePoint, { id, advance: this.advanceOf(id) });
  }

  /** Format 4: segments of the basic plane. */
  private addSegments(table: Buffer, glyphs: Map<number, Glyph>): void {
    const segments = table.readUInt16BE(6) / 2;
    for (let s = 0; s < segments; s++) {
      const at = 14 + 2 * s;
      const last = table.readUInt16BE(at);
      const first = table.readUInt16BE(at + 2 * segments + 2);
      const delta = table.readUInt16BE(at + 4 * segments + 2);
      const rangeAt = at + 6 * segments + 2;
      const range = table.readUInt16BE(rangeAt);
      for (let code = first; code <= last && code !== 0xffff; code++) {
        if (range === 0) {
          this.addGlyph(glyphs, code, (code + delta) & 0xffff);
        } else {
          const id = table.readUInt16BE(rangeAt + range + 2 * (code - first));
          this.addGlyph(glyphs, code, id === 0 ? 0 : (id + delta) & 0xffff);
        }
      }
    }
  }

  /** Format 12: groups of all planes. */
  private addGroups(table: Buffer, glyphs: Map<number, Glyph>): void {
    for (let g = 0; g < table.readUInt32BE(12); g++) {
      const first = table.readUInt32BE(16 + 12 * g);
      const last = table.readUInt32BE(20 + 12 * g);
      const id = table.readUInt32BE(24 + 12 * g);
      for (let code = first; code <= last; code++) {
        this.addGlyph(glyphs, code, id + code - first);
      }
    }
  }

  get glyphCount(): number {
    return this.table('maxp').readUInt16BE(4);
  }

  /** Glyphs after the last full metric have the width of that one. */
  advanceOf(id: number): number {
    const count = this.table('hhea').readUInt16BE(34);
    return Math.round(this.table('hmtx').readUInt16BE(4 * Math.min(id, count - 1)) * this.scale);
  }
}
