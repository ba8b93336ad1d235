import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../../docs/reference/standards.md', import.meta.url));
const STATES = ['full', 'part', 'none'];
const CITATION = /\b(?:RFC \d{4}|EN 319 \d{3}-\d|ISO 3200\d(?:-\d)?|X\.690|Decree 30\/2020)\b/gu;
/** Named where their object identifiers or registries are listed, not followed as such. */
const LISTS = new Set(['der/oids.ts']);

interface Row {
  readonly standard: string;
  readonly state: string;
  readonly file: string;
  readonly test: string;
  readonly missing: string;
}

const rows = readRows();

describe('docs/reference/standards.md', () => {
  it('names files that exist and that name the standard, and tests that exist', () => {
    for (const { standard, file, test } of rows) {
      const path = join(PACKAGE, 'src', file);
      expect(existsSync(path) ? '' : file).toBe('');
      expect(readFileSync(path, 'utf8').includes(standard) ? '' : `${standard} in ${file}`).toBe(
        '',
      );
      expect(existsSync(join(PACKAGE, 'test', test)) ? '' : test).toBe('');
    }
  });

  it('says what is missing exactly where something is', () => {
    for (const { standard, file, state, missing } of rows) {
      expect(STATES).toContain(state);
      expect(`${standard} ${file}: ${missing === ''}`).toBe(
        `${standard} ${file}: ${state === 'full'}`,
      );
    }
  });

  it('has a row for every standard that a source file names', () => {
    const known = new Set(rows.map(({ standard }) => standard));
    const unknown = sourceFiles().flatMap((file) =>
      [...readFileSync(join(PACKAGE, 'src', file), 'utf8').matchAll(CITATION)]
        .map(([standard]) => standard)
        .filter((standard) => !known.has(standard))
        .map((standard) => `${standard} in ${file}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });
});

function sourceFiles(): string[] {
  return readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !LISTS.has(file),
  );
}

function readRows(): Row[] {
  const lines = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return lines.slice(1).flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    const [, standard = '', , , state = '', file = '', test = '', missing = ''] = cells;
    return /^-+$/u.test(standard) ? [] : [{ standard, state, file, test, missing }];
  });
}
