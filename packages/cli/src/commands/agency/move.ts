import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

interface MoveOptions extends PassphraseFiles {
  readonly site: string;
}

/** `congvan agency move`: the same agency at another site, such as after a merger of provinces. */
export function agencyMoveCommand(cli: Cli): Command {
  return newCommand(cli, 'move', 'agencyMove')
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .addOption(newOption(cli, '--site <site>', 'site').makeOptionMandatory())
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (code: string, options: MoveOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { text } = cli.messages;
      const { parseAgencyCode, parseSite } = await import('@congvan/bus');
      const entries = await import('../../enrolment/amend-entry.ts');
      const passphrases = passphrasesOf(cli, options);
      const registry = await entries.openHomeRegistry(cli, layoutOf(cli, globals), passphrases);
      const before = entries.requireEntry(cli, registry, parseAgencyCode(code));
      // Its broker key belongs to the account of the site that it leaves.
      const change = { site: parseSite(options.site), natsUserKey: null };
      const entry = await entries.amendEntry(registry, before, change);
      const json = {
        code: entry.code,
        from: before.site,
        to: entry.site,
        sequence: entry.sequence,
      };
      printResult(cli, globals, json, () =>
        renderFields([
          [text.agency, `${entry.code} ${entry.name}`],
          [text.site, `${before.site} → ${entry.site}`],
          [text.sequence, entry.sequence],
        ]),
      );
    });
}
