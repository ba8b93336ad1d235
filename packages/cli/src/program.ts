import type { Command } from 'commander';

import { newGroup, newProgram } from './command.ts';
import { acceptCommand } from './commands/accept.ts';
import { agencyAddCommand } from './commands/agency/add.ts';
import { agencyCloseCommand } from './commands/agency/close.ts';
import { agencyDelegateCommand } from './commands/agency/delegate.ts';
import { agencyEnrolCommand } from './commands/agency/enrol.ts';
import { agencyListCommand } from './commands/agency/list.ts';
import { agencyMoveCommand } from './commands/agency/move.ts';
import { agencyRevokeCommand } from './commands/agency/revoke.ts';
import { agencyShowCommand } from './commands/agency/show.ts';
import { agentEnrolCommand } from './commands/agent/enrol.ts';
import { agentInitCommand } from './commands/agent/init.ts';
import { agentRunCommand } from './commands/agent/run.ts';
import { agentStatusCommand } from './commands/agent/status.ts';
import { agentBackupCommand } from './commands/agent/backup.ts';
import { agentTransfersCommand } from './commands/agent/transfers.ts';
import { auditExportCommand } from './commands/audit/export.ts';
import { auditPublicationsCommand } from './commands/audit/publications.ts';
import { auditPublishCommand } from './commands/audit/publish.ts';
import { auditRecomputeCommand } from './commands/audit/recompute.ts';
import { busApplyCommand } from './commands/bus/apply.ts';
import { busDoctorCommand } from './commands/bus/doctor.ts';
import { busDownCommand } from './commands/bus/down.ts';
import { busPlanCommand } from './commands/bus/plan.ts';
import { busStatusCommand } from './commands/bus/status.ts';
import { busRevokeCommand } from './commands/bus/revoke.ts';
import { busRotateSignerCommand } from './commands/bus/rotate-signer.ts';
import { busUpCommand } from './commands/bus/up.ts';
import { caAuditCommand } from './commands/ca/audit.ts';
import { caCrlCommand } from './commands/ca/crl.ts';
import { caInitCommand } from './commands/ca/init.ts';
import { caIssueCommand } from './commands/ca/issue.ts';
import { caListCommand } from './commands/ca/list.ts';
import { caReceiveCommand } from './commands/ca/receive.ts';
import { caReleaseCommand } from './commands/ca/release.ts';
import { caRenewCommand } from './commands/ca/renew.ts';
import { caRequestCommand } from './commands/ca/request.ts';
import { caRevokeCommand } from './commands/ca/revoke.ts';
import { caServeCommand } from './commands/ca/serve.ts';
import { caShowCommand } from './commands/ca/show.ts';
import { caSignCommand } from './commands/ca/sign.ts';
import { centreRunCommand } from './commands/centre/run.ts';
import { completeCommand } from './commands/complete.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evidenceExportCommand } from './commands/evidence/export.ts';
import { evidenceVerifyCommand } from './commands/evidence/verify.ts';
import { fileExtendCommand } from './commands/file/extend.ts';
import { fileSealCommand } from './commands/file/seal.ts';
import { fileSignCommand } from './commands/file/sign.ts';
import { fileStampCommand } from './commands/file/stamp.ts';
import { fileTimestampCommand } from './commands/file/timestamp.ts';
import { fileUnsealCommand } from './commands/file/unseal.ts';
import { fileVerifyCommand } from './commands/file/verify.ts';
import { inboxCommand } from './commands/inbox.ts';
import { openCommand } from './commands/open.ts';
import { outboxGiveUpCommand } from './commands/outbox/give-up.ts';
import { outboxRetryCommand } from './commands/outbox/retry.ts';
import { outboxCommand } from './commands/outbox/list.ts';
import { packageCreateCommand } from './commands/package/create.ts';
import { packageShowCommand } from './commands/package/show.ts';
import { packageVerifyCommand } from './commands/package/verify.ts';
import { refuseCommand } from './commands/refuse.ts';
import { registerListCommand } from './commands/register/list.ts';
import { registerPaperCommand } from './commands/register/paper.ts';
import { registerVoidCommand } from './commands/register/void.ts';
import { relayAlertsCommand } from './commands/relay/alerts.ts';
import { relayBackupCommand } from './commands/relay/backup.ts';
import { relayInitCommand } from './commands/relay/init.ts';
import { relayRunCommand } from './commands/relay/run.ts';
import { relayServeCommand } from './commands/relay/serve.ts';
import { relayUserAddCommand } from './commands/relay/user/add.ts';
import { relayUserListCommand } from './commands/relay/user/list.ts';
import { relayUserPasswordCommand } from './commands/relay/user/password.ts';
import { relayUserRemoveCommand } from './commands/relay/user/remove.ts';
import { relayUserTokenCommand } from './commands/relay/user/token.ts';
import { sendCommand } from './commands/send.ts';
import { siteDeskCommand } from './commands/site/desk.ts';
import { siteRunCommand } from './commands/site/run.ts';
import { statsAgenciesCommand } from './commands/stats/agencies.ts';
import { statsDeliveriesCommand } from './commands/stats/deliveries.ts';
import { statsGapsCommand } from './commands/stats/gaps.ts';
import { statsOverdueCommand } from './commands/stats/overdue.ts';
import { statsShareCommand } from './commands/stats/share.ts';
import { statsTrendCommand } from './commands/stats/trend.ts';
import { trackCommand } from './commands/track.ts';
import { verifyCommand } from './commands/verify.ts';
import type { Cli } from './context.ts';

/** The whole command tree in one language; nothing runs and nothing heavy is loaded yet. */
export function createProgram(cli: Cli, version: string): Command {
  const { help } = cli.messages;
  const program = newProgram(cli, version);
  program.commandsGroup(help.groups.clerk);
  for (const command of clerkCommands(cli)) program.addCommand(command);
  program.commandsGroup(help.groups.trust);
  for (const command of trustCommands(cli)) program.addCommand(command);
  program.commandsGroup(help.groups.running);
  for (const command of runningCommands(cli)) program.addCommand(command);
  program.commandsGroup(help.groups.anyone);
  for (const command of anyoneCommands(cli)) program.addCommand(command);
  return program;
}

function clerkCommands(cli: Cli): Command[] {
  return [
    sendCommand(cli),
    inboxCommand(cli),
    openCommand(cli),
    acceptCommand(cli),
    refuseCommand(cli),
    completeCommand(cli),
    outboxCommand(cli).addCommand(outboxRetryCommand(cli)).addCommand(outboxGiveUpCommand(cli)),
    trackCommand(cli),
    newGroup(cli, 'register', 'register', [
      registerPaperCommand(cli),
      registerListCommand(cli),
      registerVoidCommand(cli),
    ]),
  ];
}

function trustCommands(cli: Cli): Command[] {
  return [
    newGroup(cli, 'ca', 'ca', [
      caInitCommand(cli),
      caIssueCommand(cli),
      caRequestCommand(cli),
      caSignCommand(cli),
      caReceiveCommand(cli),
      caRenewCommand(cli),
      caRevokeCommand(cli),
      caReleaseCommand(cli),
      caListCommand(cli),
      caShowCommand(cli),
      caCrlCommand(cli),
      caAuditCommand(cli),
      caServeCommand(cli),
    ]),
    newGroup(cli, 'agency', 'agency', [
      agencyAddCommand(cli),
      agencyEnrolCommand(cli),
      agencyRevokeCommand(cli),
      agencyMoveCommand(cli),
      agencyCloseCommand(cli),
      agencyDelegateCommand(cli),
      agencyListCommand(cli),
      agencyShowCommand(cli),
    ]),
  ];
}

function runningCommands(cli: Cli): Command[] {
  return [
    newGroup(cli, 'agent', 'agent', [
      agentInitCommand(cli),
      agentEnrolCommand(cli),
      agentRunCommand(cli),
      agentStatusCommand(cli),
      agentTransfersCommand(cli),
      agentBackupCommand(cli),
    ]),
    newGroup(cli, 'bus', 'bus', [
      busUpCommand(cli),
      busDownCommand(cli),
      busPlanCommand(cli),
      busApplyCommand(cli),
      busStatusCommand(cli),
      busDoctorCommand(cli),
      busRevokeCommand(cli),
      busRotateSignerCommand(cli),
    ]),
    newGroup(cli, 'centre', 'centre', [centreRunCommand(cli)]),
    newGroup(cli, 'site', 'site', [siteDeskCommand(cli), siteRunCommand(cli)]),
    newGroup(cli, 'relay', 'relay', [
      relayInitCommand(cli),
      relayRunCommand(cli),
      relayServeCommand(cli),
      relayAlertsCommand(cli),
      relayBackupCommand(cli),
      newGroup(cli, 'user', 'relayUser', [
        relayUserAddCommand(cli),
        relayUserListCommand(cli),
        relayUserPasswordCommand(cli),
        relayUserTokenCommand(cli),
        relayUserRemoveCommand(cli),
      ]),
    ]),
  ];
}

function anyoneCommands(cli: Cli): Command[] {
  return [
    verifyCommand(cli),
    newGroup(cli, 'file', 'file', [
      fileSignCommand(cli),
      fileStampCommand(cli),
      fileVerifyCommand(cli),
      fileTimestampCommand(cli),
      fileExtendCommand(cli),
      fileSealCommand(cli),
      fileUnsealCommand(cli),
    ]),
    newGroup(cli, 'package', 'package', [
      packageCreateCommand(cli),
      packageVerifyCommand(cli),
      packageShowCommand(cli),
    ]),
    newGroup(cli, 'evidence', 'evidence', [evidenceExportCommand(cli), evidenceVerifyCommand(cli)]),
    newGroup(cli, 'audit', 'audit', [
      auditPublishCommand(cli),
      auditPublicationsCommand(cli),
      auditExportCommand(cli),
      auditRecomputeCommand(cli),
    ]),
    newGroup(cli, 'stats', 'stats', [
      statsShareCommand(cli),
      statsTrendCommand(cli),
      statsDeliveriesCommand(cli),
      statsOverdueCommand(cli),
      statsAgenciesCommand(cli),
      statsGapsCommand(cli),
    ]),
    demoCommand(cli),
    doctorCommand(cli),
  ];
}
