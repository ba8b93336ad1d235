import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { DEFAULT_ASIC_LIMITS } from '../../src/asic/limits.ts';
import { SIGNATURE_SCHEMES } from '../../src/keys/signer.ts';
import { PDF_LEVELS } from '../../src/pades/level.ts';
import { DEFAULT_PDF_LIMITS } from '../../src/pdf/limits.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/reference/signatures.md'), 'utf8');

describe('docs/reference/signatures.md', () => {
  it('lists every algorithm with its hash', () => {
    const rows = [...section('Algorithms').matchAll(/^\| `([^`]+)` +\| [^|]+ \| (SHA-\d+) +\|/gmu)];
    expect(rows.map(([, name, hash]) => [name, hash])).toEqual(
      Object.entries(SIGNATURE_SCHEMES).map(([name, { hash }]) => [
        name,
        hash.replace('sha', 'SHA-'),
      ]),
    );
  });

  it('lists every level', () => {
    const rows = [...section('Levels').matchAll(/^\| `([^`]+)` +\|/gmu)];
    expect(rows.map(([, name]) => name)).toEqual([...PDF_LEVELS]);
  });

  it('lists the limits with their values', () => {
    const rows = [...section('Limits').matchAll(/^\| `(\w+)` +\| (\d+) +\|/gmu)];
    expect(rows.map(([, name, value]) => [name, Number(value)])).toEqual([
      ...Object.entries(DEFAULT_PDF_LIMITS),
      ...Object.entries(DEFAULT_ASIC_LIMITS),
    ]);
  });
});

function section(title: string): string {
  return page.split(/^## /mu).find((part) => part.startsWith(title)) ?? '';
}
