import { open, stat } from 'node:fs/promises';

import {
  type AsicEFile,
  SignerError,
  certificatesOfCms,
  openAsicEFile,
  verifyDetached,
} from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { MAX_INPUT_FILE_BYTES } from '../home/input-file.ts';
import { withProgress } from '../terminal/stream-progress.ts';
import { formatOf } from './format.ts';
import { type SignatureLine, type VerificationReport, cmsLineOf, worstOf } from './report.ts';
import { type VerifyFileOptions, verifyFile } from './verify-file.ts';

/** What tells a package from other files stands before this. */
const START_BYTES = 64;
/** The name that evidence files give their statement: they are judged in memory. */
const EVIDENCE_ENTRY = 'evidence.json';

/** Whether a file is a package that is too large for memory; a file that is not there is small. */
export async function isLargePackage(file: string): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() !== true || info.size <= MAX_INPUT_FILE_BYTES) return false;
  await using handle = await open(file);
  const start = new Uint8Array(START_BYTES);
  await handle.read(start, 0, START_BYTES, 0);
  return formatOf(start) === 'asic';
}

/**
 * Verifies a package of any size in flat memory, with the signed PDFs inside. It reads those that the
 * bus carries, which have one manifest and one signature.
 *
 * @throws {@link CliError} `CLI_FILE_TOO_LARGE` for a container of another form, for evidence, and
 *   where a PDF inside is too large to be read; `CLI_GIVEN_UP` after Ctrl-C.
 */
export async function verifyLargePackage(
  cli: Cli,
  file: string,
  options: VerifyFileOptions,
): Promise<VerificationReport> {
  const { size } = await stat(file);
  const opened = await openAsicEFile(file).catch((cause: unknown) => {
    if (!(cause instanceof SignerError)) throw cause;
    throw tooLarge(cli, file, size, cause);
  });
  await using container = opened;
  if (container.entries.some(({ name }) => name === EVIDENCE_ENTRY))
    throw tooLarge(cli, file, size);
  const total = container.entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const { at } = options;
  try {
    const { verifying } = cli.messages.files;
    await withProgress(cli, verifying, total, async (work) => await container.checkFiles(work));
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const isDigest = error.code === 'SIGNER_ASIC_DIGEST_MISMATCH';
    return {
      format: 'asic-e',
      indication: 'TOTAL-FAILED',
      subIndication: isDigest ? 'HASH_FAILURE' : 'FORMAT_FAILURE',
      packageDigest: container.manifestSha256,
      at,
      signatures: [],
      detail: error.message,
    };
  }
  const own = await judgeSignature(container, options);
  const inside = await insidePdfs(cli, file, container, options);
  const worst = worstOf([own, ...inside.filter((one) => one.subIndication !== 'NO_SIGNATURE')]);
  return {
    format: 'asic-e',
    indication: worst.indication,
    subIndication: worst.subIndication,
    packageDigest: container.manifestSha256,
    at,
    signatures: [own, ...inside.flatMap((one) => one.signatures)],
    detail: worst.detail,
  };
}

async function judgeSignature(
  { manifest: content, signature: cms }: AsicEFile,
  { trust, at, name, gather }: VerifyFileOptions,
): Promise<SignatureLine> {
  const data = gather === undefined ? {} : { data: await gather(readCertificates(cms)) };
  const verdict = verifyDetached({ cms, content, trust, at, isProven: false, ...data });
  return cmsLineOf(verdict, name, 'package');
}

/** A signature that cannot be read has none; its verdict says what is wrong with it. */
function readCertificates(cms: Uint8Array): ReturnType<typeof certificatesOfCms> {
  try {
    return certificatesOfCms(cms);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return [];
  }
}

async function insidePdfs(
  cli: Cli,
  file: string,
  container: AsicEFile,
  options: VerifyFileOptions,
): Promise<VerificationReport[]> {
  const reports: VerificationReport[] = [];
  for (const { name, bytes } of container.entries) {
    if (!(await isPdf(container, name))) continue;
    if (bytes > MAX_INPUT_FILE_BYTES) throw tooLarge(cli, `${file}: ${name}`, bytes);
    const pdf = await container.read(name, { maxBytes: MAX_INPUT_FILE_BYTES });
    reports.push(await verifyFile(pdf, 'pdf', { ...options, name }));
  }
  return reports;
}

async function isPdf(container: AsicEFile, name: string): Promise<boolean> {
  for await (const start of container.stream(name)) return formatOf(start) === 'pdf';
  return false;
}

function tooLarge(cli: Cli, file: string, bytes: number, cause?: unknown): CliError {
  const message = cli.messages.text.fileTooLarge(file, bytes, MAX_INPUT_FILE_BYTES);
  return new CliError('CLI_FILE_TOO_LARGE', message, { cause, details: { file } });
}
