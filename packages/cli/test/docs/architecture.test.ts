import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Folders whose own folders are parts in their own right. */
const OPENED = ['packages/bus/src/relay', 'packages/bus/src/site'];

it('shows every folder of the sources, and none that is gone', () => {
  const page = readFileSync(join(ROOT, 'docs/explanation/architecture.md'), 'utf8');
  const [, block = ''] = /```\n(packages[^`]*)```/u.exec(page) ?? [];
  const shown: string[] = [];
  const above: string[] = [];
  for (const [, indent = '', name = ''] of block.matchAll(/^( *)([a-z0-9/-]+) {2,}\S/gmu)) {
    const path = [...above.slice(0, indent.length / 2), name];
    above.splice(0, above.length, ...path);
    if (path.length > 1) shown.push(path.join('/'));
  }
  const sources = foldersOf('packages').map((name) => `packages/${name}/src`);
  const folders = [...sources, ...OPENED].flatMap((folder) =>
    foldersOf(folder).map((name) => `${folder}/${name}`),
  );
  expect(shown.toSorted()).toEqual(folders.toSorted());
});

function foldersOf(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
