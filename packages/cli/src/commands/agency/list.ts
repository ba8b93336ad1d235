import type { DirectoryEntry } from '@congvan/bus';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { printResult } from '../../output.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatDate } from '../../terminal/time.ts';

/** `congvan agency list`: the newest entry of every code. */
export function agencyListCommand(cli: Cli): Command {
  return newCommand(cli, 'list', 'agencyList').action(
    async (_options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { readDirectory } = await import('../../enrolment/read-directory.ts');
      const entries = (await readDirectory(cli, globals)).toSorted((a, b) =>
        a.code < b.code ? -1 : 1,
      );
      printResult(cli, globals, { agencies: entries.map(withoutBytes) }, () =>
        renderDirectory(cli, entries),
      );
    },
  );
}

/** Certificates by fingerprint only: the bytes help nobody on a screen. */
export function withoutBytes(entry: DirectoryEntry): Record<string, unknown> {
  const certificates = entry.certificates.map(({ use, sha256 }) => ({ use, sha256 }));
  return { ...entry, certificates };
}

function renderDirectory(cli: Cli, entries: readonly DirectoryEntry[]): string {
  const { text } = cli.messages;
  if (entries.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: text.code },
      { title: text.name },
      { title: text.tier },
      { title: text.parent },
      { title: text.site },
      { title: text.role },
      { title: text.validFrom },
      { title: text.validTo },
    ],
    entries.map((entry) => [
      entry.code,
      entry.name,
      text.tiers[entry.tier],
      entry.parent ?? '',
      entry.site,
      text.roles[entry.role],
      formatDate(new Date(entry.validFrom)),
      entry.validTo === null ? '' : formatDate(new Date(entry.validTo)),
    ]),
  );
}
