import type { PdfLevel, TimeStampSource, TrustStore, ValidationDataSource } from '@congvan/signer';
import type { Command } from 'commander';

import { collect, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { requireTrustFolder } from '../home/trust-folder.ts';

/** Options for what is added to a signature so that it can be checked for longer. */
export interface EvidenceOptions {
  readonly tsa?: readonly string[];
  readonly trust?: string;
  readonly offline?: true;
}

export function addTimeStampOption(cli: Cli, command: Command): Command {
  return command.addOption(newOption(cli, '--tsa <url>', 'tsa').argParser(collect));
}

export function addEvidenceOptions(cli: Cli, command: Command): Command {
  return addTimeStampOption(cli, command)
    .addOption(newOption(cli, '--trust <folder>', 'trust'))
    .addOption(newOption(cli, '--offline', 'offline'));
}

/** Addresses of time-stamp services: `--tsa`, else `CONGVAN_TSA` (separated by commas). */
function tsaAddresses(cli: Cli, options: EvidenceOptions): readonly string[] {
  if (options.tsa !== undefined) return options.tsa;
  const set = cli.env['CONGVAN_TSA'] ?? '';
  return set
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** A source of time-stamps over HTTP; `undefined` where no service is named. */
export async function openTimeStamps(
  cli: Cli,
  options: EvidenceOptions,
): Promise<TimeStampSource | undefined> {
  const urls = tsaAddresses(cli, options);
  if (urls.length === 0) return undefined;
  const { createTsaClient } = await import('@congvan/signer');
  return createTsaClient({
    urls,
    onFailure: (failure) => {
      const { text, files } = cli.messages;
      cli.io.err(`${text.warning}: ${files.tsaFailed(failure.message)}\n`);
    },
  });
}

/**
 * @throws {@link CliError} `CLI_USAGE` when a level is wanted that needs a time-stamp service and none
 *   is named.
 */
export async function requireTimeStamps(
  cli: Cli,
  options: EvidenceOptions,
  level: string,
): Promise<TimeStampSource> {
  const source = await openTimeStamps(cli, options);
  if (source === undefined) throw new CliError('CLI_USAGE', cli.messages.files.tsaNeeded(level));
  return source;
}

/** What is trusted: the folder of `--trust`, else nothing. */
export async function openTrust(cli: Cli, options: EvidenceOptions): Promise<TrustStore> {
  const { createTrustStore, loadTrustStore } = await import('@congvan/signer');
  if (options.trust === undefined) return createTrustStore({ anchors: [] });
  return await loadTrustStore(await requireTrustFolder(cli, options.trust));
}

/** Revocation data from the trust folder and, unless `--offline`, from the addresses in certificates. */
export async function openValidationData(
  cli: Cli,
  options: EvidenceOptions,
): Promise<ValidationDataSource> {
  const trust = await openTrust(cli, options);
  const { collectValidationData } = await import('@congvan/signer');
  return async (certificates) =>
    await collectValidationData(certificates, {
      trust,
      at: cli.now(),
      online: options.offline !== true,
      onFailure: (failure) => warnOfFetch(cli, failure),
    });
}

/** A server that does not answer is no error yet: another source may have what is needed. */
export function warnOfFetch(cli: Cli, failure: { readonly message: string }): void {
  const { text, files } = cli.messages;
  cli.io.err(`${text.warning}: ${files.fetchFailed(failure.message)}\n`);
}

/** Written out, since the command tree is built before anything heavy is loaded. */
export const PDF_LEVELS: readonly PdfLevel[] = ['B-B', 'B-T', 'B-LT', 'B-LTA'];
