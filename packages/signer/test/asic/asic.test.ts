import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';

import { type AsicFile, buildAsicE, openAsicE } from '../../src/asic/container.ts';
import { verifyAsicE } from '../../src/asic/verify.ts';
import { signCms } from '../../src/cms/sign.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { runTool } from '../pades/tools.ts';
import { rebuild } from './forge.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const FILES: readonly AsicFile[] = [
  { name: 'edxml/header.xml', mediaType: 'application/xml', bytes: Buffer.from('<edXML/>') },
  {
    name: 'files/Công văn số 12 & "phụ lục" 100%.pdf',
    mediaType: 'application/pdf',
    bytes: Buffer.from('%PDF-1.7 '.repeat(500)),
  },
  { name: 'files/empty.txt', mediaType: 'text/plain; charset=utf-8', bytes: new Uint8Array(0) },
];

let pki: TestPki;
let signer: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'node' });
});

describe('buildAsicE', () => {
  it.each([false, true])(
    'makes a container that every tool opens (compress: %s)',
    async (compress) => {
      const built = await buildAsicE({ files: FILES, signer, compress });
      const zip = Buffer.from(built.container);
      // ETSI EN 319 162-1 §A.1: the media type can be read at a fixed place.
      expect(zip.toString('latin1', 30, 38)).toBe('mimetype');
      expect(zip.toString('latin1', 38, 38 + 31)).toBe('application/vnd.etsi.asic-e+zip');
      const test = runTool('unzip', ['-t', 'a.asice'], { 'a.asice': zip });
      expect(test.output).toContain('No errors detected');
      expect(test.status).toBe(0);
      const entries = unzipSync(zip);
      expect(Object.keys(entries)).toEqual([
        'mimetype',
        ...FILES.map(({ name }) => name),
        'META-INF/ASiCManifest.xml',
        'META-INF/signature.p7s',
      ]);
      expect(entries['files/empty.txt']).toHaveLength(0);
      expect(Buffer.from(entries['META-INF/ASiCManifest.xml'] ?? [])).toEqual(built.manifest);
    },
  );

  it('signs the manifest so that openssl agrees, and the manifest names every digest', async () => {
    const built = await buildAsicE({ files: FILES, signer });
    const result = runTool(
      'openssl',
      'cms -verify -cades -binary -inform DER -in a.p7s -content a.xml -CAfile root.pem -purpose any -out out'.split(
        ' ',
      ),
      {
        'a.p7s': built.signature,
        'a.xml': built.manifest,
        'root.pem': Buffer.from(encodePem('CERTIFICATE', pki.root.der)),
      },
    );
    expect(result.output).toContain('CAdES Verification successful');
    const xml = Buffer.from(built.manifest).toString();
    for (const { bytes } of FILES) {
      expect(xml).toContain(`>${createHash('sha256').update(bytes).digest('base64')}<`);
    }
    expect(built.manifestSha256).toBe(createHash('sha256').update(built.manifest).digest('hex'));
  });

  it('depends on nothing but files and key: the same input gives the same bytes', async () => {
    const rsa = await pki.issue({ commonName: 'Khóa RSA', use: 'node', algorithm: 'rsa-2048' });
    const [first, second] = await Promise.all([
      buildAsicE({ files: FILES, signer: rsa }),
      buildAsicE({ files: FILES, signer: rsa }),
    ]);
    expect(Buffer.compare(first.container, second.container)).toBe(0);
    const ec = await buildAsicE({ files: FILES, signer });
    expect(ec.manifestSha256).toBe(first.manifestSha256);
  });

  it.each([
    ['../evil.txt'],
    ['/etc/passwd'],
    ['a\\b.txt'],
    ['C:evil.txt'],
    ['a//b'],
    ['a/./b'],
    ['a/'],
    [''],
    ['a\u0000b'],
    ['a\nb'],
    ['a\u202etxt.exe'],
    ['trailing. /x'],
    ['mimetype'],
    ['Mimetype'],
    ['META-INF'],
    ['meta-inf/manifest.xml'],
    ['x'.repeat(256)],
    [Array.from({ length: 17 }, () => 'a').join('/')],
  ])('refuses the name %j', async (name) => {
    const files = [{ name, mediaType: 'text/plain', bytes: Buffer.from('x') }];
    await expect(buildAsicE({ files, signer })).rejects.toMatchObject({
      code: 'SIGNER_ASIC_NAME_INVALID',
    });
  });

  it('refuses names that would overwrite each other, no files and bad media types', async () => {
    const file = (name: string, mediaType = 'text/plain'): AsicFile => ({
      name,
      mediaType,
      bytes: Buffer.from('x'),
    });
    for (const pair of [
      ['a.txt', 'A.TXT'],
      ['văn bản', 'văn bản'.normalize('NFD')],
    ] as const) {
      await expect(
        buildAsicE({ files: pair.map((name) => file(name)), signer }),
      ).rejects.toMatchObject({ code: 'SIGNER_ASIC_NAME_INVALID' });
    }
    for (const files of [[], [file('a', 'text')], [file('a', 'text/plain"')]]) {
      await expect(buildAsicE({ files, signer })).rejects.toMatchObject({
        code: 'SIGNER_INPUT_INVALID',
      });
    }
  });
});

describe('openAsicE', () => {
  it('gives back what was packed', async () => {
    const name = fc
      .stringMatching(/^[\p{L}\d _&%+#'()=@!,;{}-]{1,20}$/u)
      .filter((text) => !/[. ]$/.test(text) && text.isWellFormed());
    const file = fc.record({ name, bytes: fc.uint8Array({ maxLength: 300 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, {
          minLength: 1,
          maxLength: 8,
          selector: (item) => item.name.normalize('NFC').toLowerCase(),
        }),
        fc.boolean(),
        async (items, compress) => {
          const files = items.map((item) => ({ ...item, mediaType: 'text/plain' }));
          const built = await buildAsicE({ files, signer, compress });
          const opened = openAsicE(built.container);
          expect(opened.manifestSha256).toBe(built.manifestSha256);
          expect(Buffer.compare(opened.manifest, built.manifest)).toBe(0);
          expect(Buffer.compare(opened.signature, built.signature)).toBe(0);
          expect([...opened.files.keys()]).toEqual(items.map((item) => item.name.normalize('NFC')));
          for (const item of items) {
            const bytes = opened.files.get(item.name.normalize('NFC')) ?? Buffer.from('missing');
            expect(Buffer.compare(bytes, item.bytes)).toBe(0);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('verifyAsicE', () => {
  it('passes an honest container and says who signed what', async () => {
    const built = await buildAsicE({ files: FILES, signer, compress: true });
    expect(verifyAsicE(built.container, { trust: pki.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-PASSED',
      subIndication: null,
      signerText: 'CN=UBND xã Hải Lăng, C=VN',
      certificateSha256: signer.certificate.sha256,
      manifestSha256: built.manifestSha256,
      files: FILES.map(({ name, mediaType, bytes }) => ({ name, mediaType, bytes: bytes.length })),
    });
  });

  it('does not trust an unknown authority, and fails a revoked certificate', async () => {
    const { container } = await buildAsicE({ files: FILES, signer });
    const other = await createTestPki();
    const trust = createTrustStore({ anchors: [other.root] });
    expect(verifyAsicE(container, { trust, at: AT })).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    });
    const own = await createTestPki();
    const revoked = await own.issue({ commonName: 'Thu hồi', use: 'node' });
    const built = await buildAsicE({ files: FILES, signer: revoked });
    await own.revoke(revoked.certificate);
    expect(verifyAsicE(built.container, { trust: own.trust(), at: AT })).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: 'REVOKED',
    });
  });

  it('finds a certificate that is not in the signature among the candidates', async () => {
    const built = await buildAsicE({ files: FILES, signer });
    const bare = await signCms({ content: built.manifest }, signer, { certificates: 'none' });
    const container = rebuild(built.container, { 'META-INF/signature.p7s': bare });
    const options = { trust: pki.trust(), at: AT };
    expect(verifyAsicE(container, options).subIndication).toBe('NO_SIGNING_CERTIFICATE_FOUND');
    const candidates = [signer.certificate];
    expect(verifyAsicE(container, { ...options, candidates }).indication).toBe('TOTAL-PASSED');
  });
});
