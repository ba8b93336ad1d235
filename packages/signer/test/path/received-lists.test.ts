import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { keepLists, knownLists } from '../../src/path/received-lists.ts';
import { createTestPki } from '../../src/testing/test-pki.ts';

describe('the revocation lists that are kept of what comes', () => {
  it('are newer, and of an authority that it trusts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'congvan-lists-'));
    const [pki, stranger] = [await createTestPki(), await createTestPki()];
    const trust = pki.trust();
    const first = pki.crl().der;
    expect(await keepLists(folder, [stranger.crl().der, Buffer.from('junk')], trust)).toBe(0);
    expect(await keepLists(folder, [first], trust)).toBe(1);
    const signer = await pki.issue({ commonName: 'x', use: 'node' });
    await pki.revoke(signer.certificate);
    const second = pki.crl();
    expect(await keepLists(folder, [second.der], trust)).toBe(1);
    expect(await keepLists(folder, [first], trust)).toBe(0);
    expect(await knownLists(folder)).toEqual([second.sha256]);
    await writeFile(join(folder, 'broken.crl'), 'junk');
    expect(await knownLists(folder)).toEqual([second.sha256]);
    await rm(folder, { recursive: true });
  });
});
