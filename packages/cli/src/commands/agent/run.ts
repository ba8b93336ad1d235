import { basename, join } from 'node:path';

import type { Agent } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { chooseAgency, layoutOf, listAgencyFolders } from '../../home/layout.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import {
  type MetricsOptions,
  agentConditions,
  agentSamples,
  observe,
} from '../../running/observed.ts';
import { type RunLogOptions, addRunOptions, createRunLog } from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';

interface AgentRunOptions extends PassphraseFiles, RunLogOptions, MetricsOptions {
  readonly all?: true;
  readonly copy?: 'restored' | 'moved';
}

/** `congvan agent run`: one agency's agent, or with `--all` those of every agency in the home. */
export function agentRunCommand(cli: Cli): Command {
  const command = newCommand(cli, 'run', 'agentRun')
    .addOption(newOption(cli, '--all', 'allAgencies'))
    .addOption(newOption(cli, '--copy <kind>', 'copyKind').choices(['restored', 'moved']))
    .addOption(passphraseOption(cli));
  return addRunOptions(cli, command).action(async (options: AgentRunOptions, own: Command) => {
    await agentRun(cli, options, own.optsWithGlobals<GlobalOptions>());
  });
}

async function agentRun(cli: Cli, options: AgentRunOptions, globals: GlobalOptions): Promise<void> {
  const stop = cli.stopSignal();
  const homes =
    options.all === true ? await allHomes(cli, globals) : [await chooseAgency(cli, globals)];
  const passphrases = passphrasesOf(cli, options);
  const agents: Agent[] = [];
  const log = await createRunLog(cli, globals, 'congvan', options);
  await using _observed = await observe(options, log, {
    part: 'agent',
    samples: () => agentSamples(agents),
    conditions: () => agentConditions(agents),
  });
  try {
    for (const home of homes) {
      if (stop.aborted) return;
      agents.push(await startAgent(cli, globals, home, passphrases, options));
    }
    // `finished` rejects when a part of an agent failed for good; a full disk does not end it.
    await Promise.race([untilStopped(cli), ...agents.map((agent) => agent.finished)]);
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
  log('info', cli.messages.text.stopped);
}

async function allHomes(cli: Cli, globals: GlobalOptions): Promise<string[]> {
  const layout = layoutOf(cli, globals);
  const folders = await listAgencyFolders(layout);
  if (folders.length > 0) return folders.map((folder) => join(layout.agents, folder));
  throw new CliError('CLI_AGENCY_NOT_HERE', cli.messages.text.noAgencyHere(layout.root), {
    details: { home: layout.root },
  });
}

async function startAgent(
  cli: Cli,
  globals: GlobalOptions,
  home: string,
  passphrases: Passphrases,
  options: AgentRunOptions,
): Promise<Agent> {
  const { openAgent } = await import('@congvan/node-agent');
  const { text } = cli.messages;
  const log = await createRunLog(cli, globals, basename(home).replaceAll('-', '.'), options);
  const agent = await openAgent({
    home,
    mode: 'run',
    now: cli.now,
    ...(options.copy === undefined ? {} : { copy: options.copy }),
    passphrase: {
      node: async () => await passphrases.get('general', text.nodeKey),
      encryption: async () => await passphrases.get('encryption', text.encryptionKey),
    },
    log: {
      info: (fields, message) => log('info', message, fields),
      warn: (fields, message) => log('warn', message, fields),
      error: (fields, message) => log('error', message, fields),
    },
  });
  log('info', text.runs, { servers: agent.config.servers.join(',') });
  return agent;
}
