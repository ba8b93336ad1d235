/**
 * The whole chain: `send` in one process, an agent in another, the relay in a third, one nats-server
 * with split accounts; a document counts when the relay holds its verified receipt 01.
 *
 * `npm run bench -- chain [--documents N] [--senders N] [--json]`
 */
import { createSign, sign } from 'node:crypto';

import { connectAgency, reportSubject } from '@congvan/bus';
import {
  buildAsicE,
  createSignatureVerifier,
  openAsicE,
  signCms,
  signPdf,
  verifyDetached,
  verifyPdf,
} from '@congvan/signer';

import { makePdf, measureChain } from './chain/measure.ts';
import { type Town, SENDER, foundTown } from './chain/town.ts';
import { type BenchResult, printResults, ratePerSecond, readCount } from '../../../bench/report.ts';

const argv = process.argv.slice(2);
const documents = readCount(argv, 'documents', 3_000);
const senders = readCount(argv, 'senders', 32);

await using town = await foundTown();
const pdf = await makePdf();
const stages = await measureStages(town, pdf);
const chain = await measureChain(town, pdf, { documents, senders });
printResults('chain', [...chain, ...stages], argv);

/** The limits of the machine and each stage alone, one core at a time. */
async function measureStages(place: Town, bytes: Uint8Array): Promise<BenchResult[]> {
  const { seal, node, pki } = place;
  const trust = pki.trust();
  const at = new Date();
  const rsa = await ratePerSecond(() =>
    createSign('sha256').update(bytes).sign(seal.keys.privateKey),
  );
  const ec = await ratePerSecond(() =>
    sign('sha256', bytes.subarray(0, 512), node.keys.privateKey),
  );
  const jetStream = await rawPublishRate(place, bytes);
  const signedPdf = await signPdf(bytes, seal, { signedAt: at });
  const files = [{ name: 'files/1.pdf', mediaType: 'application/pdf', bytes: signedPdf }];
  const built = await buildAsicE({ files, signer: node });
  const tbs = bytes.subarray(0, 600);
  const cms = await signCms({ content: tbs }, node, { certificates: 'none' });
  const verify = createSignatureVerifier(trust);
  const certificates = [node.certificate.der];
  const signRate = await ratePerSecond(() => signPdf(bytes, seal, { signedAt: at }));
  const verifyRate = await ratePerSecond(() => verifyPdf(signedPdf, { trust, at }));
  return [
    { name: 'raw RSA-2048 signatures per core', value: rsa, unit: '1/s' },
    { name: 'raw P-256 signatures per core', value: ec, unit: '1/s' },
    { name: 'raw JetStream publishes of 24 KB', value: jetStream, unit: '1/s' },
    compare('sign pdf per core', signRate, 'raw RSA-2048 signatures per core', rsa),
    compare('verify pdf per core', verifyRate, 'raw RSA-2048 signatures per core', rsa),
    {
      name: 'build package per core',
      value: await ratePerSecond(() => buildAsicE({ files, signer: node })),
      unit: '1/s',
    },
    {
      name: 'open and verify package per core',
      value: await ratePerSecond(() => {
        const opened = openAsicE(built.container);
        return verifyDetached({ cms: opened.signature, content: opened.manifest, trust, at });
      }),
      unit: '1/s',
    },
    {
      name: 'sign record per core',
      value: await ratePerSecond(() => signCms({ content: tbs }, node, { certificates: 'none' })),
      unit: '1/s',
    },
    {
      name: 'verify record per core',
      value: await ratePerSecond(() => verify({ content: tbs, signature: cms, certificates, at })),
      unit: '1/s',
    },
  ];
}

async function rawPublishRate(place: Town, bytes: Uint8Array): Promise<number> {
  await using connection = await connectAgency({
    servers: [place.bus.url],
    credentials: place.credentials,
    code: SENDER,
    site: 'H09',
    name: 'raw',
  });
  const subject = reportSubject({ tier: 'commune', site: 'H09', from: SENDER });
  const body = Buffer.concat([bytes, Buffer.alloc(4 * 1024)]);
  const total = 1_000;
  const startedMs = performance.now();
  let left = total;
  const publishOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await connection.publish(subject, body, { messageId: `raw ${left}` });
    }
  };
  await Promise.all(Array.from({ length: 64 }, publishOn));
  return (total * 1_000) / (performance.now() - startedMs);
}

function compare(name: string, value: number, against: string, reference: number): BenchResult {
  return { name, value, unit: '1/s', against, ratio: value / reference };
}
