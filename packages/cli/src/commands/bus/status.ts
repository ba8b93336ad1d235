import { join } from 'node:path';

import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import type { TlsOptions } from '../../plan/plan-folder.ts';
import { presenceOf, renderPresence } from '../../running/site-presence.ts';
import { renderFields } from '../../terminal/table.ts';

/** `congvan bus status`: exit code 7 when the local server does not run. */
export function busStatusCommand(cli: Cli): Command {
  return newCommand(cli, 'status', 'busStatus')
    .addArgument(newArgument(cli, '[folder]', 'planFolder'))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .action(async (folder: string | undefined, options: TlsOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      if (folder === undefined) return await localStatus(cli, globals);
      const { planStatus } = await import('./plan-status.ts');
      await planStatus(cli, folder, options, globals);
    });
}

async function localStatus(cli: Cli, globals: GlobalOptions): Promise<void> {
  const { text } = cli.messages;
  const { findLocalServer, openOperator } = await import('@congvan/bus');
  const folder = layoutOf(cli, globals).bus;
  const operator = join(folder, 'operator');
  const sites = (await pathExists(operator)) ? await (await openOperator(operator)).sites() : [];
  const server = await findLocalServer(folder);
  const presence = await presenceOf(cli, globals);
  const shown = { running: server !== undefined, ...server, sites, folder, presence };
  printResult(cli, globals, shown, () =>
    [
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
      renderPresence(cli, presence),
    ].join(''),
  );
  if (server === undefined) cli.setExitCode(EXIT.notRunning);
}
