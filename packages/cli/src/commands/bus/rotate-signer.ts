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
import { printNote } from '../../output.ts';
import { keepConfigs, noteConfigs } from '../../plan/keep-configs.ts';
import { type TlsOptions, openPlanFolder, placeOf, tlsOfPlan } from '../../plan/plan-folder.ts';
import { pushChanged } from '../../plan/push-changed.ts';
import { reportPush } from '../../plan/report-push.ts';

interface RotateOptions extends TlsOptions {
  readonly takenOver?: true;
}

/** `congvan bus rotate-signer`: a new signing key for a site whose own was lost; all its agencies are out. */
export function busRotateSignerCommand(cli: Cli): Command {
  return newCommand(cli, 'rotate-signer', 'busRotateSigner')
    .addArgument(newArgument(cli, '<folder>', 'planFolder'))
    .addArgument(newArgument(cli, '<site>', 'planSite'))
    .addOption(newOption(cli, '--taken-over', 'takenOver'))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .action(async (folder: string, site: string, options: RotateOptions, command: Command) => {
      await rotate(cli, { folder, site }, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function rotate(
  cli: Cli,
  target: { readonly folder: string; readonly site: string },
  options: RotateOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { parseSite, replaceSiteSigner } = await import('@congvan/bus');
  const { replaceSiteCredentials, writeSiteSigner } = await import('@congvan/bus/plan');
  const site = parseSite(target.site);
  const opened = await openPlanFolder(cli, target.folder);
  const { id, operator, servers } = await placeOf(cli, opened, site);
  const tls = await tlsOfPlan(cli, globals, opened, options);
  const targets = { servers, ...(tls === undefined ? {} : { tls }) };
  const results = await replaceSiteSigner(operator, site, targets);
  const file = await writeSiteSigner(target.folder, operator, site);
  const files = [file];
  const changed = [id];
  if (options.takenOver === true) {
    const replaced = await replaceSiteCredentials(opened, site, cli.now());
    results.push(...(await pushChanged(opened.plan, replaced.accounts, tls)));
    files.push(...replaced.files.map((path) => join(target.folder, path)));
    changed.push(...replaced.accounts.map(({ place }) => place.id));
  }
  const configs = await keepConfigs(opened, changed);
  const { plan, text } = cli.messages;
  reportPush(cli, globals, results, {
    json: { site, file, files, configs },
    fields: [
      [text.site, site],
      ...[...files, ...configs].map((path) => [text.file, path] as const),
    ],
    done: plan.tookAccount,
  });
  printNote(cli, globals, `${text.hint}: ${plan.rotateNext(site)}`);
  if (options.takenOver === true) {
    const next = plan.takenOverNext(target.folder, id);
    printNote(cli, globals, `${text.hint}: ${next}`);
  }
  noteConfigs(cli, globals, configs);
}
