import type { DirectoryEntry } from '@congvan/bus';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { withoutBytes } from './list.ts';

/** `congvan agency show`: one directory entry with its certificates. */
export function agencyShowCommand(cli: Cli): Command {
  return newCommand(cli, 'show', 'agencyShow')
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .action(async (text: string, _options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { parseAgencyCode } = await import('@congvan/bus');
      const { findInDirectory } = await import('../../enrolment/read-directory.ts');
      const code = parseAgencyCode(text);
      const entry = await findInDirectory(cli, globals, code);
      if (entry === undefined) {
        throw new CliError('CLI_AGENCY_NOT_FOUND', cli.messages.text.agencyNotFound(code), {
          details: { agencyCode: code },
        });
      }
      printResult(cli, globals, withoutBytes(entry), () => renderEntry(cli, entry));
    });
}

function renderEntry(cli: Cli, entry: DirectoryEntry): string {
  const { enrolment, text } = cli.messages;
  return renderFields([
    [text.code, entry.code],
    [text.name, entry.name],
    [text.tier, text.tiers[entry.tier]],
    [text.parent, entry.parent],
    [text.site, entry.site],
    [text.role, text.roles[entry.role]],
    [text.validFrom, formatTime(new Date(entry.validFrom))],
    [text.validTo, entry.validTo === null ? null : formatTime(new Date(entry.validTo))],
    [text.oldCodes, entry.oldCodes.join(', ')],
    [text.predecessors, entry.predecessors.join(', ')],
    [text.successors, entry.successors.join(', ')],
    ...entry.certificates.map(
      ({ use, sha256 }) => [`${text.certificate} ${use}`, `SHA-256 ${sha256}`] as const,
    ),
    [enrolment.userKey, entry.natsUserKey],
    [text.sequence, entry.sequence],
    [text.registrar, entry.registrar],
    [text.sites, entry.delegation?.sites.join(', ')],
    [text.delegationEnds, entry.delegation?.lastSequence],
  ]);
}
