// Takes one large attachment through the life of a package and tells how much memory that took:
//   node packages/node-agent/test/package/large-package.ts FOLDER BYTES
// Prints JSON: the steps with their seconds, the largest RSS in MB, and the verdict.
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  createKeyDecryptor,
  openAsicEFile,
  readOpenPart,
  saveStream,
  verifyAsicEFile,
  verifyOpenPart,
  writeAsicEFile,
  writeOpenPart,
} from '@congvan/signer';
import { createTestPki } from '@congvan/signer/testing';

import { incomingFiles } from '../../src/package/incoming-file.ts';
import { surveyAttachments } from '../../src/package/attachment.ts';
import { openPackage, sealPackage } from '../../src/package/seal.ts';

const MB = 1024 * 1024;
const AT = new Date('2026-11-22T02:30:05Z');
const [folder = '.', bytesText = String(300 * MB)] = process.argv.slice(2);
const bytes = Number(bytesText);
const steps: Record<string, number> = {};

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  steps[name] = Math.round(performance.now() - start) / 1000;
  return result;
}

const pki = await createTestPki();
const signer = await pki.issue({ commonName: 'UBND xã', use: 'node' });
const mine = await pki.issue({ commonName: 'Sở', use: 'encryption', algorithm: 'ec-p256' });
const decryptor = createKeyDecryptor({
  privateKey: mine.keys.privateKey,
  certificate: mine.certificate,
});

const path = join(folder, 'scan.bin');
await timed('create', () => fillFile(path));
const attachments = [{ name: 'scan.bin', mediaType: 'application/octet-stream', path }];
const [attachment] = await timed('survey', () => surveyAttachments(attachments));
if (attachment === undefined) throw new Error('the attachment is gone');
const header = Buffer.from('<header/>');
const built = await timed('build', () => {
  const { source, sha256, crc32 } = attachment;
  const survey = { bytes: attachment.bytes, sha256, crc32 };
  const files = [
    { name: 'header.edxml', mediaType: 'application/xml', source: header },
    { name: 'files/2.bin', mediaType: 'application/octet-stream', source, survey },
  ];
  return writeAsicEFile({ folder }, { files, signer, signedAt: AT });
});
const openPart = writeOpenPart({ files: [['header.edxml', header]], ...built });
const packageDigest = built.manifestSha256;
const sealed = await timed('seal', () =>
  sealPackage({ path: built.path }, { recipients: [mine.certificate], packageDigest, folder }),
);
const shown = verifyOpenPart(openPart, { trust: pki.trust(), at: AT });
const opened = await timed('open', () =>
  openPackage(sealed.source, {
    decryptor,
    packageDigest,
    sealed,
    openPart: readOpenPart(openPart),
    folder,
  }),
);
if ('finding' in opened) throw new Error(opened.detail);
await opened.contents.close();
const report = await timed('verify', () =>
  verifyAsicEFile(built.path, { trust: pki.trust(), at: AT }),
);
await using container = await openAsicEFile(built.path);
await timed('stream', () => saveStream(join(folder, 'copy.bin'), container.stream('files/2.bin')));
const file = { entry: 'files/2.bin', name: 'scan.bin', mediaType: 'a/b', bytes };
const [incoming] = incomingFiles(opened.container.source, {
  codeNumber: '01',
  codeNotation: 'UBND',
  issuedOn: '2026-11-22',
  documentType: 'Công văn',
  abstract: 'Bản quét',
  priority: 0,
  dueDate: null,
  responseFor: null,
  files: [file],
});
await timed('save', async () => incoming?.saveTo(join(folder, 'saved.bin')));
const saved = await stat(join(folder, 'saved.bin'));

const { maxRSS } = process.resourceUsage();
process.stdout.write(
  `${JSON.stringify({
    bytes,
    savedBytes: saved.size,
    sealedBytes: sealed.bytes,
    containerBytes: opened.container.bytes,
    shown: shown.indication,
    verdict: report.indication,
    maxRssMb: Math.round(maxRSS / 1024),
    steps,
  })}\n`,
);

/** Not a sparse file: every megabyte differs from the others. */
async function fillFile(target: string): Promise<void> {
  await using handle = await open(target, 'w');
  const piece = Buffer.alloc(MB, 'công văn ');
  for (let at = 0; at < bytes; at += MB) {
    piece.writeUInt32LE(at / MB, 0);
    await handle.write(piece, 0, Math.min(MB, bytes - at), at);
  }
}
