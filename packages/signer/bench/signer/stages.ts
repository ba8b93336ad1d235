import { hash, sign, verify } from 'node:crypto';

import {
  listPdfSignatures,
  signCms,
  signPdf,
  verifyCms,
  verifyDetached,
  verifyPdf,
} from '@congvan/signer';

import { type BenchResult, type Rate, measureInTurns } from '../../../../bench/report.ts';
import { preparePdf } from '../../src/pades/prepare.ts';
import { openPdf } from '../../src/pdf/document.ts';
import type { Material } from './material.ts';

const AT = new Date();

/** Where the time of a signature goes, and that of a verification: µs, and shares of the whole. */
export async function measureStages(material: Material): Promise<BenchResult[]> {
  return [...(await stagesOfSigning(material)), ...(await stagesOfVerifying(material))];
}

const microseconds = ({ perCpuSecond }: Rate): number => 1e6 / perCpuSecond;

async function stagesOfSigning({ pdf, rsa, stamp }: Material): Promise<BenchResult[]> {
  const { certificate, chain, algorithm, keys } = rsa;
  const value = new Uint8Array(256);
  /** Everything but the RSA operation. */
  const idle = { certificate, chain, algorithm, sign: () => Promise.resolve(value) };
  const digest = hash('sha256', pdf, 'buffer');
  const attributes = pdf.subarray(0, 200);
  const prepared = preparePdf(pdf);
  const signed = await signPdf(pdf, rsa, { signedAt: AT, appearance: stamp });
  const rateOf = await measureInTurns({
    whole: () => signPdf(pdf, rsa, { signedAt: AT, appearance: stamp }),
    plain: () => signPdf(prepared, idle, { signedAt: AT }),
    stamped: () => signPdf(prepared, idle, { signedAt: AT, appearance: stamp }),
    prepare: () => preparePdf(pdf),
    copy: () => Buffer.allocUnsafe(signed.length).set(pdf),
    hash: () => hash('sha256', signed, 'buffer'),
    hashPlain: () => hash('sha256', pdf, 'buffer'),
    cms: () => signCms({ digest: () => digest }, idle),
    rsa: () => sign('sha256', attributes, keys.privateKey),
  });
  const time = (name: Parameters<typeof rateOf>[0]): number => microseconds(rateOf(name));
  const stamping = time('stamped') - time('plain') - (time('hash') - time('hashPlain'));
  const rest = 'memory, cold caches, waiting';
  return table('signing', 'sign pdf per core', [time('whole'), rest], {
    'RSA-2048 signature': time('rsa'),
    'SHA-256 of the file': time('hash'),
    'read and check the PDF': time('prepare'),
    'copy the file': time('copy'),
    'build the CMS message': time('cms'),
    stamp: stamping,
    'write the revision': time('plain') - time('hashPlain') - time('cms') - time('copy'),
  });
}

async function stagesOfVerifying({ pki, pdf, rsa, stamp }: Material): Promise<BenchResult[]> {
  const trust = pki.trust();
  const signed = await signPdf(pdf, rsa, { signedAt: AT, appearance: stamp });
  const [found] = listPdfSignatures(signed);
  if (found === undefined) throw new Error('no signature in the signed file');
  const { cms, byteRange } = found;
  const [, before, start, length] = byteRange;
  const covered = Buffer.concat([
    signed.subarray(0, before),
    signed.subarray(start, start + length),
  ]);
  const digest = hash('sha256', covered, 'buffer');
  const content = { cms, digest: (): Buffer => digest };
  const value = sign('sha256', digest, rsa.keys.privateKey);
  const rateOf = await measureInTurns({
    whole: () => verifyPdf(signed, { trust, at: AT }),
    hash: () => hash('sha256', covered, 'buffer'),
    rsa: () => verify('sha256', digest, rsa.certificate.publicKey, value),
    cms: () => verifyCms(content),
    path: () => verifyDetached({ ...content, trust, at: AT }),
    open: () => openPdf(signed).catalog(),
  });
  const time = (name: Parameters<typeof rateOf>[0]): number => microseconds(rateOf(name));
  const [hashing, reading] = [time('hash'), time('open')];
  const rest = 'fields, byte range, coverage, report';
  return table('verifying', 'verify pdf per core', [time('whole'), rest], {
    'SHA-256 of the file': hashing,
    'RSA-2048 verification': time('rsa'),
    'read and check the CMS message': time('cms') - time('rsa'),
    'certificate path and revocation': time('path') - time('cms'),
    'read cross-reference and catalog': reading,
  });
}

function table(
  work: string,
  against: string,
  [whole, restName]: readonly [whole: number, restName: string],
  stages: Readonly<Record<string, number>>,
): BenchResult[] {
  const measured = Object.entries(stages).toSorted(([, a], [, b]) => b - a);
  const rest = measured.reduce((left, [, value]) => left - value, whole);
  return [...measured, [restName, rest] as const].map(([stage, value]) => ({
    name: `${work}: ${stage}`,
    value,
    unit: 'µs',
    against,
    ratio: value / whole,
  }));
}
