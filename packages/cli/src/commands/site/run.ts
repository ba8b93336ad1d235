import { join } from 'node:path';

import type { Command } from 'commander';

import {
  collectServers,
  type GlobalOptions,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { findServers } from '../../enrolment/servers.ts';
import { layoutOf } from '../../home/layout.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { createRunLog } from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';

interface SiteRunOptions extends PassphraseFiles {
  readonly server?: readonly string[];
}

/** `congvan site run`: streams, consumers and directory answers, until stopped. */
export function siteRunCommand(cli: Cli): Command {
  return newCommand(cli, 'run', 'siteRun')
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (options: SiteRunOptions, command: Command) => {
      await siteRun(cli, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function siteRun(cli: Cli, options: SiteRunOptions, globals: GlobalOptions): Promise<void> {
  cli.stopSignal();
  const layout = layoutOf(cli, globals);
  const { openSite } = await import('@congvan/bus/site');
  const { openOperator } = await import('@congvan/bus');
  const { openRegistrarSigner, readSite } = await import('../../enrolment/registrar.ts');
  const settings = await readSite(cli, layout);
  const servers = await findServers(cli, layout, options.server);
  const signRegistrar = await openRegistrarSigner(cli, layout, passphrasesOf(cli, options));
  const operator = await openOperator(join(layout.bus, 'operator'));
  const log = createRunLog(cli, globals, 'site');
  await using site = await openSite({
    folder: layout.site,
    operator,
    registrar: settings.registrar,
    signRegistrar,
    servers,
    now: cli.now,
    onError: (error) => log('error', error.message, { error }),
  });
  log('info', cli.messages.text.runs, {
    servers: servers.join(','),
    sites: (await operator.sites()).join(','),
    entries: site.enrolment.registry.entries().length,
  });
  await untilStopped(cli);
  log('info', cli.messages.text.stopped);
}
