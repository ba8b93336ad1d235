/**
 * What signing, verifying, time-stamping and sealing cost, beside the limits of the machine and
 * beside other libraries, all in one run with the same keys and the same 100 KB file.
 *
 * `npm run bench -- signer [--json]`
 *
 * Every value is per second of processor time of one process that does one thing at a time (all its
 * threads count, also those of the garbage collector), so that it says what one core can do and
 * other programs on the machine do not change it much; the rate by the clock stands beside it.
 */
import { hash, sign } from 'node:crypto';

import {
  createTimeStampAuthority,
  signCms,
  signPdf,
  verifyDetached,
  verifyPdf,
} from '@congvan/signer';

import {
  type BenchResult,
  type Rate,
  measureInTurns,
  printResults,
} from '../../../bench/report.ts';
import { type Material, PASSPHRASE, makeMaterial } from './signer/material.ts';
import { verifyWithPkijs } from './signer/pkijs.ts';
import { signAsPublished, tunedSignPdf } from './signer/signpdf.ts';
import { measureSealing } from './signer/sealing.ts';
import { measureStages } from './signer/stages.ts';

const AT = new Date();
const argv = process.argv.slice(2);
const material = await makeMaterial();
printResults(
  'signer',
  [
    ...(await measureSigning(material)),
    ...(await measureVerifying(material)),
    ...(await measureTimeStamps(material)),
    ...(await measureSealing(material)),
    ...(await measureStages(material)),
  ],
  argv,
);

function result(name: string, rate: Rate, against?: string, other?: Rate): BenchResult {
  const { perCpuSecond, perSecond } = rate;
  const plain = { name, value: perCpuSecond, unit: '1/s', wall: perSecond };
  if (against === undefined || other === undefined) return plain;
  return { ...plain, against, ratio: perCpuSecond / other.perCpuSecond };
}

async function measureSigning({ pdf, p12, rsa, ec, stamp }: Material): Promise<BenchResult[]> {
  const { privateKey } = rsa.keys;
  const attributes = pdf.subarray(0, 200);
  const tuned = tunedSignPdf(p12, PASSPHRASE, privateKey);
  const rateOf = await measureInTurns({
    raw: () => sign('sha256', pdf, privateKey),
    rawShort: () => sign('sha256', attributes, privateKey),
    stamped: () => signPdf(pdf, rsa, { signedAt: AT, appearance: stamp }),
    plain: () => signPdf(pdf, rsa, { signedAt: AT }),
    ec: () => signPdf(pdf, ec, { signedAt: AT, appearance: stamp }),
    rawEc: () => sign('sha256', pdf, ec.keys.privateKey),
    published: () => signAsPublished(pdf, p12, PASSPHRASE),
    tuned: () => tuned(pdf),
  });
  const raw = 'raw crypto.sign of the file, RSA-2048';
  return [
    result(raw, rateOf('raw')),
    result('raw crypto.sign of 200 bytes, RSA-2048', rateOf('rawShort')),
    result('raw crypto.sign of the file, P-256', rateOf('rawEc')),
    result('sign pdf per core', rateOf('stamped'), raw, rateOf('raw')),
    result('sign pdf per core, without stamp', rateOf('plain'), raw, rateOf('raw')),
    result('sign pdf per core, P-256', rateOf('ec'), 'raw … P-256', rateOf('rawEc')),
    result(
      'sign pdf against @signpdf',
      rateOf('plain'),
      '@signpdf as published',
      rateOf('published'),
    ),
    result(
      'sign pdf against @signpdf, tuned',
      rateOf('plain'),
      '@signpdf with a signer tuned by hand',
      rateOf('tuned'),
    ),
  ];
}

async function measureVerifying({ pki, pdf, rsa, stamp }: Material): Promise<BenchResult[]> {
  const trust = pki.trust();
  const one = await signPdf(pdf, rsa, { signedAt: AT, appearance: stamp });
  const two = await signPdf(one, rsa, { signedAt: AT, appearance: stamp });
  const cms = await signCms({ content: pdf }, rsa);
  requirePassed(verifyPdf(one, { trust, at: AT }).indication);
  requirePassed(verifyPdf(two, { trust, at: AT }).indication);
  requirePassed(verifyDetached({ cms, content: pdf, trust, at: AT }).indication);
  const rateOf = await measureInTurns({
    one: () => verifyPdf(one, { trust, at: AT }),
    two: () => verifyPdf(two, { trust, at: AT }),
    cms: () => verifyDetached({ cms, content: pdf, trust, at: AT }),
    pkijs: () => verifyWithPkijs(cms, pdf, pki.root.der),
  });
  return [
    result('verify pdf per core', rateOf('one')),
    result('verify pdf per core, two signatures', rateOf('two')),
    result('verify cms', rateOf('cms'), 'pkijs', rateOf('pkijs')),
  ];
}

function requirePassed(indication: string): void {
  if (indication !== 'TOTAL-PASSED')
    throw new Error(`what is measured does not pass: ${indication}`);
}

async function measureTimeStamps({ pki, pdf }: Material): Promise<BenchResult[]> {
  const digest = hash('sha256', pdf, 'buffer');
  const policy = '1.2.3.4';
  const now = (): Date => AT;
  const sources = {
    rsa: await pki.issue({ commonName: 'TSA', use: 'tsa', algorithm: 'rsa-2048' }),
    ec: await pki.issue({ commonName: 'TSA', use: 'tsa', algorithm: 'ec-p256' }),
  };
  const rsa = createTimeStampAuthority({ signer: sources.rsa, policy, now }).source;
  const ec = createTimeStampAuthority({ signer: sources.ec, policy, now }).source;
  const rateOf = await measureInTurns({
    rsa: () => rsa.timeStamp(digest, 'sha256'),
    ec: () => ec.timeStamp(digest, 'sha256'),
  });
  return [
    result('time-stamp tokens, RSA-2048', rateOf('rsa')),
    result('time-stamp tokens, P-256', rateOf('ec')),
  ];
}
