import { link, mkdir, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { randomUUID } from 'node:crypto';

import type { IncomingFile } from '@congvan/node-agent';

import { isSystemError } from '../home/input-file.ts';

/** Most file systems allow 255 bytes a name; the rest is left for the number of a second copy. */
const MAX_NAME_BYTES = 200;
const MAX_EXTENSION_BYTES = 20;
const MAX_COPIES = 1000;
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)/iu;

/** A file under a name that a stranger chose: its bytes, or what writes them. */
export type SavedFile =
  { readonly name: string; readonly bytes: Uint8Array } | Pick<IncomingFile, 'name' | 'saveTo'>;

/**
 * A name that stays inside a folder on every system, from a name that a stranger chose: no path, no
 * control or direction marks, no reserved device, no leading dot or dash, no trailing dot or space.
 */
export function safeFileName(name: string): string {
  const base = name.normalize('NFC').split(/[/\\]/u).at(-1) ?? '';
  const cleaned = base
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, '')
    .replaceAll(/[<>:"|?*]/gu, '_')
    .replaceAll(/\s+/gu, ' ')
    .replace(/^[\s.~-]+/u, '')
    .replace(/[\s.]+$/u, '');
  const named = cleaned === '' ? 'file' : cleaned;
  return shorten(WINDOWS_DEVICES.test(named) ? `_${named}` : named);
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = extname(name);
  const kept = Buffer.byteLength(extension) <= MAX_EXTENSION_BYTES ? extension : '';
  let stem = '';
  for (const character of name.slice(0, name.length - kept.length)) {
    if (Buffer.byteLength(stem + character + kept) > MAX_NAME_BYTES) break;
    stem += character;
  }
  return `${stem.trimEnd()}${kept}`;
}

/**
 * Writes files into a folder under safe names. A name that is taken gets a number; nothing is
 * overwritten. When one cannot be written, those of this call are taken away again.
 *
 * @returns the paths, in the order of `files`.
 */
export async function saveFiles(folder: string, files: readonly SavedFile[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  try {
    for (const file of files) written.push(await saveFile(folder, safeFileName(file.name), file));
  } catch (error) {
    await Promise.all(written.map((path) => unlink(path).catch(() => undefined)));
    throw error;
  }
  return written;
}

/** The file appears whole or not at all: `link` refuses a name that is taken. */
async function saveFile(folder: string, name: string, file: SavedFile): Promise<string> {
  const temporary = join(folder, `.congvan-${randomUUID()}.part`);
  try {
    if ('saveTo' in file) await file.saveTo(temporary);
    else await writeFile(temporary, file.bytes, { flag: 'wx', mode: 0o600, flush: true });
    const extension = extname(name);
    const stem = name.slice(0, name.length - extension.length);
    for (let copy = 1; copy <= MAX_COPIES; copy += 1) {
      const path = join(folder, copy === 1 ? name : `${stem} (${copy})${extension}`);
      if (await linkUnlessTaken(temporary, path)) return path;
    }
    throw Object.assign(new Error(`too many files named '${name}' in '${folder}'`), {
      code: 'EEXIST',
      syscall: 'link',
    });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}
