import type { Signer } from '@congvan/signer';
import type { Command } from 'commander';

import { newOption, passphraseOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../home/input-file.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
  readSecretFile,
} from '../passphrase/passphrase.ts';

/** Where the signing key is: exactly one of `p12`, `token` and `remote`. */
export interface SignerOptions extends PassphraseFiles {
  readonly p12?: string;
  /** Path of the PKCS#11 module. */
  readonly token?: string;
  readonly tokenLabel?: string;
  readonly keyLabel?: string;
  /** Base address of a signing service (Cloud Signature Consortium API). */
  readonly remote?: string;
  readonly credential?: string;
  readonly accessTokenFile?: string;
}

/** The options that name the key to sign with. */
export function addSignerOptions(cli: Cli, command: Command): Command {
  return command
    .addOption(newOption(cli, '--p12 <file>', 'p12'))
    .addOption(newOption(cli, '--token <module>', 'token'))
    .addOption(newOption(cli, '--token-label <label>', 'tokenLabel'))
    .addOption(newOption(cli, '--key-label <label>', 'keyLabel'))
    .addOption(newOption(cli, '--remote <url>', 'remote'))
    .addOption(newOption(cli, '--credential <id>', 'credential'))
    .addOption(newOption(cli, '--access-token-file <file>', 'accessTokenFile'))
    .addOption(passphraseOption(cli));
}

/**
 * Opens the key that the command line names; the passphrase or PIN comes as everywhere.
 *
 * @throws {@link CliError} `CLI_USAGE` when none or more than one is named, and what the key throws.
 */
export async function openNamedSigner(
  cli: Cli,
  options: SignerOptions,
): Promise<Signer & AsyncDisposable> {
  const { files } = cli.messages;
  const { p12, token, remote } = options;
  const namedCount = [p12, token, remote].filter((one) => one !== undefined).length;
  if (namedCount > 1) throw new CliError('CLI_USAGE', files.oneSigner);
  const passphrases = passphrasesOf(cli, options);
  if (p12 !== undefined) return await openP12(cli, p12, options.keyLabel, passphrases);
  if (token !== undefined) return await openNamedToken(cli, token, options, passphrases);
  if (remote !== undefined) return await openRemote(cli, remote, options, passphrases);
  throw new CliError('CLI_USAGE', files.chooseSigner);
}

async function openP12(
  cli: Cli,
  file: string,
  friendlyName: string | undefined,
  passphrases: Passphrases,
): Promise<Signer & AsyncDisposable> {
  const bytes = await readInputFile(cli, file);
  const passphrase = await passphrases.get('general', cli.messages.files.keyOf(file));
  const { openPkcs12 } = await import('@congvan/signer');
  const signer = openPkcs12(bytes, passphrase, {
    ...(friendlyName !== undefined && { friendlyName }),
  });
  return { ...signer, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function openNamedToken(
  cli: Cli,
  module: string,
  { tokenLabel, keyLabel }: SignerOptions,
  passphrases: Passphrases,
): Promise<Signer & AsyncDisposable> {
  const { text, files } = cli.messages;
  const { openToken } = await import('@congvan/signer');
  return await openToken({
    module,
    ...(tokenLabel !== undefined && { tokenLabel }),
    ...(keyLabel !== undefined && { keyLabel }),
    pin: async ({ token }) => await passphrases.get('general', files.pinOf(token.label)),
    onPinState: (state) => {
      if (state === 'ok') return;
      cli.io.err(`${text.warning}: ${files.pinStates[state]}\n`);
    },
  });
}

async function openRemote(
  cli: Cli,
  baseUrl: string,
  { credential, accessTokenFile }: SignerOptions,
  passphrases: Passphrases,
): Promise<Signer & AsyncDisposable> {
  const { files } = cli.messages;
  if (credential === undefined || accessTokenFile === undefined) {
    throw new CliError('CLI_USAGE', files.remoteNeeds);
  }
  const { openRemoteSigner } = await import('@congvan/signer');
  let isWaiting = false;
  return await openRemoteSigner({
    baseUrl,
    credentialId: credential,
    accessToken: async () => await readSecretFile(cli, accessTokenFile),
    pin: async ({ label }) => await passphrases.get('general', files.pinOfRemote(label)),
    otp: async ({ label }) => await passphrases.get('general', files.otpOfRemote(label)),
    onProgress: () => {
      if (!isWaiting) cli.io.err(`${files.waitingForSigner}\n`);
      isWaiting = true;
    },
  });
}
