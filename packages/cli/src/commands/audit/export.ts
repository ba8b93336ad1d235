import { resolve } from 'node:path';

import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireNewFile } from '../../documents/write-new-file.ts';
import { requireRelay } from '../../home/relay.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { withProgress } from '../../terminal/stream-progress.ts';
import { renderFields } from '../../terminal/table.ts';
import { type Months, parseMonths } from './period.ts';

interface ExportOptions extends PassphraseFiles {
  readonly output?: string;
}

/** `congvan audit export`: one file with everything that published figures come from. */
export function auditExportCommand(cli: Cli): Command {
  return newCommand(cli, 'export', 'auditExport')
    .addArgument(newArgument(cli, '<months>', 'months').argParser(parseMonths(cli)))
    .addOption(newOption(cli, '-o, --output <file>', 'auditOutput'))
    .addOption(passphraseOption(cli))
    .action(async ({ from, to }: Months, options: ExportOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { audit, text } = cli.messages;
      const name = from === to ? from : `${from}..${to}`;
      const output = resolve(options.output ?? `congvan-audit-${name}.zip`);
      await requireNewFile(cli, output);
      const { exportAudit, openRelayReader } = await import('@congvan/bus/relay');
      const passphrases = passphrasesOf(cli, options);
      const records = countRecords(openRelayReader, home, to);
      const written = await withProgress(
        cli,
        audit.exporting,
        records,
        async ({ onProgress, signal }) =>
          await exportAudit({
            home,
            from,
            to,
            output,
            passphrase: async () => await passphrases.get('general', text.relayKey),
            now: cli.now,
            signal,
            onProgress,
          }),
        audit.exportStopped,
      );
      printResult(cli, globals, written, () =>
        renderFields([
          [audit.wrote, written.file],
          [audit.months, written.months.join(', ')],
          [audit.publications, String(written.publications)],
          [audit.records, String(written.records)],
          [audit.bytes, String(written.bytes)],
          ['SHA-256', written.sha256],
        ]),
      );
    });
}

/** How many records the file will hold, for the progress bar alone. */
function countRecords(
  open: typeof import('@congvan/bus/relay').openRelayReader,
  home: string,
  to: string,
): number {
  using reader = open(home);
  return reader
    .listPublications()
    .filter(({ month }) => month <= to)
    .reduce((most, { record }) => Math.max(most, record), 0);
}
