import { join, resolve } from 'node:path';

import type { BuiltEvidence } from '@congvan/bus/evidence';
import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireNewFile, writeNewFile } from '../../documents/write-new-file.ts';
import { CliError } from '../../errors.ts';
import { openDesk } from '../../home/desk.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { addTimeStampOption, openTimeStamps } from '../../signing/evidence-option.ts';
import { renderFields } from '../../terminal/table.ts';

interface ExportOptions extends PassphraseFiles {
  readonly from?: string;
  readonly output?: string;
  readonly withContent?: true;
  readonly tsa?: readonly string[];
}

/**
 * `congvan evidence export`: everything that is known here of one document, in one signed file. While
 * the time-stamp service is away the file is made without, as the pages of a relay make it.
 */
export function evidenceExportCommand(cli: Cli): Command {
  const command = newCommand(cli, 'export', 'evidenceExport')
    .addArgument(newArgument(cli, '<id>', 'evidenceId'))
    .addOption(newOption(cli, '--from <code>', 'evidenceFrom'))
    .addOption(newOption(cli, '-o, --output <file>', 'evidenceOutput'))
    .addOption(newOption(cli, '--with-content', 'withContent'))
    .addOption(passphraseOption(cli));
  return addTimeStampOption(cli, command).action(
    async (id: string, options: ExportOptions, own: Command) => {
      const globals = own.optsWithGlobals<GlobalOptions>();
      const output = resolve(options.output ?? nameOf(id));
      await requireNewFile(cli, output);
      const built = await exportHere(cli, globals, id, options);
      await writeNewFile(cli, output, built.container);
      const { facts, lacking } = built;
      const { evidence, text } = cli.messages;
      if (lacking.includes('time-stamp')) {
        cli.io.err(`${text.warning}: ${evidence.withoutTimeStamp}\n`);
      }
      const json = {
        file: output,
        bytes: built.container.length,
        document: facts.document,
        receipts: facts.deliveries.reduce((sum, { receipts }) => sum + receipts.length, 0),
        lacking,
      };
      printResult(cli, globals, json, () =>
        renderFields([
          [evidence.wrote, json.file],
          [text.bytes, String(json.bytes)],
          [text.documentId, facts.document.documentId],
          [text.packageDigest, facts.document.packageDigest],
          [evidence.receipts, String(json.receipts)],
          [evidence.lackingTitle, lacking.map((one) => evidence.lacking[one]).join('; ')],
        ]),
      );
    },
  );
}

/** As the agency that is named, else as the relay of this home, else as its only agency. */
async function exportHere(
  cli: Cli,
  globals: GlobalOptions,
  id: string,
  options: ExportOptions,
): Promise<BuiltEvidence> {
  const { evidence, text } = cli.messages;
  const timeStamps = await openTimeStamps(cli, options);
  if (timeStamps === undefined) printNote(cli, globals, `${text.warning}: ${evidence.noTimeStamp}`);
  const { drawCover } = await import('../../drawing/evidence-cover.ts');
  const { relay } = layoutOf(cli, globals);
  const isAgency = (globals.agency ?? (cli.env['CONGVAN_AGENCY'] || undefined)) !== undefined;
  const { parseAgencyCode } = await import('@congvan/bus');
  const from = options.from === undefined ? undefined : parseAgencyCode(options.from);
  if (!isAgency && (await pathExists(join(relay, 'relay.json')))) {
    if (options.withContent === true) throw new CliError('CLI_USAGE', evidence.contentAtRelay);
    const { exportEvidence } = await import('@congvan/bus/relay');
    const passphrases = passphrasesOf(cli, options);
    return await exportEvidence({
      home: relay,
      id,
      passphrase: async () => await passphrases.get('general', text.relayKey),
      timeStamps,
      timeStampMayLack: true,
      drawCover,
      now: cli.now,
      ...(from !== undefined && { from }),
    });
  }
  await using agent = await openDesk(cli, globals, options);
  return await agent.exportEvidence({
    id,
    timeStamps,
    timeStampMayLack: true,
    drawCover,
    ...(options.withContent === true && { withContent: true }),
    ...(from !== undefined && { from }),
  });
}

/** A name that every file system takes. */
function nameOf(id: string): string {
  return `evidence-${id.replaceAll(/[^\p{L}\p{N}.-]+/gu, '-').slice(0, 80)}.asice`;
}
