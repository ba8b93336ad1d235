import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BUS_ERRORS, FINDINGS, REFUSAL_REASONS, decodeMessage, payloadHash } from '@congvan/bus';
import { AGENT_ERRORS } from '@congvan/node-agent';
import { SIGNER_ERRORS } from '@congvan/signer';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

describe('docs/reference', () => {
  it('lists every error code, finding and refusal reason once, with what the code says of it', () => {
    const rows = readDoc('docs/reference/errors.md').matchAll(/^\| `([A-Z0-9_]+)` +\| (.*?) +\|/gm);
    const documented = [...rows].map(([, code, next]) => `${code} ${next}`);
    const errors = { ...AGENT_ERRORS, ...BUS_ERRORS, ...SIGNER_ERRORS };
    const expected = [
      ...Object.entries(errors).map(
        ([code, { retryable }]) => `${code} ${retryable ? 'yes' : 'no'}`,
      ),
      ...Object.entries(FINDINGS).map(([code, { severity }]) => `${code} ${severity}`),
      ...Object.entries(REFUSAL_REASONS).map(([code, { vi, en }]) => `${code} ${en} (${vi})`),
    ];
    expect(documented.toSorted()).toEqual(expected.toSorted());
  });

  it('shows a wire vector that decodes to what it says', () => {
    const doc = readDoc('docs/reference/wire.md');
    const hex = /```hex\n([0-9a-f\n]+)```/.exec(doc)?.[1]?.replaceAll('\n', '') ?? '';
    const { record, body } = decodeMessage(Buffer.from(hex, 'hex'));
    expect(record.type).toBe('receipt');
    expect(body).toHaveLength(0);
    expect(doc).toContain(payloadHash(record.payload));
    expect(readDoc('packages/bus/test/record/vectors.json')).toContain(hex);
  });

  it('links to files that exist', () => {
    for (const file of markdownFiles()) {
      const text = readFileSync(file, 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue;
        expect(existsSync(resolve(dirname(file), target)), `${target} in ${file}`).toBe(true);
      }
    }
  });
});

function readDoc(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function markdownFiles(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const root = readdirSync(ROOT);
  return [
    ...root.map((name) => join(ROOT, name)),
    ...docs.map((name) => join(ROOT, 'docs', name)),
  ].filter((name) => name.endsWith('.md'));
}
