/**
 * `node packages/signer/fuzz/seed.ts`: makes the seeds of all targets anew, with a PKI of their own
 * whose private keys are forgotten. All of it is our own data.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

import { buildAsicE } from '../src/asic/container.ts';
import { signCms } from '../src/cms/sign.ts';
import { writePkcs12 } from '../src/keys/pkcs12-write.ts';
import { signPdf } from '../src/pades/sign.ts';
import { createTestPki } from '../src/testing/test-pki.ts';
import { drawPdf, hybridPdf, plainPdf } from '../test/pades/sources.ts';
import { corpusFolder } from './corpus.ts';
import { FUZZ_CONTENT, FUZZ_PASSPHRASE, FUZZ_TIME } from './targets.ts';

function write(target: string, files: Readonly<Record<string, Uint8Array>>): void {
  const folder = corpusFolder(target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes);
}

const pki = await createTestPki();
const person = await pki.issue({ commonName: 'Nguyễn Văn Ánh', use: 'person' });
const node = await pki.issue({ commonName: 'Nút thử', use: 'node' });
const seal = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
for (const reason of ['keyCompromise', 'superseded', 'certificateHold'] as const) {
  const { certificate } = await pki.issue({ commonName: `Cũ ${reason}`, use: 'node' });
  await pki.revoke(certificate, { reason });
}
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
write('pki', {
  'root.crt': pki.root.der,
  'issuing.crt': pki.issuing.der,
  'root.crl': pki.rootCrl().der,
  'issuing.crl': pki.crl().der,
});
write('certificate', certificates);
write('crl', crls);
write('cms', cms);
write('der', { 'seed-certificate': person.certificate.der, 'seed-crl': pki.crl().der });
write('p12', {
  'seed-ec': writePkcs12({
    certificate: node.certificate,
    chain: node.chain,
    privateKey: node.keys.privateKey,
    friendlyName: 'x',
    passphrase: FUZZ_PASSPHRASE,
  }),
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
write('pdf', signed);
write(
  'xref',
  Object.fromEntries(Object.entries(sources).map(([name, pdf]) => [`seed-${name}`, pdf])),
);

const files = [
  { name: 'edxml/header.xml', mediaType: 'application/xml', bytes: Buffer.from('<edXML/>') },
  { name: 'files/Công văn.txt', mediaType: 'text/plain', bytes: Buffer.from('số 12 '.repeat(20)) },
];
write('asic', {
  'seed-stored': (await buildAsicE({ files, signer: node })).container,
  'seed-deflated': (await buildAsicE({ files, signer: node, compress: true })).container,
});
