import type { PaperReason, RegisterEntry } from '@congvan/node-agent';
import type { Command } from 'commander';

import {
  collect,
  type GlobalOptions,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { PAPER_REASONS, parseDocumentType } from '../../documents/request-options.ts';
import { actorOf, openDesk } from '../../home/desk.ts';
import { noteAgent } from '../../home/note-agent.ts';
import { printResult } from '../../output.ts';
import type { PassphraseFiles } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatDay } from '../../terminal/time.ts';

interface PaperOptions extends PassphraseFiles {
  readonly to: readonly string[];
  readonly abstract: string;
  readonly type: string;
  readonly reason: PaperReason;
  readonly notation?: string;
  readonly note?: string;
  readonly key?: string;
  readonly actor?: string;
}

/** `congvan register paper`: a number for a document that leaves on paper only. */
export function registerPaperCommand(cli: Cli): Command {
  return newCommand(cli, 'paper', 'registerPaper')
    .addOption(
      newOption(cli, '-t, --to <name>', 'paperRecipient').argParser(collect).makeOptionMandatory(),
    )
    .addOption(newOption(cli, '-a, --abstract <text>', 'abstract').makeOptionMandatory())
    .addOption(
      newOption(cli, '--type <name>', 'type')
        .argParser(parseDocumentType(cli))
        .makeOptionMandatory(),
    )
    .addOption(
      newOption(cli, '--reason <reason>', 'paperReason')
        .choices(PAPER_REASONS)
        .makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--notation <notation>', 'notation'))
    .addOption(newOption(cli, '--note <text>', 'note'))
    .addOption(newOption(cli, '--key <name>', 'key'))
    .addOption(newOption(cli, '--actor <name>', 'actor'))
    .addOption(passphraseOption(cli))
    .action(async (options: PaperOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals, options);
      const actor = actorOf(cli, options.actor);
      const entry = await agent.registerPaper({
        recipients: options.to,
        abstract: options.abstract,
        documentType: options.type,
        reason: options.reason,
        ...(options.notation === undefined ? {} : { notation: options.notation }),
        ...(options.note === undefined ? {} : { note: options.note }),
        ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
        ...(actor === undefined ? {} : { actor }),
      });
      printResult(cli, globals, entry, () => renderEntry(cli, entry));
      noteAgent(cli, globals, agent);
    });
}

function renderEntry(cli: Cli, entry: RegisterEntry): string {
  const { text } = cli.messages;
  return renderFields([
    [text.result, text.registered],
    [text.number, `${entry.codeNumber}/${entry.codeNotation}`],
    [text.issuedOn, formatDay(entry.issuedOn)],
    [text.documentId, entry.documentId],
  ]);
}
