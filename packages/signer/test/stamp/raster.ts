import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A rendered page: 1 (grey) or 3 bytes a pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

function inFolder<T>(pdf: Uint8Array, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-raster-'));
  try {
    writeFileSync(join(folder, 'in.pdf'), pdf);
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Draws every page with pdftoppm, as a viewer would show it. */
export function renderPages(
  pdf: Uint8Array,
  options: { readonly dpi: number; readonly grey?: true },
): Raster[] {
  return inFolder(pdf, (folder) => {
    const args = ['-r', String(options.dpi), '-cropbox', ...(options.grey ? ['-gray'] : [])];
    execFileSync('pdftoppm', [...args, 'in.pdf', 'out'], { cwd: folder, stdio: 'pipe' });
    const names = readdirSync(folder).filter((name) => name.startsWith('out'));
    return names.sort().map((name) => readRaster(readFileSync(join(folder, name))));
  });
}

function readRaster(file: Buffer): Raster {
  const head = /^P([56])\s+(\d+)\s+(\d+)\s+255\s/.exec(file.toString('latin1', 0, 40));
  if (head === null) throw new Error('pdftoppm wrote no picture');
  return {
    width: Number(head[2]),
    height: Number(head[3]),
    channels: head[1] === '5' ? 1 : 3,
    data: file.subarray(head[0].length),
  };
}

/** A word with its place on the page, in points from the top left. */
export interface Word {
  readonly text: string;
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

/** The words of each page as pdftotext finds them. */
export function wordsOf(pdf: Uint8Array): Word[][] {
  return inFolder(pdf, (folder) => {
    const html = execFileSync('pdftotext', ['-bbox', 'in.pdf', '-'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return html
      .split('<page ')
      .slice(1)
      .map((page) => {
        const words = page.matchAll(
          /<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)</g,
        );
        return Array.from(words, ([, left, top, right, bottom, text = '']): Word => ({
          text,
          box: [Number(left), Number(top), Number(right), Number(bottom)],
        }));
      });
  });
}

/** One colour of the page, at a place in points from the top left. */
export function colourAt(raster: Raster, dpi: number, x: number, y: number): number[] {
  const at = Math.floor((y * dpi) / 72) * raster.width + Math.floor((x * dpi) / 72);
  return [...raster.data.subarray(at * raster.channels, (at + 1) * raster.channels)];
}

/** The ink of a letter: darkness (0 paper, 255 black) of the smallest box that holds it. */
export interface Shape {
  readonly width: number;
  readonly height: number;
  readonly ink: Uint8Array;
  readonly total: number;
}

/** Cuts the ink out of a part of a grey page, given in pixels. */
export function cutShape(
  raster: Raster,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Shape {
  const at = (x: number, y: number): number => 255 - (raster.data[y * raster.width + x] ?? 255);
  let [x1, y1, x2, y2] = [right, bottom, left, top];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (at(x, y) < 128) continue;
      [x1, y1, x2, y2] = [
        Math.min(x1, x),
        Math.min(y1, y),
        Math.max(x2, x + 1),
        Math.max(y2, y + 1),
      ];
    }
  }
  const [width, height] = [Math.max(0, x2 - x1), Math.max(0, y2 - y1)];
  const ink = new Uint8Array(width * height);
  let total = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) total += ink[y * width + x] = at(x1 + x, y1 + y);
  }
  return { width, height, ink, total };
}

/** Share of the ink that is not where the other has it; 0 is the same, above 1 nothing in common. */
export function difference(a: Shape, b: Shape): number {
  if (Math.abs(a.width - b.width) > 2 || Math.abs(a.height - b.height) > 2) return 2;
  let best = Number.POSITIVE_INFINITY;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) best = Math.min(best, differenceAt(a, b, dx, dy));
  }
  return best / Math.max(1, a.total, b.total);
}

function differenceAt(a: Shape, b: Shape, dx: number, dy: number): number {
  let sum = 0;
  for (let y = -1; y <= Math.max(a.height, b.height); y++) {
    for (let x = -1; x <= Math.max(a.width, b.width); x++) {
      sum += Math.abs(inkAt(a, x, y) - inkAt(b, x + dx, y + dy));
    }
  }
  return sum;
}

function inkAt({ width, height, ink }: Shape, x: number, y: number): number {
  return x < 0 || y < 0 || x >= width || y >= height ? 0 : (ink[y * width + x] ?? 0);
}
