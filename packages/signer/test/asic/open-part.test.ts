import { beforeAll, describe, expect, it } from 'vitest';

import { type BuiltAsicE, buildAsicE, openAsicE } from '../../src/asic/container.ts';
import {
  MAX_OPEN_PART_BYTES,
  matchesOpenPart,
  readOpenPart,
  verifyOpenPart,
  writeOpenPart,
} from '../../src/asic/open-part.ts';
import { verifyAsicE } from '../../src/asic/verify.ts';
import { readZip } from '../../src/asic/zip-read.ts';
import { writeZip } from '../../src/asic/zip-write.ts';
import { DEFAULT_ASIC_LIMITS } from '../../src/asic/limits.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { patch, placesOf, rebuild } from './forge.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const HEADER = Buffer.from('<edXML/>');
const MANIFEST = 'META-INF/ASiCManifest.xml';
const SIGNATURE = 'META-INF/signature.p7s';

let pki: TestPki;
let signer: TestSigner;
let built: BuiltAsicE;
let openPart: Buffer;

const build = (text: string): Promise<BuiltAsicE> =>
  buildAsicE({
    files: [
      { name: 'header.edxml', mediaType: 'application/xml', bytes: HEADER },
      { name: 'files/1.pdf', mediaType: 'application/pdf', bytes: Buffer.from(text) },
    ],
    signer,
  });

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã', use: 'node' });
  built = await build('%PDF-1.7');
  openPart = Buffer.from(writeOpenPart({ files: [['header.edxml', HEADER]], ...built }));
});

describe('an open part', () => {
  it('shows header, manifest and signature, byte for byte as in the container', () => {
    const whole = new Map(
      readZip(built.container, DEFAULT_ASIC_LIMITS).map(({ name, bytes }) => [name, bytes]),
    );
    const shown = readZip(openPart, DEFAULT_ASIC_LIMITS);
    expect(shown.map(({ name }) => name)).toEqual([
      'mimetype',
      'header.edxml',
      MANIFEST,
      SIGNATURE,
    ]);
    for (const { name, bytes } of shown) expect(bytes).toEqual(whole.get(name));
    const read = readOpenPart(openPart);
    expect(read.entries.map(({ name }) => name)).toEqual(['header.edxml', 'files/1.pdf']);
    expect(read.manifestSha256).toBe(built.manifestSha256);
  });

  it('gets the verdict of the container before the files are there', async () => {
    const options = { trust: pki.trust(), at: AT };
    const { files: _, ...verdict } = verifyAsicE(built.container, options);
    expect(verifyOpenPart(openPart, options)).toMatchObject(verdict);
    expect(verdict.indication).toBe('TOTAL-PASSED');
    await pki.revoke(signer.certificate);
    const later = { trust: pki.trust(), at: AT };
    expect(verifyOpenPart(openPart, later).indication).not.toBe('TOTAL-PASSED');
  });

  it('matches its own container and no other, with the same files or not', async () => {
    const part = readOpenPart(openPart);
    expect(matchesOpenPart(openAsicE(built.container), part)).toBe(true);
    expect(matchesOpenPart(openAsicE((await build('%PDF-1.6')).container), part)).toBe(false);
    const again = await build('%PDF-1.7'); // ECDSA: the same manifest, another signature
    expect(again.manifestSha256).toBe(built.manifestSha256);
    expect(matchesOpenPart(openAsicE(again.container), part)).toBe(false);
  });

  it('helps to open its own container, and vouches for nothing in it', async () => {
    const part = readOpenPart(openPart);
    expect(openAsicE(built.container, undefined, part)).toEqual(openAsicE(built.container));
    const other = await build('%PDF-1.6');
    expect(openAsicE(other.container, undefined, part)).toEqual(openAsicE(other.container));
    const altered = rebuild(built.container, { 'files/1.pdf': Buffer.from('%PDF-1.8') });
    expect(() => openAsicE(altered, undefined, part)).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_DIGEST_MISMATCH' }),
    );
  });

  it.each<readonly [string, () => Uint8Array]>([
    ['another header', () => rebuild(openPart, { 'header.edxml': Buffer.from('<edXML></edXML>') })],
    ['a file that the manifest does not name', () => rebuild(openPart, { 'x.txt': HEADER })],
    ['a second signature', () => rebuild(openPart, { 'META-INF/signature2.p7s': HEADER })],
    ['no signature', () => rebuild(openPart, { [SIGNATURE]: null })],
    ['no manifest', () => rebuild(openPart, { [MANIFEST]: null })],
    ['a comment', () => withComment(openPart)],
    ['bytes after it', () => Buffer.concat([openPart, HEADER])],
    ['another time', () => patch(openPart, (copy) => copy.writeUInt8(1, 10))],
    ['its entries in another order', () => reversed(openPart)],
    ['compressed entries', () => compressed(openPart)],
    [
      'another mimetype',
      () => rebuild(openPart, { mimetype: Buffer.from('application/vnd.etsi.asic-s+zip') }),
    ],
    [
      'a header that the directory calls otherwise',
      () => patch(openPart, (copy) => copy.write('x', placesOf(copy, 'header.edxml').local + 30)),
    ],
  ])('is refused with %s', (_name, forge) => {
    const bytes = forge();
    expect(() => readOpenPart(bytes)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^SIGNER_ASIC_/) as string }),
    );
    expect(verifyOpenPart(bytes, { trust: pki.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-FAILED',
      manifestSha256: null,
    });
  });

  it('has a limit, when it is written and when it is read', () => {
    const files = [['big', Buffer.alloc(MAX_OPEN_PART_BYTES)]] as const;
    expect(() => writeOpenPart({ files, ...built })).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_LIMIT' }),
    );
    expect(() => readOpenPart(Buffer.alloc(MAX_OPEN_PART_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'SIGNER_ASIC_LIMIT' }),
    );
  });
});

function withComment(zip: Buffer): Buffer {
  const copy = Buffer.concat([zip, Buffer.from('hidden')]);
  copy.writeUInt16LE(6, zip.length - 2);
  return copy;
}

function entriesOf(zip: Buffer): { name: string; bytes: Uint8Array }[] {
  return readZip(zip, DEFAULT_ASIC_LIMITS).map(({ name, bytes }) => ({ name, bytes }));
}

function reversed(zip: Buffer): Uint8Array {
  const [first, ...rest] = entriesOf(zip);
  return writeZip([...(first ? [first] : []), ...rest.toReversed()], false);
}

function compressed(zip: Buffer): Uint8Array {
  return writeZip(entriesOf(zip), true);
}
