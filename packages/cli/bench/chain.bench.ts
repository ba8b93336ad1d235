/**
 * The whole chain: `send` in one process, an agent in another, the relay in a third, one nats-server
 * with split accounts; a document counts when the relay holds its verified receipt 01.
 *
 * `npm run bench -- chain [--documents N] [--senders N] [--json]`
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash, createSign, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

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
import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';

import { type Town, SENDER, foundTown } from './chain/town.ts';
import { type BenchResult, printResults, ratePerSecond, readCount } from '../../../bench/report.ts';

const PROCESS = fileURLToPath(new URL('chain/process.ts', import.meta.url));
const PDF_BYTES = 20 * 1024;
const CLOCK_TICKS_PER_SECOND = 100;
const argv = process.argv.slice(2);
const documents = readCount(argv, 'documents', 3_000);
const senders = readCount(argv, 'senders', 32);

await using town = await foundTown();
const pdf = await makePdf();
const stages = await measureStages(town, pdf);
const chain = await measureChain(town, pdf);
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

async function measureChain(place: Town, bytes: Uint8Array): Promise<BenchResult[]> {
  const pdfFile = join(place.folder, 'van-ban.pdf');
  writeFileSync(pdfFile, bytes);
  const relay = await start('relay', place.homeOf('relay'));
  const recipient = await start('recipient', place.homeOf('recipient'));
  const sender = await start('sender', place.homeOf('sender'), pdfFile, documents, senders);
  const server = place.bus.server().pid;
  const serverBefore = cpuMsOf(server);
  const startedMs = performance.now();
  recipient.send('go');
  relay.send('go');
  sender.send('go');
  let keptMs = 0;
  sender.on('message', (message: { worked?: true }) => {
    if (message.worked) keptMs = performance.now() - startedMs;
  });
  for (;;) {
    const { receipted = 0 } = await ask(relay, 'count', 'receipted');
    progress(receipted);
    if (receipted >= documents) break;
    await sleep(40);
  }
  const totalMs = performance.now() - startedMs;
  const cpuMs = {
    sender: (await ask(sender, 'stop', 'cpuMs')).cpuMs ?? 0,
    recipient: (await ask(recipient, 'stop', 'cpuMs')).cpuMs ?? 0,
    relay: (await ask(relay, 'stop', 'cpuMs')).cpuMs ?? 0,
    'nats-server': cpuMsOf(server) - serverBefore,
  };
  return chainResults(totalMs, keptMs, cpuMs);
}

function chainResults(
  totalMs: number,
  keptMs: number,
  cpuMs: Readonly<Record<string, number>>,
): BenchResult[] {
  const rate = (documents * 1_000) / totalMs;
  const parts = Object.entries(cpuMs).toSorted(([, a], [, b]) => b - a);
  const [busiest = '', busiestMs = 0] = parts[0] ?? [];
  const allMs = parts.reduce((sum, [, ms]) => sum + ms, 0);
  return [
    { name: 'chain documents', value: rate, unit: '1/s', against: 'goal 150/s', ratio: rate / 150 },
    { name: 'kept by send', value: (documents * 1_000) / keptMs, unit: '1/s' },
    ...parts.map(([name, ms]) => ({
      name: `CPU of ${name} a document`,
      value: ms / documents,
      unit: 'ms',
      against: 'CPU of all',
      ratio: ms / allMs,
    })),
    {
      name: `limiting stage: ${busiest}`,
      value: busiestMs / totalMs,
      unit: 'cores',
      against: 'cores busy in all',
      ratio: busiestMs / allMs,
    },
    { name: 'cores busy in all', value: allMs / totalMs, unit: 'cores' },
  ];
}

async function start(...parameters: readonly (string | number)[]): Promise<ChildProcess> {
  const child = fork(PROCESS, parameters.map(String));
  child.on('exit', (code) => {
    if (code === 0) return;
    process.stderr.write(`error: the ${parameters[0]} process ended with ${code}\n`);
    void abandon();
  });
  await once(child, 'message');
  return child;
}

/** Leaves no server behind when a process of the chain has failed. */
async function abandon(): Promise<never> {
  await town[Symbol.asyncDispose]();
  process.exit(1);
}

interface Answer {
  readonly receipted?: number;
  readonly cpuMs?: number;
}

async function ask(child: ChildProcess, question: string, key: keyof Answer): Promise<Answer> {
  const answered = new Promise<Answer>((resolve) => {
    const listen = (message: Answer): void => {
      if (message[key] === undefined) return;
      child.off('message', listen);
      resolve(message);
    };
    child.on('message', listen);
  });
  child.send(question);
  return await answered;
}

/** User and system time of another process, from /proc; 0 where there is none. */
function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

function progress(receipted: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${receipted} of ${documents} receipted `);
}

function compare(name: string, value: number, against: string, reference: number): BenchResult {
  return { name, value, unit: '1/s', against, ratio: value / reference };
}

async function makePdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  document.addPage([595, 842]).drawText('Cong van', { x: 72, y: 760, size: 13, font });
  const plain = (await document.save()).length;
  const noise = Buffer.alloc(PDF_BYTES - plain - 200);
  for (let offset = 0; offset < noise.length; offset += 32) {
    createHash('sha256').update(String(offset)).digest().copy(noise, offset);
  }
  document.catalog.set(
    PDFName.of('BenchNoise'),
    document.context.register(document.context.stream(noise)),
  );
  return await document.save();
}
