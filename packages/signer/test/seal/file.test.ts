import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sealFile, unsealFile } from '../../src/seal/file.ts';
import { type Party, createParty } from './parties.ts';
import { createTestPki } from '../../src/testing/test-pki.ts';

let folder: string;
let party: Party;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-seal-'));
  party = await createParty(await createTestPki(), 'Sở Nội vụ', 'ec-p256');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

describe('files', () => {
  it.each([0, 5_000, 3 * 1024 * 1024 + 7])('of %i bytes are sealed and opened', async (length) => {
    const content = randomBytes(length);
    await writeFile(at('plain'), content);
    const recipients = [party.certificate];
    await sealFile(at('plain'), at('sealed'), { recipients, maxMessageBytes: 1024 * 1024 });
    const info = await unsealFile(at('sealed'), at('opened'), { decryptor: party.decryptor });
    expect(info.form).toBe(length > 1024 * 1024 ? 'segments' : 'message');
    expect((await readFile(at('opened'))).equals(content)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['opened', 'plain', 'sealed']);
  });

  it('leave nothing behind when the sealed file was cut off', async () => {
    await writeFile(at('plain'), randomBytes(500_000));
    const options = { recipients: [party.certificate], maxMessageBytes: 0, segmentBytes: 65_536 };
    await sealFile(at('plain'), at('sealed'), options);
    await truncate(at('sealed'), 300_000);
    await expect(
      unsealFile(at('sealed'), at('opened'), { decryptor: party.decryptor }),
    ).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
    expect((await readdir(folder)).sort()).toEqual(['plain', 'sealed']);
  });

  it('leave an older target as it was when opening fails or is called off', async () => {
    await writeFile(at('plain'), randomBytes(500_000));
    const options = { recipients: [party.certificate], maxMessageBytes: 0, segmentBytes: 65_536 };
    await sealFile(at('plain'), at('sealed'), options);
    await writeFile(at('opened'), 'older');
    const controller = new AbortController();
    const outcome = unsealFile(at('sealed'), at('opened'), {
      decryptor: party.decryptor,
      signal: controller.signal,
      onProgress: () => {
        controller.abort(new Error('called off'));
      },
    });
    await expect(outcome).rejects.toThrow('called off');
    expect(await readFile(at('opened'), 'utf8')).toBe('older');
    expect((await readdir(folder)).sort()).toEqual(['opened', 'plain', 'sealed']);
  });

  it('do not stand under their name when the process was killed on the way', async () => {
    await writeFile(at('plain'), randomBytes(2_000_000));
    const options = { recipients: [party.certificate], maxMessageBytes: 0, segmentBytes: 65_536 };
    await sealFile(at('plain'), at('sealed'), options);
    await writeFile(at('key.pem'), party.keyPem);
    await writeFile(at('cert.der'), party.certificate.der);
    // The child stops in the middle for good, and says so.
    const program = `
      import { createPrivateKey } from 'node:crypto';
      import { readFileSync } from 'node:fs';
      import { createKeyDecryptor, parseCertificate, unsealFile } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
      const certificate = parseCertificate(readFileSync('cert.der'));
      const decryptor = createKeyDecryptor({ privateKey: createPrivateKey(readFileSync('key.pem')), certificate });
      const onProgress = (bytes) => {
        if (bytes < 1_000_000) return;
        process.stdout.write('half');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      };
      await unsealFile('sealed', 'opened', { decryptor, onProgress });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    const exit = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exit]);
    child.kill('SIGKILL');
    await exit;
    expect({ signal: child.signalCode, errors }).toEqual({ signal: 'SIGKILL', errors: [] });
    const names = await readdir(folder);
    expect(names).not.toContain('opened');
    expect(names.filter((name) => name.endsWith('.part'))).toHaveLength(1);
    await unsealFile(at('sealed'), at('opened'), { decryptor: party.decryptor });
    expect((await readFile(at('opened'))).equals(await readFile(at('plain')))).toBe(true);
  });
});
