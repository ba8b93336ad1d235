import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type BuiltAsicE, buildAsicE, openAsicE } from '../../src/asic/container.ts';
import { DEFAULT_ASIC_LIMITS, FILE_ASIC_LIMITS } from '../../src/asic/limits.ts';
import { openAsicEFile, verifyAsicEFile } from '../../src/asic/open-file.ts';
import { verifyAsicE } from '../../src/asic/verify.ts';
import { signCms } from '../../src/cms/sign.ts';
import type { SignerErrorCode } from '../../src/errors.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { writeZip } from '../../src/asic/zip-write.ts';
import { runTool } from '../pades/tools.ts';
import { patch, placesOf, rebuild } from './forge.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const MANIFEST = 'META-INF/ASiCManifest.xml';
const SIGNATURE = 'META-INF/signature.p7s';
const TEXT = Buffer.from('Kính gửi: Ủy ban nhân dân tỉnh');

let pki: TestPki;
let signer: TestSigner;
let built: BuiltAsicE;
let zip: Buffer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-asic-'));
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã', use: 'node' });
  const files = [
    { name: 'a.txt', mediaType: 'text/plain', bytes: TEXT },
    { name: 'b/c.txt', mediaType: 'text/plain', bytes: Buffer.from('second') },
  ];
  built = await buildAsicE({ files, signer });
  zip = Buffer.from(built.container);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The container as a file, the same one every time. */
async function store(container: Uint8Array): Promise<string> {
  const file = join(folder, 'container.asice');
  await writeFile(file, container);
  return file;
}

async function openAndCheck(file: string, limits = FILE_ASIC_LIMITS): Promise<void> {
  await using opened = await openAsicEFile(file, limits);
  await opened.checkFiles();
}

const manifestText = (): string => Buffer.from(built.manifest).toString();
const withManifest = (from: string | RegExp, to: string): Buffer =>
  rebuild(zip, { [MANIFEST]: Buffer.from(manifestText().replace(from, to)) });
const atEnd = (offset: number, value: number): Buffer =>
  patch(zip, (copy) => copy.writeUInt16LE(value, copy.length - 22 + offset));
const inBoth = (name: string, local: number, central: number, value: number): Buffer =>
  patch(zip, (copy) => {
    const places = placesOf(copy, name);
    copy.writeUInt16LE(value, places.local + local);
    copy.writeUInt16LE(value, places.central + central);
  });
const entry = (name: string, bytes: Uint8Array = TEXT): { name: string; bytes: Uint8Array } => ({
  name,
  bytes,
});

type Code = Extract<SignerErrorCode, `SIGNER_ASIC_${string}`>;
const FORGERIES: readonly (readonly [string, Code, () => Uint8Array])[] = [
  ['no ZIP at all', 'SIGNER_ASIC_MALFORMED', () => Buffer.from('hello')],
  ['an empty file', 'SIGNER_ASIC_MALFORMED', () => new Uint8Array(0)],
  [
    'a file changed',
    'SIGNER_ASIC_DIGEST_MISMATCH',
    () => rebuild(zip, { 'a.txt': Buffer.from('evil') }),
  ],
  ['a file added', 'SIGNER_ASIC_MANIFEST_INVALID', () => rebuild(zip, { 'evil.txt': TEXT })],
  [
    'a file added to META-INF',
    'SIGNER_ASIC_NAME_INVALID',
    () => rebuild(zip, { 'META-INF/evil.txt': TEXT }),
  ],
  ['a file removed', 'SIGNER_ASIC_MANIFEST_INVALID', () => rebuild(zip, { 'a.txt': null })],
  [
    'a second manifest',
    'SIGNER_ASIC_MALFORMED',
    () => rebuild(zip, { 'META-INF/ASiCManifest2.xml': built.manifest }),
  ],
  [
    'a second signature',
    'SIGNER_ASIC_MALFORMED',
    () => rebuild(zip, { 'META-INF/signature2.p7s': built.signature }),
  ],
  ['no manifest', 'SIGNER_ASIC_MALFORMED', () => rebuild(zip, { [MANIFEST]: null })],
  ['no signature', 'SIGNER_ASIC_MALFORMED', () => rebuild(zip, { [SIGNATURE]: null })],
  [
    'another mimetype',
    'SIGNER_ASIC_MALFORMED',
    () => rebuild(zip, { mimetype: Buffer.from('application/zip') }),
  ],
  [
    'mimetype not first',
    'SIGNER_ASIC_MALFORMED',
    () => Buffer.from(writeZip([entry('a.txt'), entry('mimetype')], false)),
  ],
  ['a path that climbs', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { '../evil.txt': TEXT })],
  ['an absolute path', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { '/evil.txt': TEXT })],
  ['a backslash', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { 'b\\evil.txt': TEXT })],
  ['a control character', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { 'a\u0007': TEXT })],
  ['a folder', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { 'folder/': new Uint8Array(0) })],
  [
    'a name twice',
    'SIGNER_ASIC_NAME_INVALID',
    () => Buffer.from(writeZip([entry('mimetype'), entry('a'), entry('a')], false)),
  ],
  ['a name twice but for case', 'SIGNER_ASIC_NAME_INVALID', () => rebuild(zip, { 'A.TXT': TEXT })],
  [
    'a name that is not UTF-8',
    'SIGNER_ASIC_NAME_INVALID',
    () =>
      patch(zip, (copy) => {
        const { local, central } = placesOf(copy, 'a.txt');
        copy[local + 30] = 0xff;
        copy[central + 46] = 0xff;
      }),
  ],
  [
    'bytes before the archive',
    'SIGNER_ASIC_MALFORMED',
    () => Buffer.concat([Buffer.from('MZ'), zip]),
  ],
  [
    'bytes after the archive',
    'SIGNER_ASIC_MALFORMED',
    () => Buffer.concat([zip, Buffer.from('x')]),
  ],
  [
    'a directory that starts elsewhere',
    'SIGNER_ASIC_MALFORMED',
    () => patch(zip, (copy) => copy.writeUInt32LE(5, copy.length - 6)),
  ],
  ['an entry count that lies', 'SIGNER_ASIC_MALFORMED', () => atEnd(10, 2)],
  [
    'more entries than there are',
    'SIGNER_ASIC_MALFORMED',
    () =>
      patch(zip, (copy) => {
        copy.writeUInt16LE(9, copy.length - 14);
        copy.writeUInt16LE(9, copy.length - 12);
      }),
  ],
  ['several disks', 'SIGNER_ASIC_MALFORMED', () => atEnd(4, 1)],
  [
    'another name in the local header',
    'SIGNER_ASIC_MALFORMED',
    () => patch(zip, (copy) => copy.write('e', placesOf(copy, 'a.txt').local + 30)),
  ],
  [
    'another size in the local header',
    'SIGNER_ASIC_MALFORMED',
    () => patch(zip, (copy) => copy.writeUInt32LE(1, placesOf(copy, 'a.txt').local + 22)),
  ],
  [
    'another checksum',
    'SIGNER_ASIC_MALFORMED',
    () =>
      patch(zip, (copy) => {
        const { local, central } = placesOf(copy, 'a.txt');
        copy.writeUInt32LE(1, local + 14);
        copy.writeUInt32LE(1, central + 16);
      }),
  ],
  [
    'stored data changed, checksum kept',
    'SIGNER_ASIC_MALFORMED',
    () => patch(zip, (copy) => copy.write('X', placesOf(copy, 'a.txt').data)),
  ],
  [
    'overlapping entries',
    'SIGNER_ASIC_MALFORMED',
    () => patch(zip, (copy) => copy.writeUInt32LE(0, placesOf(copy, 'a.txt').central + 42)),
  ],
  ['an encrypted entry', 'SIGNER_ASIC_MALFORMED', () => inBoth('a.txt', 6, 8, 1)],
  ['an unknown compression', 'SIGNER_ASIC_MALFORMED', () => inBoth('a.txt', 8, 10, 12)],
  ['stored data said to be compressed', 'SIGNER_ASIC_MALFORMED', () => inBoth('a.txt', 8, 10, 8)],
  [
    'a manifest with DOCTYPE',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () =>
      withManifest(
        '<asic:ASiCManifest',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><asic:ASiCManifest',
      ),
  ],
  [
    'a manifest with CDATA',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/<ds:DigestValue>([^<]*)</, '<ds:DigestValue><![CDATA[$1]]><'),
  ],
  [
    'a manifest that is no XML',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('</asic:ASiCManifest>', ''),
  ],
  [
    'a manifest with an entity',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('text/plain', 'text/&e;'),
  ],
  [
    'a manifest with an instruction',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('<asic:SigReference', '<?x y?><asic:SigReference'),
  ],
  [
    'a manifest with crossed elements',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () =>
      withManifest(
        '</ds:DigestValue></asic:DataObjectReference>',
        '</asic:DataObjectReference></ds:DigestValue>',
      ),
  ],
  [
    'a manifest with an attribute twice',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('URI="a.txt"', 'URI="a.txt" URI="b/c.txt"'),
  ],
  [
    'a manifest with an undeclared prefix',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('<asic:SigReference', '<x:SigReference'),
  ],
  [
    'a manifest with two roots',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('</asic:ASiCManifest>', '</asic:ASiCManifest><a/>'),
  ],
  [
    'a manifest with text between elements',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('<asic:SigReference', 'x<asic:SigReference'),
  ],
  [
    'a manifest that is not UTF-8',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => rebuild(zip, { [MANIFEST]: Buffer.concat([built.manifest, Buffer.from([0xff])]) }),
  ],
  [
    'a manifest of another namespace',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('02918/v1.2.1#', '02918/v9#'),
  ],
  [
    'an unknown digest',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('xmlenc#sha256', 'xmldsig#sha1'),
  ],
  [
    'a short digest',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/<ds:DigestValue>[^<]*</, '<ds:DigestValue>AAAA<'),
  ],
  [
    'no digest',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/<ds:DigestValue>[^<]*<\/ds:DigestValue>/, ''),
  ],
  [
    'a reference twice',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/(<asic:DataObjectReference.*?<\/asic:DataObjectReference>)/s, '$1$1'),
  ],
  [
    'a reference with a malformed URI',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('URI="a.txt"', 'URI="%zz"'),
  ],
  [
    'a reference to another signature',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest('signature.p7s', 'signatureX.p7s'),
  ],
  [
    'no reference to the signature',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/<asic:SigReference[^>]*>/, ''),
  ],
  [
    'deep nesting',
    'SIGNER_ASIC_MANIFEST_INVALID',
    () => withManifest(/<ds:DigestMethod[^>]*>/, '<a>'.repeat(5_000) + '</a>'.repeat(5_000)),
  ],
];

describe('a forged container', () => {
  it.each(FORGERIES)('with %s is refused, in memory and as a file', async (_name, code, forge) => {
    const container = forge();
    const options = { trust: pki.trust(), at: AT };
    expect(() => openAsicE(container)).toThrow(expect.objectContaining({ code }));
    const report = verifyAsicE(container, options);
    expect(report).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: code === 'SIGNER_ASIC_DIGEST_MISMATCH' ? 'HASH_FAILURE' : 'FORMAT_FAILURE',
      manifestSha256: null,
    });
    const file = await store(container);
    await expect(openAndCheck(file)).rejects.toMatchObject({ code });
    expect(await verifyAsicEFile(file, options)).toEqual(report);
  });

  it('with a manifest for other files opens, but its signature fails', () => {
    const container = withManifest('text/plain', 'text/plane');
    expect(() => openAsicE(container)).not.toThrow();
    expect(verifyAsicE(container, { trust: pki.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
    });
  });

  it('never passes with any byte changed', () => {
    fc.assert(
      fc.property(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const container = patch(zip, (copy) => copy.writeUInt8((copy[at] ?? 0) ^ flip, at));
        const report = verifyAsicE(container, { trust: pki.trust(), at: AT });
        // Version, time and attributes of an entry say nothing about its content.
        const opened = report.indication === 'TOTAL-PASSED' ? openAsicE(container) : undefined;
        expect(opened?.manifestSha256 ?? built.manifestSha256).toBe(built.manifestSha256);
        expect(opened?.files.get('a.txt') ?? TEXT).toEqual(TEXT);
        expect([...(opened?.files.keys() ?? ['a.txt', 'b/c.txt'])]).toEqual(['a.txt', 'b/c.txt']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gets the same verdict as a file, whatever byte is changed', async () => {
    const mutation = fc.tuple(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, flip]) => {
        const container = patch(zip, (copy) => copy.writeUInt8((copy[at] ?? 0) ^ flip, at));
        const options = { trust: pki.trust(), at: AT };
        const report = await verifyAsicEFile(await store(container), options);
        const { detail: _, ...expected } = verifyAsicE(container, options);
        expect(report).toMatchObject(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('limits', () => {
  const open = (limits: Partial<typeof DEFAULT_ASIC_LIMITS>): unknown =>
    openAsicE(zip, { ...DEFAULT_ASIC_LIMITS, ...limits });
  const openFile = async (limits: Partial<typeof DEFAULT_ASIC_LIMITS>): Promise<void> =>
    openAndCheck(await store(zip), { ...FILE_ASIC_LIMITS, ...limits });

  it.each([
    [{ maxContainerBytes: 100 }],
    [{ maxEntries: 4 }],
    [{ maxFileBytes: 20 }],
    [{ maxTotalBytes: 1_000 }],
    [{ maxManifestBytes: 100 }],
  ])('%j stops a larger container', async (limits) => {
    expect(() => open(limits)).toThrow(expect.objectContaining({ code: 'SIGNER_ASIC_LIMIT' }));
    await expect(openFile(limits)).rejects.toMatchObject({ code: 'SIGNER_ASIC_LIMIT' });
  });

  it('stop names that are too long, and data that inflate too much or lie about it', async () => {
    expect(() => open({ maxNameBytes: 10 })).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_NAME_INVALID' }),
    );
    await expect(openFile({ maxNameBytes: 10 })).rejects.toMatchObject({
      code: 'SIGNER_ASIC_NAME_INVALID',
    });
    const zeros = new Uint8Array(1_000_000);
    const mimetype = Buffer.from('application/vnd.etsi.asic-e+zip');
    const bombOfOthers = zipSync({
      mimetype: [mimetype, { level: 0 }],
      zeros: [zeros, { level: 9 }],
    });
    expect(() => openAsicE(bombOfOthers)).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_LIMIT' }),
    );
    // What this writer makes shrinks no further than its reader takes: a stricter reader refuses it.
    const bytes = Buffer.concat([randomBytes(8_000), zeros]);
    const files = [{ name: 'zeros', mediaType: 'a/b', bytes }];
    const bomb = await buildAsicE({ files, signer, compress: true });
    expect(() => openAsicE(bomb.container, { ...DEFAULT_ASIC_LIMITS, maxRatio: 20 })).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_LIMIT' }),
    );
    const small = patch(Buffer.from(bomb.container), (copy) => {
      const { local, central } = placesOf(copy, 'zeros');
      copy.writeUInt32LE(1_000, local + 22);
      copy.writeUInt32LE(1_000, central + 24);
    });
    expect(() => openAsicE(small)).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_MALFORMED' }),
    );
    const bombFile = openAndCheck(await store(bomb.container), {
      ...FILE_ASIC_LIMITS,
      maxRatio: 20,
    });
    await expect(bombFile).rejects.toMatchObject({ code: 'SIGNER_ASIC_LIMIT' });
    const smallFile = openAndCheck(await store(small));
    await expect(smallFile).rejects.toMatchObject({ code: 'SIGNER_ASIC_MALFORMED' });
  });
});

describe('containers of other programs', () => {
  it('may use the other names that the standard allows, and Info-ZIP', async () => {
    const manifest = Buffer.from(
      manifestText().replace('META-INF/signature.p7s', 'META-INF/signature001.p7s'),
    );
    const files = {
      mimetype: Buffer.from('application/vnd.etsi.asic-e+zip'),
      'a.txt': TEXT,
      'c.txt': Buffer.from('second'),
      'm.xml': manifest,
      's.p7s': await signCms({ content: manifest }, signer),
    };
    const script =
      'mkdir b META-INF; mv c.txt b/; mv m.xml META-INF/ASiCManifest001.xml; mv s.p7s META-INF/signature001.p7s; ' +
      'zip -X -0 -q a.asice mimetype && zip -X -D -q -r a.asice a.txt b META-INF && base64 -w0 a.asice';
    const { status, output } = runTool('sh', ['-c', script], files);
    expect(status).toBe(0);
    const container = Buffer.from(output, 'base64');
    expect(verifyAsicE(container, { trust: pki.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-PASSED',
    });
  });
});
