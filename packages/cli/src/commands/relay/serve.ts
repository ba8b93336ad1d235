import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import { type HttpOptions, addHttpOptions, serveHttp } from '../../running/http.ts';
import { type RunLogOptions, addLogOptions, createRunLog } from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';

const DEFAULT_ADDRESS = '127.0.0.1:8480';

/** `congvan relay serve`: pages and API out of a folder, whether or not its relay runs. */
export function relayServeCommand(cli: Cli): Command {
  const command = addHttpOptions(cli, newCommand(cli, 'serve', 'relayServe'));
  return addLogOptions(cli, command).action(
    async (options: HttpOptions & RunLogOptions, own: Command) => {
      const globals = own.optsWithGlobals<GlobalOptions>();
      cli.stopSignal();
      const home = await requireRelay(cli, globals);
      const log = await createRunLog(cli, globals, 'relay', options);
      const { NOT_RUNNING } = await import('@congvan/bus/relay');
      const where = { ...options, http: options.http ?? DEFAULT_ADDRESS };
      await using _side = await serveHttp(cli, where, home, log, () => NOT_RUNNING);
      await untilStopped(cli);
      log('info', cli.messages.text.stopped);
    },
  );
}
