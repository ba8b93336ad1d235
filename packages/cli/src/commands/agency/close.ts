import type { Command } from 'commander';

import {
  collect,
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
import { formatTime } from '../../terminal/time.ts';

interface CloseOptions extends PassphraseFiles {
  readonly successor?: readonly string[];
}

/** `congvan agency close`: it ends now; a merger names who takes its place. */
export function agencyCloseCommand(cli: Cli): Command {
  return newCommand(cli, 'close', 'agencyClose')
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .addOption(newOption(cli, '--successor <code>', 'successor').argParser(collect))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (code: string, options: CloseOptions, command: Command) => {
      await agencyClose(cli, code, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function agencyClose(
  cli: Cli,
  codeText: string,
  options: CloseOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const { parseAgencyCode } = await import('@congvan/bus');
  const entries = await import('../../enrolment/amend-entry.ts');
  const passphrases = passphrasesOf(cli, options);
  const registry = await entries.openHomeRegistry(cli, layoutOf(cli, globals), passphrases);
  const before = entries.requireEntry(cli, registry, parseAgencyCode(codeText));
  const successors = (options.successor ?? []).map(parseAgencyCode);
  const heirs = successors.map((code) => entries.requireEntry(cli, registry, code));
  // The heirs first: whoever finds the closed entry finds them complete.
  for (const heir of heirs) {
    const { predecessors } = heir;
    if (predecessors.includes(before.code)) continue;
    await entries.amendEntry(registry, heir, { predecessors: [...predecessors, before.code] });
  }
  const validTo = before.validTo ?? cli.now().toISOString();
  const change = { validTo, successors: [...new Set([...before.successors, ...successors])] };
  const entry = await entries.amendEntry(registry, before, change);
  const json = { code: entry.code, validTo, successors, sequence: entry.sequence };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.agency, `${entry.code} ${entry.name}`],
      [text.validTo, formatTime(new Date(validTo))],
      [text.successors, entry.successors.join(', ')],
      [text.sequence, entry.sequence],
    ]),
  );
}
