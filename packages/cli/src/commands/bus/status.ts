import { join } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';

/** `congvan bus status`: exit code 7 when the local server does not run. */
export function busStatusCommand(cli: Cli): Command {
  return newCommand(cli, 'status', 'busStatus').action(
    async (_options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { text } = cli.messages;
      const { findLocalServer, openOperator } = await import('@congvan/bus');
      const folder = layoutOf(cli, globals).bus;
      const operator = join(folder, 'operator');
      const sites = (await pathExists(operator))
        ? await (await openOperator(operator)).sites()
        : [];
      const server = await findLocalServer(folder);
      printResult(cli, globals, { running: server !== undefined, ...server, sites, folder }, () =>
        renderFields([
          [text.state, server === undefined ? text.doesNotRun : text.runs],
          [
            text.server,
            server === undefined
              ? undefined
              : `${server.url} (nats-server ${server.version}, ${text.process} ${server.pid})`,
          ],
          [text.sites, sites.join(', ')],
          [text.folder, folder],
        ]),
      );
      if (server === undefined) cli.setExitCode(EXIT.notRunning);
    },
  );
}
