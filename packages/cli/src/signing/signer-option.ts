import type { Certificate, KeyDescription, OpenedSigner } from '@congvan/signer';
import type { Command } from 'commander';

import { newOption, passphraseOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { safeText } from '../terminal/safe-text.ts';
import { formatTime } from '../terminal/time.ts';
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
    .addOption(newOption(cli, '--pin-file <file>', 'pinFile'))
    .addOption(passphraseOption(cli));
}

/**
 * Opens the key that the command line names. The passphrase of a P12 file comes as everywhere; a PIN
 * only from a source of its own, since tokens and services count wrong ones.
 *
 * @throws {@link CliError} `CLI_USAGE` when none or more than one is named, and what the key throws.
 */
export async function openNamedSigner(cli: Cli, options: SignerOptions): Promise<OpenedSigner> {
  const { openSigner } = await import('@congvan/signer');
  const signer = await openSigner(await describeKey(cli, options));
  await warnOfUnfit(cli, signer.certificate);
  return signer;
}

/** A signature that nobody will accept is made all the same, as only the person knows what it is for. */
async function warnOfUnfit(cli: Cli, certificate: Certificate): Promise<void> {
  const { createTrustStore, validatePath } = await import('@congvan/signer');
  const { text, files } = cli.messages;
  const { subjectText, notBefore, notAfter } = certificate;
  const name = safeText(subjectText);
  const now = cli.now();
  // Without anchors no path is found; what the certificate itself forbids is said before that.
  const trust = createTrustStore({ anchors: [] });
  const { subIndication } = validatePath(certificate, { trust, at: now, isProven: false });
  if (subIndication === 'CHAIN_CONSTRAINTS_FAILURE') {
    cli.io.err(`${text.warning}: ${files.notForSigning(name)}\n`);
  }
  if (now < notBefore || now > notAfter) {
    cli.io.err(
      `${text.warning}: ${files.notInForce(name, formatTime(notBefore), formatTime(notAfter))}\n`,
    );
  }
}

async function describeKey(cli: Cli, options: SignerOptions): Promise<KeyDescription> {
  const { files } = cli.messages;
  const { p12, token, remote, keyLabel } = options;
  const namedCount = [p12, token, remote].filter((one) => one !== undefined).length;
  if (namedCount > 1) throw new CliError('CLI_USAGE', files.oneSigner);
  const passphrases = passphrasesOf(cli, options);
  if (p12 !== undefined) {
    return {
      kind: 'p12',
      p12: await readInputFile(cli, p12),
      passphrase: async () => await passphrases.get('general', files.keyOf(p12)),
      ...(keyLabel !== undefined && { friendlyName: keyLabel }),
    };
  }
  if (token !== undefined) return tokenKey(cli, token, options, passphrases);
  if (remote !== undefined) return remoteKey(cli, remote, options, passphrases);
  throw new CliError('CLI_USAGE', files.chooseSigner);
}

function tokenKey(
  cli: Cli,
  module: string,
  { tokenLabel, keyLabel }: SignerOptions,
  passphrases: Passphrases,
): KeyDescription {
  const { text, files } = cli.messages;
  return {
    kind: 'token',
    module,
    ...(tokenLabel !== undefined && { tokenLabel }),
    ...(keyLabel !== undefined && { keyLabel }),
    pin: async ({ token }) => await passphrases.get('pin', files.pinOf(token.label)),
    onPinState: (state) => {
      if (state === 'ok') return;
      cli.io.err(`${text.warning}: ${files.pinStates[state]}\n`);
    },
  };
}

function remoteKey(
  cli: Cli,
  baseUrl: string,
  { credential, accessTokenFile }: SignerOptions,
  passphrases: Passphrases,
): KeyDescription {
  const { files } = cli.messages;
  if (credential === undefined || accessTokenFile === undefined) {
    throw new CliError('CLI_USAGE', files.remoteNeeds);
  }
  let isWaiting = false;
  return {
    kind: 'remote',
    baseUrl,
    credentialId: credential,
    accessToken: async () => await readSecretFile(cli, accessTokenFile),
    pin: async ({ label }) => await passphrases.get('pin', files.pinOfRemote(label)),
    otp: async ({ label }) => await passphrases.ask(files.otpOfRemote(label)),
    onProgress: () => {
      if (!isWaiting) cli.io.err(`${files.waitingForSigner}\n`);
      isWaiting = true;
    },
  };
}
