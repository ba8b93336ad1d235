import { userInfo } from 'node:os';

import type { Agent } from '@congvan/node-agent';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { type PassphraseFiles, passphrasesOf } from '../passphrase/passphrase.ts';
import { chooseAgency } from './layout.ts';

/**
 * The agency's files as a clerk works on them: beside a running agent, or without one. What needs
 * the broker is left for the agent.
 */
export async function openDesk(
  cli: Cli,
  globals: GlobalOptions,
  files: PassphraseFiles = {},
): Promise<Agent> {
  const home = await chooseAgency(cli, globals);
  const { openAgent } = await import('@congvan/node-agent');
  const passphrases = passphrasesOf(cli, files);
  const { text } = cli.messages;
  return await openAgent({
    home,
    mode: 'desk',
    now: cli.now,
    passphrase: {
      node: async () => await passphrases.get('general', text.nodeKey),
      seal: async () => await passphrases.get('seal', text.sealKey),
      encryption: async () => await passphrases.get('encryption', text.encryptionKey),
    },
  });
}

/** Who acts: `--actor`, `CONGVAN_ACTOR`, else the login name. */
export function actorOf(cli: Pick<Cli, 'env'>, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  const named = cli.env['CONGVAN_ACTOR'];
  if (named !== undefined && named !== '') return named;
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
