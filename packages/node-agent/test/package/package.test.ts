import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type AsicSourceFile,
  type Decryptor,
  type WrittenAsicE,
  createKeyDecryptor,
  readOpenPart,
  writeAsicEFile,
  writeOpenPart,
} from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { surveyAttachments } from '../../src/package/attachment.ts';
import { openPackage, sealPackage } from '../../src/package/seal.ts';
import type { PackageSource } from '../../src/package/source.ts';

const PROGRAM = new URL('large-package.ts', import.meta.url).pathname;
const MB = 1024 * 1024;
const HEADER = Buffer.from('<header/>');

let pki: TestPki;
let signer: TestSigner;
let recipient: TestSigner;
let decryptor: Decryptor;
let folder: string;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã', use: 'node' });
  recipient = await pki.issue({ commonName: 'Sở', use: 'encryption', algorithm: 'ec-p256' });
  const { keys, certificate } = recipient;
  decryptor = createKeyDecryptor({ privateKey: keys.privateKey, certificate });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-package-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function build(content: Uint8Array): Promise<WrittenAsicE & { openPart: Uint8Array }> {
  const files: AsicSourceFile[] = [
    { name: 'header.edxml', mediaType: 'application/xml', source: HEADER },
    { name: 'files/1.pdf', mediaType: 'application/pdf', source: content },
  ];
  const built = await writeAsicEFile({ folder }, { files, signer });
  return { ...built, openPart: writeOpenPart({ files: [['header.edxml', HEADER]], ...built }) };
}

type Changes = Partial<Parameters<typeof openPackage>[1]>;

/** Seals a package, in memory or as a file, and opens it. */
async function sealAndOpen(
  built: Awaited<ReturnType<typeof build>>,
  form: 'memory' | 'file',
  changes: Changes & { readonly spoil?: (sealed: Buffer) => void } = {},
): ReturnType<typeof openPackage> {
  const packageDigest = built.manifestSha256;
  const source = form === 'file' ? { path: built.path } : await readFile(built.path);
  const recipients = [recipient.certificate];
  const sealed = await sealPackage(source, { recipients, packageDigest, folder });
  const { spoil = () => undefined, ...rest } = changes;
  return openPackage(await spoilt(sealed.source, spoil), {
    decryptor,
    packageDigest,
    sealed,
    openPart: readOpenPart(built.openPart),
    folder,
    ...rest,
  });
}

async function spoilt(source: PackageSource, spoil: (b: Buffer) => void): Promise<PackageSource> {
  const bytes = Buffer.from(source instanceof Uint8Array ? source : await readFile(source.path));
  spoil(bytes);
  if (source instanceof Uint8Array) return bytes;
  await writeFile(source.path, bytes);
  return source;
}

describe.each(['memory', 'file'] as const)('a package in a %s', (form) => {
  it('comes out of its seal as it went in', async () => {
    const content = randomBytes(300_000);
    const built = await build(content);
    const opened = await sealAndOpen(built, form);
    if ('finding' in opened) throw new Error(opened.detail);
    await using contents = opened.contents;
    expect(opened.container).toMatchObject({ sha256: built.sha256, bytes: built.bytes });
    expect(contents.sizes).toEqual(
      new Map([
        ['header.edxml', HEADER.length],
        ['files/1.pdf', content.length],
      ]),
    );
    expect(content.equals(await contents.read('files/1.pdf'))).toBe(true);
    await expect(contents.read('files/1.pdf', 1_000)).rejects.toMatchObject({
      code: 'AGENT_FILE_TOO_LARGE',
    });
  });

  it('is refused with a finding when it is not what the record or the open part says', async () => {
    const built = await build(randomBytes(10_000));
    const other = await build(randomBytes(10_000));
    const flip = (bytes: Buffer): void => void bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
    const finding = async (changes: Parameters<typeof sealAndOpen>[2]): Promise<unknown> => {
      const opened = await sealAndOpen(built, form, changes);
      return 'finding' in opened ? opened.finding : opened;
    };
    expect(await finding({ openPart: readOpenPart(other.openPart) })).toBe(
      'PACKAGE_DIGEST_MISMATCH',
    );
    const stranger = await pki.issue({
      commonName: 'Khác',
      use: 'encryption',
      algorithm: 'ec-p256',
    });
    const { keys, certificate } = stranger;
    const wrongKey = createKeyDecryptor({ privateKey: keys.privateKey, certificate });
    expect(await finding({ decryptor: wrongKey })).toBe('SEAL_UNREADABLE');
    expect(await finding({ spoil: flip })).toBe(
      form === 'file' ? 'SEAL_UNREADABLE' : 'CONTENT_CORRUPT',
    );
    const elsewhere = {
      packageDigest: other.manifestSha256,
      openPart: readOpenPart(other.openPart),
    };
    expect(await finding(elsewhere)).toBe('SEAL_UNREADABLE');
  });
});

it('seals another container than the one it showed in vain', async () => {
  const built = await build(randomBytes(10_000));
  const other = await build(randomBytes(10_000));
  const { openPart, manifestSha256: packageDigest } = built;
  const recipients = [recipient.certificate];
  const source = { path: other.path };
  const sealed = await sealPackage(source, { recipients, packageDigest, folder });
  const options = { decryptor, packageDigest, sealed, openPart: readOpenPart(openPart), folder };
  expect(await openPackage(sealed.source, options)).toMatchObject({
    finding: 'PACKAGE_DIGEST_MISMATCH',
  });
});

describe('attachments', () => {
  it('may be bytes or paths to files, and nothing else', async () => {
    const path = join(folder, 'a.txt');
    await writeFile(path, 'nội dung');
    const mediaType = 'text/plain';
    const bytes = Buffer.from('nội dung');
    const [one, two] = await surveyAttachments([
      { name: 'a.txt', mediaType, path },
      { name: 'b.txt', mediaType, bytes },
    ]);
    expect(one).toMatchObject({ bytes: bytes.length, sha256: two?.sha256, source: { path } });
    for (const wrong of [folder, join(folder, 'missing')]) {
      await expect(
        surveyAttachments([{ name: 'c', mediaType, path: wrong }]),
      ).rejects.toMatchObject({ code: 'AGENT_REQUEST_INVALID' });
    }
  });
});

describe('a large attachment', () => {
  it('goes through packing, sealing and opening in less than 150 MB of memory', async () => {
    const bytes = 96 * MB;
    // As `congvan agent run` starts itself; the room for new objects is not what is measured here.
    const flags = ['--max-semi-space-size=1'];
    const child = spawn(process.execPath, [...flags, PROGRAM, folder, String(bytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    await once(child, 'close');
    const result: unknown = JSON.parse(Buffer.concat(output).toString());
    expect(result).toMatchObject({
      savedBytes: bytes,
      shown: 'TOTAL-PASSED',
      verdict: 'TOTAL-PASSED',
    });
    expect(z.object({ maxRssMb: z.number() }).parse(result).maxRssMb).toBeLessThan(150);
  });

  it('never stands half written under its name when the process is killed', async () => {
    const child = spawn(process.execPath, [PROGRAM, folder, String(64 * MB)], { stdio: 'ignore' });
    const exit = once(child, 'exit');
    await partFile();
    child.kill('SIGKILL');
    await exit;
    expect(child.signalCode).toBe('SIGKILL');
    const names = await readdir(folder);
    expect(names.some((name) => name.endsWith('.part'))).toBe(true);
    expect(names.filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
  });
});

/** Waits for the hidden file of the container: the child is writing it then. */
async function partFile(): Promise<void> {
  for (;;) {
    const names = await readdir(folder);
    if (names.some((name) => name.endsWith('.part'))) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
