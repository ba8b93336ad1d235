/**
 * Provides Chromium, which the tests of the relay's pages are driven in. A browser that is there
 * already is used; else Debian's package is installed, or without root unpacked into the cache.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { cacheFolder } from '../packages/bus/src/local-server/cache-folder.ts';
import {
  fetchDebianPackages,
  hasDebianTools,
} from '../packages/bus/src/local-server/debian-package.ts';

/** Names under which Chromium and its kin are installed. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;
const MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
/**
 * The pages name no font of their own; a machine without any would show boxes. The program reads the
 * files of `chromium-common` beside itself, so that comes along also where the system has it.
 */
const PACKAGES = ['chromium', 'chromium-common', 'fonts-dejavu-core'] as const;

export interface SetupTools {
  isInPath(program: string): boolean;
  /** Installs Debian packages as root. */
  install(names: readonly string[]): Promise<void>;
  /** The folders with shared libraries of an unpacked package. */
  librariesOf(tree: string): string[];
  readonly isRoot: boolean;
  say(text: string): void;
}

/**
 * @returns `CHROMIUM`, the program to start; nothing where none can be had. Everything but the tests
 *   of the pages works without, and they say that they were skipped: no reason to stop.
 */
export async function provideChromium(
  tools: SetupTools,
): Promise<Readonly<Record<string, string>>> {
  const known = process.env['CHROMIUM'];
  if (known !== undefined && existsSync(known)) return { CHROMIUM: known };
  const there = PROGRAMS.find((program) => tools.isInPath(program));
  if (there !== undefined) return { CHROMIUM: there };
  if (existsSync(MACOS)) return { CHROMIUM: MACOS };
  try {
    if (!hasDebianTools()) throw new Error('there is no Chromium, and no apt-get to get it with');
    if (!tools.isRoot) return { CHROMIUM: await unpackPrivately(tools) };
    await tools.install(PACKAGES);
    return { CHROMIUM: 'chromium' };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    tools.say(`no Chromium here, and the tests of the pages will be skipped: ${reason}`);
    return {};
  }
}

/** Debian's own starter names absolute paths, so the program itself is started. */
async function unpackPrivately({ librariesOf, say }: SetupTools): Promise<string> {
  const tree = path.join(cacheFolder(), 'debian', 'chromium');
  await fetchDebianPackages(PACKAGES, tree, { withDependencies: true, announce: say });
  const starter = path.join(tree, 'start-chromium');
  const fonts = path.join(tree, 'fonts.conf');
  await writeFile(fonts, fontConfiguration(tree));
  const libraries = librariesOf(tree).join(path.delimiter);
  const text = `#!/bin/sh
# Starts the Chromium unpacked here, with the libraries and fonts it came with.
LD_LIBRARY_PATH=${quote(libraries)}
FONTCONFIG_FILE=${quote(fonts)}
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec ${quote(path.join(tree, 'usr/lib/chromium/chromium'))} "$@"
`;
  await writeFile(starter, text, { mode: 0o755 });
  return starter;
}

function fontConfiguration(tree: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${path.join(tree, 'usr/share/fonts').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
