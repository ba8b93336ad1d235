import { join } from 'node:path';

import type { MakeEvidence } from '@congvan/bus/relay';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { type HttpOptions, addHttpOptions, serveHttp } from '../../running/http.ts';
import { type MetricsOptions, observe, relayObserved, relayState } from '../../running/observed.ts';
import {
  type RunLog,
  type RunLogOptions,
  addRunOptions,
  createRunLog,
} from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';
import { watchTrust } from '../../running/watch-trust.ts';
import { openTimeStamps } from '../../signing/evidence-option.ts';

type RelayRunOptions = PassphraseFiles & RunLogOptions & MetricsOptions & HttpOptions;

/** `congvan relay run`: takes reports in and answers with watermarks, until stopped. */
export function relayRunCommand(cli: Cli): Command {
  const command = newCommand(cli, 'run', 'relayRun').addOption(passphraseOption(cli));
  return addRunOptions(cli, addHttpOptions(cli, command)).action(
    async (options: RelayRunOptions, own: Command) => {
      const globals = own.optsWithGlobals<GlobalOptions>();
      cli.stopSignal();
      const home = await requireRelay(cli, globals);
      const { openRelay } = await import('@congvan/bus/relay');
      const { TrustFolder } = await import('@congvan/signer');
      const passphrases = passphrasesOf(cli, options);
      const log = await createRunLog(cli, globals, 'relay', options);
      const evidence =
        options.http === undefined ? undefined : await makeEvidence(cli, home, passphrases, log);
      const stop = cli.stopSignal();
      // Before the relay reads it: what changes meanwhile is taken, too.
      const trust = await TrustFolder.open(join(home, 'trust'));
      const relay = await openRelay({
        waitForBroker: stop,
        home,
        passphrase: async () => await passphrases.get('general', cli.messages.text.relayKey),
        now: cli.now,
        log: (level, message, details) => log(level, message, details),
      }).catch((error: unknown) => {
        if (stop.aborted) return undefined;
        throw error;
      });
      if (relay === undefined) return;
      await using running = relay;
      const { servers } = running.config;
      log('info', cli.messages.text.runs, { code: running.code, servers: servers.join(',') });
      const reload = async (): Promise<void> => {
        await running.reloadTrust();
        log('info', cli.messages.text.trustReloaded);
      };
      const observed = await relayObserved(running, cli.now);
      await using _observed = await observe(options, log, observed);
      await using _side = await serveHttp(
        cli,
        options,
        home,
        log,
        () => relayState(running, observed),
        evidence,
      );
      const stopWatching = watchTrust(
        async () => await trust.refresh(cli.now().getTime(), true),
        reload,
        (error) => log('error', String(error), { error }),
      );
      await untilStopped(cli);
      stopWatching();
      log('info', cli.messages.text.stopped);
    },
  );
}

/** For all services together; whoever asks waits at most a minute for the file. */
const TIME_STAMP_WAIT_MS = 20_000;

/**
 * Evidence files as `congvan evidence export` writes them, for the pages: with a time-stamp where
 * `CONGVAN_TSA` names a service, so that they outlive the relay's certificate. While the service is
 * away the file is made without, and says so: whoever needs evidence today gets it.
 */
async function makeEvidence(
  cli: Cli,
  home: string,
  passphrases: Passphrases,
  log: RunLog,
): Promise<MakeEvidence> {
  const timeStamps = await openTimeStamps(cli, {}, TIME_STAMP_WAIT_MS);
  if (timeStamps === undefined) log('warn', cli.messages.relay.noTimeStamp);
  return async (id, from) => {
    const { exportEvidence } = await import('@congvan/bus/relay');
    const { parseAgencyCode } = await import('@congvan/bus');
    const { drawCover } = await import('../../drawing/evidence-cover.ts');
    const built = await exportEvidence({
      home,
      id,
      from: parseAgencyCode(from),
      passphrase: async () => await passphrases.get('general', cli.messages.text.relayKey),
      timeStamps,
      timeStampMayLack: true,
      drawCover,
      now: cli.now,
    });
    const lacksTimeStamp = built.lacking.includes('time-stamp');
    if (lacksTimeStamp) log('warn', cli.messages.relay.timeStampLacks, { id });
    return { bytes: built.container, lacksTimeStamp };
  };
}
