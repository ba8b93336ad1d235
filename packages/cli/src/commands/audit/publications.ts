import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import { printNote, printResult } from '../../output.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatDate } from '../../terminal/time.ts';

/** `congvan audit publications`: what was published, beside the running relay or without. */
export function auditPublicationsCommand(cli: Cli): Command {
  return newCommand(cli, 'publications', 'auditPublications').action(
    async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openRelayReader } = await import('@congvan/bus/relay');
      using reader = openRelayReader(home);
      const publications = reader.listPublications();
      const { audit, text } = cli.messages;
      printResult(cli, globals, { publications }, () => {
        if (publications.length === 0) return `${audit.noPublications}\n`;
        const right = (title: string) => ({ title, align: 'right' as const });
        const columns = [
          right(audit.sequence),
          { title: text.month },
          right(audit.revision),
          { title: audit.publishedAt },
          right(audit.asOf),
          right(audit.changes),
          { title: audit.digest },
        ];
        const rows = publications.map((one) => [
          one.sequence,
          one.month,
          one.revision,
          formatDate(new Date(one.published_at)),
          one.record,
          one.changes,
          one.digest,
        ]);
        return renderTable(cli.io, columns, rows);
      });
      const last = publications.at(-1);
      if (last !== undefined) printNote(cli, globals, audit.fetchPublication(last.month));
    },
  );
}
