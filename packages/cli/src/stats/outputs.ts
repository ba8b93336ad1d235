import { resolve } from 'node:path';

import type { Command } from 'commander';

import { collect, type GlobalOptions, newOption, parseLine } from '../command.ts';
import type { Cli } from '../context.ts';
import { requireNewFile } from '../documents/write-new-file.ts';
import { CliError } from '../errors.ts';
import { addTimeStampOption, type EvidenceOptions } from '../signing/evidence-option.ts';
import { addSignerOptions, type SignerOptions } from '../signing/signer-option.ts';

const MAX_WORDS = 200;

/** Where an answer goes, and what a signed report says about itself. */
export interface OutputOptions extends SignerOptions, EvidenceOptions {
  /** `true`: to stdout. */
  readonly csv?: string | true;
  readonly xlsx?: string;
  readonly pdf?: string;
  readonly force?: true;
  readonly number?: string;
  readonly issuer?: string;
  readonly issuerParent?: string;
  readonly place?: string;
  readonly signatory?: string;
  readonly position?: string;
  readonly recipient?: readonly string[];
}

const OF_PDF = {
  number: '--number',
  issuer: '--issuer',
  issuerParent: '--issuer-parent',
  place: '--place',
  signatory: '--signatory',
  position: '--position',
  recipient: '--recipient',
  p12: '--p12',
  token: '--token',
  remote: '--remote',
  tsa: '--tsa',
} as const;

export function addOutputOptions(cli: Cli, command: Command): Command {
  const line = parseLine(cli, MAX_WORDS);
  command
    .addOption(newOption(cli, '--csv [file]', 'csv'))
    .addOption(newOption(cli, '--xlsx <file>', 'xlsx'))
    .addOption(newOption(cli, '--pdf <file>', 'pdf'))
    .addOption(newOption(cli, '--force', 'force'))
    .addOption(newOption(cli, '--number <code>', 'reportNumber').argParser(line))
    .addOption(newOption(cli, '--issuer <name>', 'issuer').argParser(line))
    .addOption(newOption(cli, '--issuer-parent <name>', 'issuerParent').argParser(line))
    .addOption(newOption(cli, '--place <place>', 'place').argParser(line))
    .addOption(newOption(cli, '--signatory <name>', 'reportSignatory').argParser(line))
    .addOption(newOption(cli, '--position <text>', 'reportPosition').argParser(line))
    .addOption(
      newOption(cli, '--recipient <name>', 'reportRecipient').argParser(
        (value: string, before: readonly string[] | undefined) => collect(line(value), before),
      ),
    );
  return addTimeStampOption(cli, addSignerOptions(cli, command));
}

/** Files to write, all of them free to be written. */
export interface Outputs {
  readonly csv: string | undefined;
  readonly csvToStdout: boolean;
  readonly xlsx: string | undefined;
  readonly pdf: string | undefined;
  readonly force: boolean;
}

/**
 * @throws {@link CliError} `CLI_USAGE` for options that do not go together, `CLI_ALREADY_EXISTS` and
 *   `CLI_WRITE_FAILED` before anything is read or signed.
 */
export async function planOutputs(
  cli: Cli,
  globals: GlobalOptions,
  options: OutputOptions,
): Promise<Outputs> {
  const { stats } = cli.messages;
  const path = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(file);
  const csvToStdout = options.csv === true;
  if (csvToStdout && globals.json === true) throw new CliError('CLI_USAGE', stats.oneToStdout);
  if (options.pdf === undefined) {
    for (const [name, option] of Object.entries(OF_PDF)) {
      if (Reflect.get(options, name) === undefined) continue;
      throw new CliError('CLI_USAGE', stats.pdfOnly(option));
    }
  }
  const outputs: Outputs = {
    csv: typeof options.csv === 'string' ? path(options.csv) : undefined,
    csvToStdout,
    xlsx: path(options.xlsx),
    pdf: path(options.pdf),
    force: options.force === true,
  };
  for (const file of [outputs.csv, outputs.xlsx, outputs.pdf]) {
    if (file !== undefined) await requireNewFile(cli, file, outputs.force);
  }
  return outputs;
}
