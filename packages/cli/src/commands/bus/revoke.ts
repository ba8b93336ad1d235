import type { AgencyCode, TlsMaterial } from '@congvan/bus';
import { type Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { keepOut, openKnown, warnOf } from '../../enrolment/keep-out.ts';
import { CliError } from '../../errors.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { keepConfigs, noteConfigs } from '../../plan/keep-configs.ts';
import {
  type OpenedPlan,
  type TlsOptions,
  openPlanFolder,
  placeOf,
  tlsOfPlan,
} from '../../plan/plan-folder.ts';
import { pushChanged } from '../../plan/push-changed.ts';
import { reportPush } from '../../plan/report-push.ts';

interface BusRevokeOptions extends TlsOptions {
  readonly userKey?: string;
  readonly site?: string;
}

/** `congvan bus revoke`: the broker's part of shutting an agency or a relay out, where the operator's keys are. */
export function busRevokeCommand(cli: Cli): Command {
  return newCommand(cli, 'revoke', 'busRevoke')
    .addArgument(newArgument(cli, '<folder>', 'planFolder'))
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .addOption(newOption(cli, '--user-key <key>', 'userKey'))
    .addOption(newOption(cli, '--site <site>', 'site'))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .action(async (folder: string, code: string, options: BusRevokeOptions, command: Command) => {
      await busRevoke(cli, { folder, code }, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function busRevoke(
  cli: Cli,
  target: { readonly folder: string; readonly code: string },
  options: BusRevokeOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { parseAgencyCode, revokeUser } = await import('@congvan/bus');
  const code = parseAgencyCode(target.code);
  const opened = await openPlanFolder(cli, target.folder);
  const tls = await tlsOfPlan(cli, globals, opened, options);
  if (opened.plan.relays.some((relay) => relay.code === code)) {
    await revokeRelay(cli, globals, opened, code, tls);
    return;
  }
  const { site, userKey } = await findUser(cli, globals, code, options);
  const { id, operator, servers } = await placeOf(cli, opened, site);
  const targets = { servers, ...(tls === undefined ? {} : { tls }) };
  const results = await revokeUser(operator, { site, userPublicKey: userKey }, targets);
  const registry = await openKnown(cli, globals);
  if (registry !== undefined) {
    results.push(...(await keepOut(operator, registry, targets, warnOf(cli, globals))));
  }
  const configs = await keepConfigs(opened, [id]);
  const { enrolment, text } = cli.messages;
  reportPush(cli, globals, results, {
    json: { code, site, userKey, configs },
    fields: [
      [text.agency, code],
      [enrolment.userKey, userKey],
      ...configs.map((path) => [text.file, path] as const),
    ],
    done: enrolment.closedAt,
  });
  noteConfigs(cli, globals, configs);
}

/** A relay of the plan is out at its site and at the centre; `bus plan` makes other credentials. */
async function revokeRelay(
  cli: Cli,
  globals: GlobalOptions,
  opened: OpenedPlan,
  code: AgencyCode,
  tls: TlsMaterial | undefined,
): Promise<void> {
  const { revokePlannedRelay } = await import('@congvan/bus/plan');
  const revoked = await revokePlannedRelay(opened, code);
  const { accounts, files } = revoked ?? { accounts: [], files: [] };
  const results = await pushChanged(opened.plan, accounts, tls);
  const configs = await keepConfigs(
    opened,
    accounts.map(({ place }) => place.id),
  );
  const { enrolment, plan, text } = cli.messages;
  reportPush(cli, globals, results, {
    json: { code, removed: files, configs },
    fields: [
      [text.agency, code],
      ...files.map((file) => [plan.removed, file] as const),
      ...configs.map((path) => [text.file, path] as const),
    ],
    done: enrolment.closedAt,
  });
  noteConfigs(cli, globals, configs);
}

/** Given by the province, which sees the key in its `agency revoke`, else from the directory of this home. */
async function findUser(
  cli: Cli,
  globals: GlobalOptions,
  code: AgencyCode,
  options: BusRevokeOptions,
): Promise<{ site: string; userKey: string }> {
  if (options.userKey !== undefined && options.site !== undefined) {
    return { site: options.site, userKey: options.userKey };
  }
  const known = (await pathExists(layoutOf(cli, globals).site))
    ? await (await import('../../enrolment/read-directory.ts')).findInDirectory(cli, globals, code)
    : undefined;
  const userKey = options.userKey ?? known?.natsUserKey ?? undefined;
  const site = options.site ?? known?.site;
  if (userKey !== undefined && site !== undefined) return { site, userKey };
  throw new CliError('CLI_USAGE', cli.messages.plan.userKeyWanted(code), {
    details: { agencyCode: code },
  });
}
