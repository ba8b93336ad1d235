import type { ServiceHandler } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, parseCount } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { isSystemError, readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { createRunLog } from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';
import { addCaPassphrases, parseWebAddress } from './options.ts';

const MAX_PORT = 65_535;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8_082;
/** Baseline policy for time-stamps (ETSI EN 319 421 §5.2). */
const DEFAULT_POLICY = '0.4.0.2023.1.1';

interface CaServeOptions extends PassphraseFiles {
  readonly host: string;
  readonly port: number;
  readonly baseUrl?: string;
  readonly tsa?: string;
  readonly tsaPolicy: string;
}

/** `congvan ca serve`: what verifiers ask an authority for, until stopped. */
export function caServeCommand(cli: Cli): Command {
  const command = newCommand(cli, 'serve', 'caServe')
    .addOption(newOption(cli, '--host <address>', 'serveHost').default(DEFAULT_HOST))
    .addOption(
      newOption(cli, '--port <port>', 'servePort')
        .argParser(parseCount(cli, 0, MAX_PORT))
        .default(DEFAULT_PORT),
    )
    .addOption(newOption(cli, '--base-url <url>', 'caBaseUrl').argParser(parseWebAddress(cli)))
    .addOption(newOption(cli, '--tsa <file>', 'tsaKey'))
    .addOption(newOption(cli, '--tsa-policy <oid>', 'tsaPolicy').default(DEFAULT_POLICY));
  return addCaPassphrases(cli, command)
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: CaServeOptions, self: Command) => {
      await caServe(cli, options, self.optsWithGlobals<GlobalOptions>());
    });
}

async function caServe(cli: Cli, options: CaServeOptions, globals: GlobalOptions): Promise<void> {
  cli.stopSignal();
  const { ca, text } = cli.messages;
  const { startAuthorityService } = await import('@congvan/signer');
  const { openHomeAuthority } = await import('../../enrolment/authority.ts');
  const passphrases = passphrasesOf(cli, options);
  const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
  const layout = layoutOf(cli, globals);
  const authority = await openHomeAuthority(cli, layout, passphrases);
  if (options.baseUrl !== undefined) await authority.setBaseUrl(options.baseUrl);
  const log = await createRunLog(cli, globals, 'ca');
  const onError = (error: unknown): void => log('error', ca.serveFailed, { error });
  const tsa = await timeStampsOf(cli, options, passphrases, onError);
  await using service = await startAuthorityService({
    authority,
    host: options.host,
    port: options.port,
    ...(tsa === undefined ? {} : { tsa }),
    now: cli.now,
    onRenewed: async () => {
      const written = await spreadCrls(layout, authority);
      log('info', ca.renewedLists, { copies: written.length });
    },
    onError,
  }).catch((error: unknown) => {
    throw listenFailure(cli, options, error);
  });
  log('info', text.runs, {
    url: service.url,
    ...(authority.baseUrl === undefined ? {} : { baseUrl: authority.baseUrl }),
  });
  if (authority.baseUrl === undefined) log('warn', ca.noBaseUrl);
  await untilStopped(cli);
  log('info', text.stopped);
}

/** A port that somebody else holds, or that only the system may open, is the operator's to change. */
function listenFailure(cli: Cli, { host, port }: CaServeOptions, error: unknown): unknown {
  const inUse = isSystemError(error, 'EADDRINUSE');
  const isOfPort = inUse || isSystemError(error, 'EACCES') || isSystemError(error, 'EADDRNOTAVAIL');
  if (!isOfPort || !(error instanceof Error) || !('port' in error)) return error;
  const { ca } = cli.messages;
  const message = inUse ? ca.portTaken(host, port) : ca.portRefused(host, port);
  return new CliError('CLI_ALREADY_RUNNING', message, { cause: error, details: { host, port } });
}

async function timeStampsOf(
  cli: Cli,
  { tsa, tsaPolicy }: CaServeOptions,
  passphrases: Passphrases,
  onError: (error: unknown) => void,
): Promise<ServiceHandler | undefined> {
  if (tsa === undefined) return undefined;
  const { createTimeStampAuthority, openPkcs12, tsaHandler } = await import('@congvan/signer');
  const bytes = await readInputFile(cli, tsa);
  const signer = openPkcs12(bytes, await passphrases.get('keys', cli.messages.ca.tsaKey));
  const source = createTimeStampAuthority({ signer, policy: tsaPolicy, now: cli.now, onError });
  return tsaHandler(source);
}
