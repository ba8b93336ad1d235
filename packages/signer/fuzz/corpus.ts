import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('corpus/', import.meta.url);

/** Where the kept inputs of a target lie. */
export function corpusFolder(target: string): string {
  return fileURLToPath(new URL(`${target}/`, ROOT));
}

/** The files of a folder, by name; none when the folder is missing. */
export function readFolder(folder: string): ReadonlyMap<string, Uint8Array> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(`${folder}/${name}`)]));
}

/** Writes an input under the start of its SHA-256, with a prefix that says why it is kept. */
export function keepInput(folder: string, prefix: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const file = `${folder}/${prefix}-${digest}`;
  writeFileSync(file, bytes);
  return file;
}

/** Begins the kept inputs of a target anew, with seeds. */
export function writeSeeds(target: string, files: Readonly<Record<string, Uint8Array>>): void {
  const folder = corpusFolder(target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes);
}
