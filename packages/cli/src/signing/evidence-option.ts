import type { PdfLevel, TimeStampSource, TrustStore, ValidationDataSource } from '@congvan/signer';
import type { Command } from 'commander';

import { collect, type GlobalOptions, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { findTrustFolder } from '../home/trust-folder.ts';
import { safeText } from '../terminal/safe-text.ts';

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
  const set = cli.env['CONGVAN_TSA'] ?? '';
  const urls = (options.tsa ?? set.split(',')).map((one) => one.trim());
  const named = urls.filter((one) => one !== '');
  for (const url of named) {
    const protocol = URL.parse(url)?.protocol;
    if (protocol === 'http:' || protocol === 'https:') continue;
    throw new CliError('CLI_USAGE', cli.messages.files.wantedTsa(url));
  }
  return named;
}

/**
 * A source of time-stamps over HTTP; `undefined` where no service is named.
 *
 * @param waitMs - for all services together, where less than their own limits is wanted.
 */
export async function openTimeStamps(
  cli: Cli,
  options: EvidenceOptions,
  waitMs?: number,
): Promise<TimeStampSource | undefined> {
  const urls = tsaAddresses(cli, options);
  if (urls.length === 0) return undefined;
  const { createTsaClient } = await import('@congvan/signer');
  return createTsaClient({
    urls,
    ...(waitMs !== undefined && { timeoutMs: Math.floor(waitMs / urls.length) }),
    onFailure: (failure) => {
      // A single service that fails ends the command with the same words.
      if (urls.length === 1) return;
      const { text, files } = cli.messages;
      cli.io.err(`${text.warning}: ${files.tsaFailed(safeText(failure.message))}\n`);
    },
  });
}

/**
 * @param level - the level that needs it; left out where time-stamping is all that is asked.
 * @throws {@link CliError} `CLI_USAGE` when no service is named.
 */
export async function requireTimeStamps(
  cli: Cli,
  options: EvidenceOptions,
  level?: string,
): Promise<TimeStampSource> {
  const source = await openTimeStamps(cli, options);
  if (source !== undefined) return source;
  const { files } = cli.messages;
  throw new CliError(
    'CLI_USAGE',
    level === undefined ? files.serviceNeeded : files.tsaNeeded(level),
  );
}

/** What is trusted: the folder that `verify` would take, too; `undefined` without an anchor in it. */
async function openTrust(
  cli: Cli,
  options: EvidenceOptions,
  globals: GlobalOptions,
): Promise<TrustStore | undefined> {
  const folder = await findTrustFolder(cli, options.trust, globals);
  if (folder === undefined) return undefined;
  const { loadTrustStore } = await import('@congvan/signer');
  const trust = await loadTrustStore(folder);
  return trust.anchors.length > 0 ? trust : undefined;
}

/**
 * Revocation data from the trust folder and, unless `--offline`, from the addresses in certificates.
 *
 * @throws {@link CliError} `CLI_USAGE` when nobody is trusted: no path leads anywhere, so that no
 *   evidence could be told from any other bytes.
 */
export async function openValidationData(
  cli: Cli,
  options: EvidenceOptions,
  globals: GlobalOptions,
  level: PdfLevel,
): Promise<ValidationDataSource> {
  const trust = await openTrust(cli, options, globals);
  if (trust === undefined) throw new CliError('CLI_USAGE', cli.messages.files.trustNeeded(level));
  const { collectValidationData } = await import('@congvan/signer');
  return async (certificates) =>
    await collectValidationData(certificates, {
      trust,
      at: cli.now(),
      online: options.offline !== true,
      // Offline nothing was to be fetched: what is missing is named when the level is not reached.
      ...(options.offline !== true && {
        onFailure: (failure) => warnOfFetch(cli, failure),
      }),
    });
}

/**
 * A server that does not answer is no error yet: another source may have what is needed. Addresses and
 * names in the message come from certificates of strangers.
 */
export function warnOfFetch(cli: Cli, failure: { readonly message: string }): void {
  const { text, files } = cli.messages;
  cli.io.err(`${text.warning}: ${files.fetchFailed(safeText(failure.message))}\n`);
}
