import type { PdfLevel, Signer, SignPdfOptions } from '@congvan/signer';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { outputPath, requireNewFile, writeNewFile } from '../documents/write-new-file.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../home/input-file.ts';
import { printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';
import { formatOf } from '../verification/format.ts';
import {
  type EvidenceOptions,
  openTimeStamps,
  openValidationData,
  requireTimeStamps,
} from './evidence-option.ts';
import { type SignerOptions, openNamedSigner } from './signer-option.ts';

/** What `file sign` and `file stamp` share. */
export interface SignFileOptions extends SignerOptions, EvidenceOptions {
  readonly out?: string;
  readonly level?: PdfLevel;
  readonly reason?: string;
  readonly location?: string;
  readonly certify?: 1 | 2 | 3;
  readonly repair?: true;
}

/** What stands in the signature beyond what the options of the level say; of a PDF only. */
export type MoreOfSignature = (signer: Signer) => Promise<Pick<SignPdfOptions, 'appearance'>>;

/** Signs a PDF in itself, or another file with a signature beside it. */
export async function signFile(
  cli: Cli,
  file: string,
  options: SignFileOptions,
  globals: GlobalOptions,
  more?: MoreOfSignature,
): Promise<void> {
  const bytes = await readInputFile(cli, file);
  const isPdf = formatOf(bytes) === 'pdf';
  if (!isPdf) {
    // A stamp is drawn on a page: without one the file would be signed and show nothing.
    if (more !== undefined) {
      const details = { file };
      throw new CliError('CLI_FILE_KIND_UNKNOWN', cli.messages.files.notStampable(file), {
        details,
      });
    }
    refusePdfOptions(cli, file, options);
  }
  const out = isPdf
    ? outputPath(options.out, file, 'signed')
    : outputPath(options.out, file, '', '.p7s');
  await requireNewFile(cli, out);
  await using signer = await openNamedSigner(cli, options);
  const level = options.level ?? ((await openTimeStamps(cli, options)) ? 'B-T' : 'B-B');
  const signed = isPdf
    ? await signOnePdf(cli, bytes, signer, { ...options, level }, globals, await more?.(signer))
    : await signDetached(cli, bytes, signer, { ...options, level });
  await writeNewFile(cli, out, signed);
  const { subjectText, sha256 } = signer.certificate;
  const json = { file, out, level, signer: subjectText, certificateSha256: sha256 };
  const { text, files } = cli.messages;
  printResult(cli, globals, json, () =>
    renderFields([
      [files.wroteUnder, out],
      [files.signedAs, subjectText],
      [files.level, level],
      [text.certificate, `SHA-256 ${sha256}`],
    ]),
  );
}

async function signOnePdf(
  cli: Cli,
  bytes: Uint8Array,
  signer: Signer,
  options: SignFileOptions & { readonly level: PdfLevel },
  globals: GlobalOptions,
  more: Pick<SignPdfOptions, 'appearance'> = {},
): Promise<Uint8Array> {
  const { repairPdf, requireSignablePdf, signPdf } = await import('@congvan/signer');
  const { level, reason, location, certify } = options;
  const isLong = level === 'B-LT' || level === 'B-LTA';
  // Whoever signs below a broken signature vouches for what somebody else has changed.
  const prepared = requireSignablePdf(options.repair === true ? repairPdf(bytes) : bytes);
  return await signPdf(prepared, signer, {
    signedAt: cli.now(),
    level,
    ...more,
    ...(reason !== undefined && { reason }),
    ...(location !== undefined && { location }),
    ...(certify !== undefined && { certify }),
    ...(level !== 'B-B' && { timeStamps: await requireTimeStamps(cli, options, level) }),
    ...(isLong && { validationData: await openValidationData(cli, options, globals, level) }),
  });
}

async function signDetached(
  cli: Cli,
  content: Uint8Array,
  signer: Signer,
  options: SignFileOptions & { readonly level: PdfLevel },
): Promise<Uint8Array> {
  const { signCms } = await import('@congvan/signer');
  const { level } = options;
  const signedAt = cli.now();
  if (level === 'B-B') return await signCms({ content }, signer, { signedAt });
  if (level !== 'B-T') throw new CliError('CLI_USAGE', cli.messages.files.levelOfDetached(level));
  const timeStamps = await requireTimeStamps(cli, options, level);
  return await signCms({ content }, signer, { timeStamps, signedAt });
}

/** Options that have no meaning beside a file that is no PDF are a mistake, not a wish. */
function refusePdfOptions(cli: Cli, file: string, options: SignFileOptions): void {
  for (const name of ['reason', 'location', 'certify', 'repair'] as const) {
    if (options[name] === undefined) continue;
    throw new CliError('CLI_USAGE', cli.messages.files.forPdfOnly(`--${name}`, file));
  }
}
