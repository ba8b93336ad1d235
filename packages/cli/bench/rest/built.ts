import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const PACKAGES_FOLDER = resolve(import.meta.dirname, '../../..');
const PACKAGES = ['bus', 'cli', 'node-agent', 'signer'] as const;
const SCOPE = '@congvan';
/** Beside the built files in a package as it is published. */
const ASSETS = ['migrations', 'assets'] as const;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, unknown>>;
}

/**
 * Puts the packages into a folder as they are installed: JavaScript with the published entries, and the
 * dependencies of this tree. The sources would carry the compiler that strips their types, 20 MB that
 * no agency has.
 *
 * @returns the path of the program.
 */
export function buildInstalled(folder: string): string {
  const modules = join(folder, 'node_modules');
  for (const name of PACKAGES) installPackage(modules, name);
  return join(modules, SCOPE, 'cli', 'dist', 'main.js');
}

function installPackage(modules: string, name: (typeof PACKAGES)[number]): void {
  const from = join(PACKAGES_FOLDER, name);
  const to = join(modules, SCOPE, name);
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest;
  mkdirSync(to, { recursive: true });
  writeFileSync(
    join(to, 'package.json'),
    JSON.stringify({ ...manifest, ...manifest.publishConfig }),
  );
  for (const assets of ASSETS) {
    if (existsSync(join(from, assets))) {
      cpSync(join(from, assets), join(to, assets), { recursive: true });
    }
  }
  for (const file of readdirSync(join(from, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.ts')) writeStripped(join(from, 'src', file), join(to, 'dist', file));
  }
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith(`${SCOPE}/`)) continue;
    const link = join(modules, dependency);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(from, 'node_modules', dependency)), link);
  }
}

function writeStripped(source: string, target: string): void {
  const code = stripTypeScriptTypes(readFileSync(source, 'utf8'));
  const built = code.replaceAll(/(from |import\()'(\.[^']*)\.ts'/g, "$1'$2.js'");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target.replace(/\.ts$/, '.js'), built);
}
