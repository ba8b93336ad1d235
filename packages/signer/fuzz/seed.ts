/**
 * `node packages/signer/fuzz/seed.ts`: makes the seeds of all targets anew, with a PKI of their own
 * whose private keys are forgotten. All of it is our own data.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildAsicS } from '../src/asic/asic-s.ts';
import { buildAsicE } from '../src/asic/container.ts';
import { addAsicSignature, addAsicTimeStamp } from '../src/asic/extend.ts';
import { writeOpenPart } from '../src/asic/open-part.ts';
import { buildCertificateRequest } from '../src/authority/csr.ts';
import { signCms } from '../src/cms/sign.ts';
import { encodeInteger, encodeOctetString, encodeSequence } from '../src/der/index.ts';
import { generateKeys } from '../src/keys/generate.ts';
import { signPdf } from '../src/pades/sign.ts';
import { sealBytes, sealStream } from '../src/seal/seal.ts';
import { encryptSegment } from '../src/seal/segments.ts';
import { createTestPki } from '../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../src/tsp/authority.ts';
import { drawPdf, hybridPdf, plainPdf } from '../test/pades/sources.ts';
import { writeSeeds } from './corpus.ts';
import { SEGMENT_KEY, SEGMENT_TEXT } from './seal.ts';
import { FUZZ_CONTENT, FUZZ_PASSPHRASE, FUZZ_TIME } from './targets.ts';

/** A key file by OpenSSL, of a key that nothing else uses. */
function exportPkcs12(options: readonly string[]): Uint8Array {
  const run = (args: readonly string[], input?: Uint8Array): Buffer =>
    execFileSync('openssl', args, { ...(input && { input }), stdio: ['pipe', 'pipe', 'ignore'] });
  const key = run(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  const folder = mkdtempSync(join(tmpdir(), 'congvan-fuzz-'));
  try {
    const keyFile = join(folder, 'key.pem');
    writeFileSync(keyFile, key);
    const certificate = run(['req', '-x509', '-key', keyFile, '-subj', '/CN=x', '-days', '9000']);
    const passphrase = ['-passout', `pass:${FUZZ_PASSPHRASE}`];
    const input = Buffer.concat([key, certificate]);
    return run(['pkcs12', '-export', ...passphrase, ...options], input);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const pki = await createTestPki();
const person = await pki.issue({ commonName: 'Nguyễn Văn Ánh', use: 'person' });
const node = await pki.issue({ commonName: 'Nút thử', use: 'node' });
const seal = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
for (const reason of ['keyCompromise', 'superseded', 'certificateHold'] as const) {
  const { certificate } = await pki.issue({ commonName: `Cũ ${reason}`, use: 'node' });
  await pki.revoke(certificate, { reason });
}
const tsa = await pki.issue({ commonName: 'Dấu thời gian', use: 'tsa' });
const timeStamps = createTimeStampAuthority({
  signer: tsa,
  policy: '1.2.3.4',
  now: () => FUZZ_TIME,
}).source;
const cms = {
  'seed-ecdsa': await signCms({ content: FUZZ_CONTENT }, node),
  'seed-rsa': await signCms({ content: FUZZ_CONTENT }, seal),
  'seed-bare': await signCms({ content: FUZZ_CONTENT }, node, { certificates: 'none' }),
};
const crls = { 'seed-issuing': pki.crl().der, 'seed-root': pki.rootCrl().der };
const certificates = {
  'seed-root': pki.root.der,
  'seed-issuing': pki.issuing.der,
  'seed-seal': seal.certificate.der,
  'seed-person': person.certificate.der,
};
writeSeeds('pki', {
  'root.crt': pki.root.der,
  'issuing.crt': pki.issuing.der,
  'root.crl': pki.rootCrl().der,
  'issuing.crl': pki.crl().der,
});
writeSeeds('certificate', certificates);
writeSeeds('crl', crls);
writeSeeds('cms', cms);
writeSeeds('der', { 'seed-certificate': person.certificate.der, 'seed-crl': pki.crl().der });
// Few iterations: deriving keys is slow on purpose, and nothing that fuzzing is after.
writeSeeds('p12', {
  'seed-modern': exportPkcs12(['-iter', '10']),
  'seed-legacy': exportPkcs12(['-iter', '10', '-legacy']),
  'seed-no-mac': exportPkcs12(['-iter', '10', '-nomac']),
});

const sources = {
  table: plainPdf(),
  stream: await drawPdf({ streams: true, pages: 1 }),
  hybrid: hybridPdf(),
};
const signed: Record<string, Uint8Array> = {};
for (const [name, source] of Object.entries(sources)) {
  const once = await signPdf(source, person, { signedAt: FUZZ_TIME });
  signed[`seed-${name}-1`] = once;
  signed[`seed-${name}-2`] = await signPdf(once, person, { signedAt: FUZZ_TIME });
}
signed['seed-lta'] = await signPdf(sources.table, person, {
  signedAt: FUZZ_TIME,
  level: 'B-LTA',
  timeStamps,
  validationData: (named) =>
    Promise.resolve({
      certificates: [...named, pki.root, pki.issuing],
      crls: [pki.rootCrl(), pki.crl()],
      ocsps: [],
    }),
});
writeSeeds('pdf', signed);
writeSeeds(
  'xref',
  Object.fromEntries(Object.entries(sources).map(([name, pdf]) => [`seed-${name}`, pdf])),
);

const files = [
  { name: 'edxml/header.xml', mediaType: 'application/xml', bytes: Buffer.from('<edXML/>') },
  { name: 'files/Công văn.txt', mediaType: 'text/plain', bytes: Buffer.from('số 12 '.repeat(20)) },
];
const { container, ...parts } = await buildAsicE({ files, signer: node });
const twice = await addAsicSignature(container, person, { compress: true });
const [, letter] = files;
writeSeeds('asic', {
  'seed-stored': container,
  'seed-open-part': writeOpenPart({
    files: [['edxml/header.xml', files[0]?.bytes ?? container]],
    ...parts,
  }),
  'seed-deflated': (await buildAsicE({ files, signer: node, compress: true })).container,
  'seed-archived': await addAsicTimeStamp(twice, timeStamps, { compress: true }),
  ...(letter && {
    'seed-simple': await buildAsicS({ file: { ...letter, name: 'a.txt' }, signer: node }),
    'seed-stamped': await buildAsicS({ file: { ...letter, name: 'a.txt' }, timeStamps }),
  }),
});

const subject = { country: 'VN', organization: 'Sở Nội vụ', commonName: 'Con dấu' };
writeSeeds('csr', {
  'seed-ec': await buildCertificateRequest((await generateKeys('ec-p256')).privateKey, subject),
  'seed-rsa': await buildCertificateRequest((await generateKeys('rsa-2048')).privateKey, subject),
});

const forEncryption = { commonName: 'Sở Nội vụ', use: 'encryption' } as const;
const rsa = await pki.issue({ ...forEncryption, algorithm: 'rsa-2048' });
const p256 = await pki.issue({ ...forEncryption, algorithm: 'ec-p256' });
const p384 = await pki.issue({ ...forEncryption, algorithm: 'ec-p384' });
const recipients = [rsa, p256, p384].map(({ certificate }) => certificate);
const context = Buffer.from('H09.12.034');
const streamed: Uint8Array[] = [];
const streamOptions = { recipients, context, maxMessageBytes: 0, segmentBytes: 64 };
for await (const chunk of sealStream([SEGMENT_TEXT], streamOptions)) streamed.push(chunk);
const fileKey = encodeSequence(
  encodeInteger(1),
  encodeOctetString(SEGMENT_KEY.key),
  encodeOctetString(SEGMENT_KEY.prefix),
  encodeInteger(64),
);
writeSeeds('seal', {
  'seed-message': sealBytes(SEGMENT_TEXT, { recipients, context }),
  'seed-one': sealBytes(SEGMENT_TEXT, { recipients: [p256.certificate] }),
  'seed-segments': Buffer.concat(streamed),
  'seed-segment': Buffer.concat(encryptSegment(SEGMENT_KEY, 0, true, SEGMENT_TEXT)),
  'seed-file-key': fileKey,
});
