import type { HttpSide, MakeEvidence, RelayState } from '@congvan/bus/relay';
import type { Command } from 'commander';

import { newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import type { RunLog } from './run-log.ts';

export interface HttpOptions {
  readonly http?: string;
  readonly httpCertificate?: string;
  readonly httpKey?: string;
}

/** `--http`, `--http-certificate` and `--http-key`, the same for `relay run` and `relay serve`. */
export function addHttpOptions(cli: Cli, command: Command): Command {
  return command
    .addOption(newOption(cli, '--http <address>', 'http'))
    .addOption(newOption(cli, '--http-certificate <file>', 'httpCertificate'))
    .addOption(newOption(cli, '--http-key <file>', 'httpKey'));
}

/** Serves pages and API where the operator asked for it. */
export async function serveHttp(
  cli: Cli,
  options: HttpOptions,
  home: string,
  log: RunLog,
  state: () => RelayState,
  evidence?: MakeEvidence,
): Promise<HttpSide | undefined> {
  if (options.http === undefined) return undefined;
  const { openAccounts, startHttpThread } = await import('@congvan/bus/relay');
  const side = await startHttpThread({
    home,
    address: options.http,
    ...(options.httpCertificate === undefined ? {} : { certificate: options.httpCertificate }),
    ...(options.httpKey === undefined ? {} : { key: options.httpKey }),
    state,
    ...(evidence === undefined ? {} : { evidence }),
    log: (level, message, details) => log(level, message, details),
  });
  log('info', cli.messages.relay.serves, { url: side.url });
  using accounts = await openAccounts(home, cli.now);
  if (accounts.list().length === 0) log('warn', cli.messages.relay.firstAccount);
  return side;
}
