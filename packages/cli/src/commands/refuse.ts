import type { RefusalReason } from '@congvan/bus';
import { type Command, InvalidArgumentError } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../command.ts';
import type { Cli } from '../context.ts';
import { noteAgent } from '../home/note-agent.ts';
import { actorOf, openDesk } from '../home/desk.ts';
import { printResult } from '../output.ts';
import type { PassphraseFiles } from '../passphrase/passphrase.ts';

interface RefuseOptions extends PassphraseFiles {
  readonly code: RefusalReason;
  readonly reason: string;
  readonly actor?: string;
}

/** The codes without loading the bus for `--help`; the type keeps them complete. */
const REFUSAL_CODES: Readonly<Record<RefusalReason, true>> = {
  WRONG_ADDRESSEE: true,
  FILE_UNREADABLE: true,
  INTEGRITY_FAILURE: true,
  SIGNATURE_MISSING: true,
  SIGNATURE_INVALID: true,
  SIGNER_NOT_COMPETENT: true,
  NUMBER_OR_DATE_MISMATCH: true,
  DUPLICATE: true,
  METADATA_INCOMPLETE: true,
  VIRUS: true,
  STATE_SECRET: true,
  OTHER: true,
};

function isRefusalCode(code: string): code is RefusalReason {
  return Object.hasOwn(REFUSAL_CODES, code);
}

/** Small letters and dashes are as good as the code itself. */
function parseRefusalCode(cli: Cli): (value: string) => RefusalReason {
  return (value) => {
    const code = value.trim().toUpperCase().replaceAll('-', '_');
    if (isRefusalCode(code)) return code;
    const known = Object.keys(REFUSAL_CODES).join(', ');
    throw new InvalidArgumentError(cli.messages.text.wantedCode(known));
  };
}

/** `congvan refuse`: receipt 02 with a code and the reason in words. */
export function refuseCommand(cli: Cli): Command {
  return newCommand(cli, 'refuse', 'refuse')
    .addArgument(newArgument(cli, '<id>', 'id'))
    .addOption(
      newOption(cli, '--code <code>', 'refuseCode')
        .choices(Object.keys(REFUSAL_CODES))
        .argParser(parseRefusalCode(cli))
        .makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--reason <text>', 'reason').makeOptionMandatory())
    .addOption(newOption(cli, '--actor <name>', 'actor'))
    .addOption(passphraseOption(cli))
    .action(async (id: string, options: RefuseOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals, options);
      const { code, reason } = options;
      const actor = actorOf(cli, options.actor);
      await agent.refuse(id, { code, reason, ...(actor === undefined ? {} : { actor }) });
      printResult(cli, globals, { id, state: 'refused', code, reason }, () => {
        return `${cli.messages.text.refusedWith(code)}\n`;
      });
      noteAgent(cli, globals, agent);
    });
}
