import { join } from 'node:path';

import type { LocalServer } from '@congvan/bus';
import type { Command } from 'commander';

import {
  collectList,
  type GlobalOptions,
  newCommand,
  newOption,
  parseCount,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';

/** The site that a first start serves when none is named: the centre. */
const DEFAULT_SITE = 'TW';

interface BusUpOptions {
  readonly site?: readonly string[];
  readonly port?: number;
  readonly detach?: true;
}

/** `congvan bus up`: the local nats-server, in the foreground or with `--detach` in the background. */
export function busUpCommand(cli: Cli): Command {
  return newCommand(cli, 'up', 'busUp')
    .addOption(newOption(cli, '--site <site>', 'sites').argParser(collectList))
    .addOption(newOption(cli, '--port <port>', 'port').argParser(parseCount(cli, 1, 65_535)))
    .addOption(newOption(cli, '--detach', 'detach'))
    .action(async (options: BusUpOptions, command: Command) => {
      await busUp(cli, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function busUp(cli: Cli, options: BusUpOptions, globals: GlobalOptions): Promise<void> {
  const { text } = cli.messages;
  const { openOperator, parseSite, startLocalServer } = await import('@congvan/bus');
  const folder = layoutOf(cli, globals).bus;
  const named = (options.site ?? []).map((site) => parseSite(site));
  const hosted = await (await openOperator(join(folder, 'operator'))).sites();
  const sites = named.length > 0 || hosted.length > 0 ? named : [parseSite(DEFAULT_SITE)];
  const server = await startLocalServer({
    folder,
    sites,
    detached: options.detach === true,
    whenRunning: options.detach === true ? 'adopt' : 'refuse',
    announce: (line) => cli.io.err(`${line}\n`),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const json = await describeServer(server);
  printResult(cli, globals, json, () =>
    renderFields([
      [text.state, server.adopted ? text.ranBefore : text.runs],
      [text.server, `${server.url} (nats-server ${server.version}, ${text.process} ${server.pid})`],
      [text.sites, json.sites.join(', ')],
      [text.folder, folder],
    ]),
  );
  if (options.detach === true) return;
  const stop = cli.stopSignal();
  const stopped = new Promise<'stopped'>((resolve) => {
    if (stop.aborted) resolve('stopped');
    stop.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  const ended = await Promise.race([stopped, server.exited().then(() => 'ended' as const)]);
  await server.stop();
  if (ended === 'ended') {
    throw new CliError('CLI_NOT_RUNNING', text.serverEnded(join(folder, 'nats-server.log')));
  }
}

async function describeServer(server: LocalServer): Promise<{
  url: string;
  pid: number;
  version: string;
  sites: readonly string[];
  adopted: boolean;
}> {
  const { url, pid, version, adopted } = server;
  return { url, pid, version, sites: await server.operator.sites(), adopted };
}
