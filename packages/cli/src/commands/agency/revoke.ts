import type { RevocationReason } from '@congvan/signer';
import type { Command } from 'commander';

import {
  collectServers,
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { warnOf } from '../../enrolment/keep-out.ts';
import { EXIT } from '../../exit-codes.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { passphrasesOf } from '../../passphrase/passphrase.ts';
import { noteConfigs } from '../../plan/keep-configs.ts';
import { type TlsOptions, openPlanFolder } from '../../plan/plan-folder.ts';
import { renderFields } from '../../terminal/table.ts';
import { REASONS } from '../ca/names.ts';
import { addCaPassphrases } from '../ca/options.ts';

interface AgencyRevokeOptions extends TlsOptions {
  readonly reason: RevocationReason;
  readonly server?: readonly string[];
  readonly close?: true;
  readonly plan?: string;
}

/** `congvan agency revoke`: the broker first, since that ends what goes on now. */
export function agencyRevokeCommand(cli: Cli): Command {
  const command = newCommand(cli, 'revoke', 'agencyRevoke')
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .addOption(
      newOption(cli, '--reason <reason>', 'revokeReason').choices(REASONS).makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--close', 'closeAgency'))
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(newOption(cli, '--plan <folder>', 'revokePlan'))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'));
  return addCaPassphrases(cli, command).action(
    async (code: string, options: AgencyRevokeOptions, self: Command) => {
      await agencyRevoke(cli, code, options, self.optsWithGlobals<GlobalOptions>());
    },
  );
}

async function agencyRevoke(
  cli: Cli,
  codeText: string,
  options: AgencyRevokeOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { enrolment, text } = cli.messages;
  const { parseAgencyCode } = await import('@congvan/bus');
  const { revokeMember } = await import('../../enrolment/revoke-member.ts');
  const code = parseAgencyCode(codeText);
  const revoked = await revokeMember(cli, layoutOf(cli, globals), passphrasesOf(cli, options), {
    code,
    reason: options.reason,
    closes: options.close === true,
    servers: options.server,
    tls: options,
    warn: warnOf(cli, globals),
    ...(options.plan === undefined ? {} : { plan: await openPlanFolder(cli, options.plan) }),
  });
  const brokers = revoked.brokers.map(({ server, error }) => {
    return { server, closed: error === undefined, ...(error && { error: error.message }) };
  });
  const { name, natsUserKey, certificates, closedAt, tokens, written, configs } = revoked;
  const json = {
    code,
    name,
    natsUserKey,
    brokers,
    certificates,
    closedAt,
    tokens,
    written,
    configs,
  };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.agency, `${code} ${name}`],
      [enrolment.userKey, natsUserKey ?? enrolment.noUserKey],
      ...brokers.map(({ server, closed, error }) => {
        const words = closed
          ? enrolment.closedAt(server)
          : enrolment.notReached(server, error ?? '');
        return [enrolment.brokerClosed, words] as const;
      }),
      ...certificates.map(
        ({ use, serialNumber }) => [`${enrolment.revokedNow} ${use}`, serialNumber] as const,
      ),
      ...tokens.map((id) => [enrolment.tokenId, `${id} ${enrolment.states.cancelled}`] as const),
      ...(closedAt === null ? [] : [[enrolment.closedEntry, closedAt] as const]),
      ...configs.map((path) => [text.file, path] as const),
    ]),
  );
  noteConfigs(cli, globals, configs);
  for (const { server, closed, error } of brokers) {
    if (closed) continue;
    // A server that was not reached still lets the agency in: no script may take this for done.
    printNote(cli, globals, `${text.warning}: ${enrolment.notReached(server, error ?? '')}`);
    cli.setExitCode(EXIT.notRunning);
  }
}
