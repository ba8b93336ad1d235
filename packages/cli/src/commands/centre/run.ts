import { join } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { layoutOf } from '../../home/layout.ts';
import { passphrasesOf } from '../../passphrase/passphrase.ts';
import type { TlsOptions } from '../../plan/plan-folder.ts';
import { type RunLogOptions, addRunOptions, createRunLog } from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';

/** `congvan centre run`: what the centre of a federated plan does beside its servers, until stopped. */
export function centreRunCommand(cli: Cli): Command {
  const command = newCommand(cli, 'run', 'centreRun')
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli));
  return addRunOptions(cli, command).action(
    async (options: TlsOptions & RunLogOptions, own: Command) => {
      await centreRun(cli, options, own.optsWithGlobals<GlobalOptions>());
    },
  );
}

async function centreRun(
  cli: Cli,
  options: TlsOptions & RunLogOptions,
  globals: GlobalOptions,
): Promise<void> {
  cli.stopSignal();
  const layout = layoutOf(cli, globals);
  const { CENTRE_CREDENTIALS_FILE, CENTRE_PLAN_FILE, readCentrePlan } =
    await import('@congvan/bus/plan');
  const { openCentre } = await import('@congvan/bus/site');
  const { tlsOfHome, wantTls } = await import('../../enrolment/bus-tls.ts');
  const { readInputFile } = await import('../../home/input-file.ts');
  const plan = await readCentrePlan(join(layout.bus, CENTRE_PLAN_FILE));
  if (plan === undefined) {
    throw new CliError('CLI_FILE_NOT_FOUND', cli.messages.plan.noCentre(layout.bus), {
      details: { folder: layout.bus },
    });
  }
  const { servers, streams } = plan;
  const passphrases = passphrasesOf(cli, options);
  const tls = await tlsOfHome(cli, layout, passphrases, options, wantTls(servers));
  const log = await createRunLog(cli, globals, 'centre', options);
  await using _centre = await openCentre({
    servers,
    streams,
    credentials: await readInputFile(cli, join(layout.bus, 'operator', CENTRE_CREDENTIALS_FILE)),
    ...(tls === undefined ? {} : { tls }),
    onError: (error) => log('error', error.message, { error }),
  });
  log('info', cli.messages.text.runs, { servers: servers.join(',') });
  await untilStopped(cli);
  log('info', cli.messages.text.stopped);
}
