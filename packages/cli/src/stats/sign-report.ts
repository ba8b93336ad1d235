import type { OpenedSigner, Signer } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { passphrasesOf } from '../passphrase/passphrase.ts';
import { openTimeStamps } from '../signing/evidence-option.ts';
import { openNamedSigner } from '../signing/signer-option.ts';
import type { OutputOptions } from './outputs.ts';

/** The key that the command line names, else the relay's own. */
export async function openReportSigner(
  cli: Cli,
  home: string,
  options: OutputOptions,
): Promise<OpenedSigner> {
  const isNamed = [options.p12, options.token, options.remote].some((one) => one !== undefined);
  if (isNamed) return await openNamedSigner(cli, options);
  const { openSigner } = await import('@congvan/signer');
  const { readNodeKeyFile } = await import('@congvan/bus/figures');
  const passphrases = passphrasesOf(cli, options);
  return await openSigner({
    kind: 'p12',
    p12: await readNodeKeyFile(home),
    passphrase: async () => await passphrases.get('general', cli.messages.text.relayKey),
  });
}

/** PAdES; with a proven time where a time-stamp service is named. */
export async function signReport(
  cli: Cli,
  pdf: Uint8Array,
  signer: Signer,
  signedAt: Date,
  options: OutputOptions,
): Promise<{ readonly bytes: Uint8Array; readonly level: 'B-B' | 'B-T' }> {
  const { requireSignablePdf, signPdf } = await import('@congvan/signer');
  const timeStamps = await openTimeStamps(cli, options);
  const level = timeStamps === undefined ? 'B-B' : 'B-T';
  const { place } = options;
  const bytes = await signPdf(requireSignablePdf(pdf), signer, {
    signedAt,
    level,
    ...(timeStamps !== undefined && { timeStamps }),
    ...(place !== undefined && { location: place }),
  });
  return { bytes, level };
}
