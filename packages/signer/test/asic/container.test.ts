import { createHash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { buildAsicS } from '../../src/asic/asic-s.ts';
import { type AsicFile, buildAsicE, openAsicE } from '../../src/asic/container.ts';
import {
  addAsicSignature,
  addAsicTimeStamp,
  timeStampAsicSignatures,
} from '../../src/asic/extend.ts';
import { writeManifest } from '../../src/asic/manifest.ts';
import { openAsic } from '../../src/asic/open.ts';
import { verifyAsic } from '../../src/asic/verify-container.ts';
import { verifyAsicE } from '../../src/asic/verify.ts';
import { signCms } from '../../src/cms/sign.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { runTool } from '../pades/tools.ts';
import { rebuild } from './forge.ts';

const SIGNED_AT = new Date('2026-11-22T02:30:05Z');
const LATER = new Date('2027-05-01T00:00:00Z');
const HEADER: AsicFile = {
  name: 'edxml/header.xml',
  mediaType: 'application/xml',
  bytes: Buffer.from('<edXML/>'),
};
const LETTER: AsicFile = {
  name: 'files/Công văn.txt',
  mediaType: 'text/plain',
  bytes: Buffer.from('số 12 '.repeat(40)),
};

let pki: TestPki;
let clerk: TestSigner;
let agency: TestSigner;
let tsa: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  clerk = await pki.issue({ commonName: 'Văn thư', use: 'person' });
  agency = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal', algorithm: 'ec-p256' });
  tsa = await pki.issue({ commonName: 'Dấu thời gian', use: 'tsa' });
});

function clock(now: Date, signer = tsa): TimeStampSource {
  return createTimeStampAuthority({ signer, policy: '1.2.3.4', now: () => now }).source;
}

const verify = (container: Uint8Array, at = LATER, trust = pki.trust()) =>
  verifyAsic(container, { trust, at });

async function twoSignatures(): Promise<Uint8Array> {
  const { container } = await buildAsicE({ files: [HEADER, LETTER], signer: clerk });
  return addAsicSignature(container, agency);
}

describe('a container with several signatures', () => {
  it('is verified signature by signature', async () => {
    const report = verify(await twoSignatures());
    expect(report).toMatchObject({
      form: 'ASiC-E',
      indication: 'TOTAL-PASSED',
      assertions: [
        { kind: 'signature', certificateSha256: clerk.certificate.sha256, provenAt: null },
        { kind: 'signature', certificateSha256: agency.certificate.sha256, provenAt: null },
      ],
    });
    expect(
      report.files.map(({ name, mediaType, coveredBy }) => [name, mediaType, coveredBy]),
    ).toEqual(
      [HEADER, LETTER].map(({ name, mediaType }) => [
        name,
        mediaType,
        ['META-INF/signature.p7s', 'META-INF/signature002.p7s'],
      ]),
    );
  });

  it('is no package: those have exactly one', async () => {
    const container = await twoSignatures();
    expect(() => openAsicE(container)).toThrow(/more than one ASiCManifest/);
    expect(verifyAsicE(container, { trust: pki.trust(), at: LATER }).indication).toBe(
      'TOTAL-FAILED',
    );
  });

  it('keeps the earlier signature and its files, byte for byte', async () => {
    const { container } = await buildAsicE({ files: [HEADER, LETTER], signer: clerk });
    const before = openAsic(container).entries;
    const after = openAsic(await addAsicSignature(container, agency)).entries;
    for (const [name, bytes] of before) expect(after.get(name)).toEqual(bytes);
  });

  it('may have signatures over some of its files, but no file without any', async () => {
    const { container } = await buildAsicE({ files: [HEADER, LETTER], signer: clerk });
    const partial = await addAsicSignature(container, agency, { files: [LETTER.name] });
    const report = verify(partial);
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(report.assertions[1]?.covers).toEqual([LETTER.name]);
    const added = verify(rebuild(partial, { 'files/extra.txt': Buffer.from('x') }));
    expect(added).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' });
    expect(added.detail).toContain('files/extra.txt');
    const alone = verify(
      rebuild(partial, { 'META-INF/ASiCManifest.xml': null, 'META-INF/signature.p7s': null }),
    );
    expect(alone).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' });
  });

  it('fails when a file was added that only a time-stamp covers', async () => {
    const { container } = await buildAsicE({ files: [LETTER], signer: clerk });
    const added = rebuild(container, { 'files/extra.txt': Buffer.from('x') });
    const stamped = await addAsicTimeStamp(added, clock(SIGNED_AT));
    const report = verify(stamped);
    expect(report).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' });
    expect(report.assertions.map(({ indication }) => indication)).toEqual([
      'TOTAL-PASSED',
      'TOTAL-PASSED',
    ]);
  });

  it('fails as a whole when one signature does, and says which', async () => {
    const container = await twoSignatures();
    const other = await signCms({ content: Buffer.from('other') }, agency);
    const report = verify(rebuild(container, { 'META-INF/signature002.p7s': other }));
    expect(report).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' });
    expect(report.assertions.map(({ indication }) => indication)).toEqual([
      'TOTAL-PASSED',
      'TOTAL-FAILED',
    ]);
  });

  it('fails for every signature over a file that was changed', async () => {
    const { container } = await buildAsicE({ files: [HEADER, LETTER], signer: clerk });
    const partial = await addAsicSignature(container, agency, { files: [HEADER.name] });
    const report = verify(rebuild(partial, { [LETTER.name]: Buffer.from('số 99') }));
    expect(report.assertions.map(({ subIndication }) => subIndication)).toEqual([
      'HASH_FAILURE',
      null,
    ]);
    expect(report.subIndication).toBe('HASH_FAILURE');
  });

  it.each([
    ['a file beside the signatures', { 'META-INF/evil.pdf': Buffer.from('%PDF') }],
    ['a signature without a manifest', { 'META-INF/signature9.p7s': Buffer.from('0') }],
    ['a manifest without its signature', { 'META-INF/signature.p7s': null }],
    ['another mimetype', { mimetype: Buffer.from('application/zip') }],
  ])('is refused with %s', async (_name, changes) => {
    const report = verify(rebuild(await twoSignatures(), changes));
    expect(report).toMatchObject({
      form: null,
      indication: 'TOTAL-FAILED',
      subIndication: 'FORMAT_FAILURE',
    });
  });

  it('is refused when two manifests share a signature', async () => {
    const container = await twoSignatures();
    const { entries } = openAsic(container);
    const manifest = entries.get('META-INF/ASiCManifest.xml') ?? Buffer.alloc(0);
    const report = verify(rebuild(container, { 'META-INF/ASiCManifest002.xml': manifest }));
    expect(report.detail).toContain('which another manifest names');
  });
});

describe('time-stamps of a container', () => {
  it('stand in the signature from the beginning, or are added later', async () => {
    const files = [HEADER, LETTER];
    const { container } = await buildAsicE({ files, signer: clerk, timeStamps: clock(SIGNED_AT) });
    expect(verify(container).assertions).toMatchObject([{ provenAt: SIGNED_AT, timeStamps: [{}] }]);
    expect(verifyAsicE(container, { trust: pki.trust(), at: LATER }).provenAt).toEqual(SIGNED_AT);
    const added = await timeStampAsicSignatures(await twoSignatures(), clock(SIGNED_AT));
    expect(verify(added)).toMatchObject({
      indication: 'TOTAL-PASSED',
      assertions: [{ provenAt: SIGNED_AT }, { provenAt: SIGNED_AT }],
    });
  });

  it('cover everything by an archive manifest, which OpenSSL finds in order', async () => {
    const container = await addAsicTimeStamp(await twoSignatures(), clock(SIGNED_AT));
    const report = verify(container);
    expect(report.indication).toBe('TOTAL-PASSED');
    const stamp = report.assertions.find(({ kind }) => kind === 'timestamp');
    expect(stamp).toMatchObject({
      isArchive: true,
      manifestName: 'META-INF/ASiCArchiveManifest.xml',
      provenAt: SIGNED_AT,
    });
    expect(stamp?.covers).toHaveLength(6);
    for (const { path, certificateSha256 } of report.assertions) {
      expect(path?.certificates.map(({ sha256 }) => sha256)).toContain(certificateSha256);
    }
    const { entries } = openAsic(container);
    const pem = (der: Uint8Array) => Buffer.from(encodePem('CERTIFICATE', der));
    const result = runTool(
      'openssl',
      'ts -verify -token_in -in t -data m -CAfile root.pem -untrusted issuing.pem'.split(' '),
      {
        t: entries.get('META-INF/timestamp.tst') ?? Buffer.alloc(0),
        m: entries.get('META-INF/ASiCArchiveManifest.xml') ?? Buffer.alloc(0),
        'root.pem': pem(pki.root.der),
        'issuing.pem': pem(pki.issuing.der),
      },
    );
    expect(result.output).toContain('Verification: OK');
  });

  it('prove that a signature is older than the end of its certificate, link by link', async () => {
    const short = await pki.issue({
      commonName: 'Văn thư cũ',
      use: 'person',
      notAfter: new Date('2026-12-31T00:00:00Z'),
    });
    const oldTsa = await pki.issue({
      commonName: 'Dấu thời gian cũ',
      use: 'tsa',
      notAfter: new Date('2028-01-01T00:00:00Z'),
    });
    const { container } = await buildAsicE({ files: [LETTER], signer: short });
    expect(verify(container).subIndication).toBe('OUT_OF_BOUNDS_NO_POE');
    const first = await addAsicTimeStamp(container, clock(SIGNED_AT, oldTsa));
    expect(verify(first)).toMatchObject({ indication: 'TOTAL-PASSED' });
    // When the first authority's certificate has ended too, only a second link helps.
    const muchLater = new Date('2035-01-01T00:00:00Z');
    expect(verify(first, muchLater).indication).toBe('INDETERMINATE');
    const second = await addAsicTimeStamp(first, clock(LATER));
    const report = verify(second, muchLater);
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(report.assertions.find(({ kind }) => kind === 'signature')?.provenAt).toEqual(SIGNED_AT);
    const newest = openAsic(second).entries.get('META-INF/ASiCArchiveManifest.xml') ?? [];
    expect(Buffer.from(newest).toString()).toMatch(
      /URI="META-INF\/ASiCArchiveManifest002\.xml" MimeType="text\/xml" Rootfile="true"/,
    );
  });

  it('do not help a signature that was exchanged afterwards', async () => {
    const stamped = await addAsicTimeStamp(await twoSignatures(), clock(SIGNED_AT));
    const { entries } = openAsic(stamped);
    const manifest = entries.get('META-INF/ASiCManifest.xml') ?? Buffer.alloc(0);
    const anew = await signCms({ content: manifest }, clerk);
    const report = verify(rebuild(stamped, { 'META-INF/signature.p7s': anew }));
    expect(report).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' });
    const [first] = report.assertions;
    expect(first).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: null });
    await expect(timeStampAsicSignatures(stamped, clock(LATER))).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });

  it('may be over the files alone, which says nothing about signatures', async () => {
    const { container } = await buildAsicE({ files: [LETTER], signer: clerk });
    const stamped = await addAsicTimeStamp(container, clock(SIGNED_AT), { covers: 'files' });
    const report = verify(stamped);
    expect(report.assertions).toMatchObject([
      { kind: 'signature', provenAt: null },
      { kind: 'timestamp', isArchive: false, provenAt: SIGNED_AT, covers: [LETTER.name] },
    ]);
  });

  it('prove nothing when their authority is not trusted', async () => {
    const stranger = await createTestPki();
    const other = await stranger.issue({ commonName: 'TSA lạ', use: 'tsa' });
    const { container } = await buildAsicE({ files: [LETTER], signer: clerk });
    const report = verify(await addAsicTimeStamp(container, clock(SIGNED_AT, other)));
    expect(report).toMatchObject({
      indication: 'INDETERMINATE',
      assertions: [
        { indication: 'TOTAL-PASSED', provenAt: null },
        { indication: 'INDETERMINATE', provenAt: null },
      ],
    });
  });
});

describe('ASiC-S, for one record', () => {
  const RECORD: AsicFile = { ...LETTER, name: 'biên nhận.bin' };

  it('takes the signature that the record has, and depends on nothing else', async () => {
    const signature = await signCms({ content: RECORD.bytes }, agency);
    const container = await buildAsicS({ file: RECORD, signature });
    expect(await buildAsicS({ file: RECORD, signature })).toEqual(container);
    expect(verify(container)).toMatchObject({
      form: 'ASiC-S',
      indication: 'TOTAL-PASSED',
      assertions: [{ kind: 'signature', manifestName: null, covers: [RECORD.name] }],
      files: [{ name: RECORD.name, coveredBy: ['META-INF/signature.p7s'] }],
    });
    const zip = Buffer.from(container);
    expect(zip.toString('latin1', 38, 38 + 31)).toBe('application/vnd.etsi.asic-s+zip');
    expect(runTool('unzip', ['-t', 'a.asics'], { 'a.asics': zip }).status).toBe(0);
  });

  it('is signed anew, with a time-stamp, or stamped only', async () => {
    const signed = await buildAsicS({ file: RECORD, signer: clerk, timeStamps: clock(SIGNED_AT) });
    expect(verify(signed).assertions).toMatchObject([{ kind: 'signature', provenAt: SIGNED_AT }]);
    const stamped = await buildAsicS({ file: RECORD, timeStamps: clock(SIGNED_AT) });
    expect(verify(stamped)).toMatchObject({
      indication: 'TOTAL-PASSED',
      assertions: [{ kind: 'timestamp', name: 'META-INF/timestamp.tst', provenAt: SIGNED_AT }],
    });
  });

  it('is kept by archive manifests, as other software adds them to a time-stamp', async () => {
    const base = await buildAsicS({ file: RECORD, timeStamps: clock(SIGNED_AT) });
    const token = openAsic(base).entries.get('META-INF/timestamp.tst') ?? Buffer.alloc(0);
    const archive = writeManifest({
      signatureName: 'META-INF/timestamp002.tst',
      signatureMediaType: 'application/vnd.etsi.timestamp-token',
      entries: [
        { name: RECORD.name, mediaType: RECORD.mediaType, bytes: RECORD.bytes },
        { name: 'META-INF/timestamp.tst', mediaType: 'x/y', bytes: token },
      ].map(({ name, mediaType, bytes }) => ({
        name,
        mediaType,
        hash: 'sha256',
        digest: createHash('sha256').update(bytes).digest(),
      })),
    });
    const digest = createHash('sha256').update(archive).digest();
    const stamped = {
      'META-INF/ASiCArchiveManifest.xml': archive,
      'META-INF/timestamp002.tst': await clock(LATER).timeStamp(digest, 'sha256'),
    };
    expect(verify(rebuild(base, stamped))).toMatchObject({
      form: 'ASiC-S',
      indication: 'TOTAL-PASSED',
      assertions: [
        { kind: 'timestamp', isArchive: false, manifestName: null, provenAt: SIGNED_AT },
        { kind: 'timestamp', isArchive: true, provenAt: LATER },
      ],
      files: [{ coveredBy: ['META-INF/timestamp.tst', 'META-INF/timestamp002.tst'] }],
    });
    const code = { indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' };
    expect(verify(rebuild(base, { ...stamped, 'META-INF/timestamp.tst': null }))).toMatchObject(
      code,
    );
    const asSignature = Buffer.from(
      Buffer.from(archive).toString().replace('timestamp002.tst', 'signature.p7s'),
    );
    const signed = {
      'META-INF/ASiCArchiveManifest.xml': asSignature,
      'META-INF/signature.p7s': await signCms({ content: asSignature }, agency),
    };
    expect(verify(rebuild(base, signed))).toMatchObject(code);
  });

  it('is not made with a signature over something else, or with nothing', async () => {
    const signature = await signCms({ content: Buffer.from('x') }, agency);
    const code = 'SIGNER_INPUT_INVALID';
    await expect(buildAsicS({ file: RECORD, signature })).rejects.toMatchObject({ code });
    await expect(buildAsicS({ file: RECORD })).rejects.toMatchObject({ code });
    await expect(buildAsicS({ file: LETTER, signer: clerk })).rejects.toMatchObject({
      code: 'SIGNER_ASIC_NAME_INVALID',
    });
  });

  it.each([
    ['its file changed', { [RECORD.name]: Buffer.from('x') }, 'HASH_FAILURE'],
    ['a second file', { 'b.txt': Buffer.from('x') }, 'FORMAT_FAILURE'],
    ['no signature', { 'META-INF/signature.p7s': null }, 'FORMAT_FAILURE'],
    ['two', { 'META-INF/timestamp.tst': Buffer.from('x') }, 'FORMAT_FAILURE'],
    ['a manifest', { 'META-INF/ASiCManifest.xml': Buffer.from('<a/>') }, 'FORMAT_FAILURE'],
  ])('is refused with %s', async (_name, changes, subIndication) => {
    const container = await buildAsicS({ file: RECORD, signer: agency });
    expect(verify(rebuild(container, changes))).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication,
    });
  });
});

it('reads manifests as other software writes them: other names, hashes and quotes', async () => {
  const digest = createHash('sha512').update(LETTER.bytes).digest('base64');
  const manifest = Buffer.from(
    `<?xml version='1.0' encoding='UTF-8'?><ns2:ASiCManifest xmlns:ns2='http://uri.etsi.org/02918/v1.2.1#'
      xmlns='http://www.w3.org/2000/09/xmldsig#'><ns2:SigReference URI='META-INF/my-signature-7.p7s'
      MimeType='application/pkcs7-signature'/><ns2:DataObjectReference MimeType='text/plain'
      URI='files/C%C3%B4ng%20v%C4%83n.txt' Rootfile='true'><DigestMethod
      Algorithm='http://www.w3.org/2001/04/xmlenc#sha512'/><DigestValue>${digest}</DigestValue>
    </ns2:DataObjectReference></ns2:ASiCManifest>`,
  );
  const { container } = await buildAsicE({ files: [LETTER], signer: clerk });
  const foreign = rebuild(container, {
    'META-INF/ASiCManifest-7.xml': manifest,
    'META-INF/my-signature-7.p7s': await signCms({ content: manifest }, agency),
    'META-INF/manifest.xml': Buffer.from('<manifest/>'),
  });
  const report = verify(foreign);
  expect(report).toMatchObject({
    indication: 'TOTAL-PASSED',
    files: [{ coveredBy: ['META-INF/signature.p7s', 'META-INF/my-signature-7.p7s'] }],
  });
});
