import { createPrivateKey, type KeyObject } from 'node:crypto';

import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { readInputFile } from '../../home/input-file.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { newFile, printIssued, writeSecret } from './certificate-output.ts';

interface CaReceiveOptions extends PassphraseFiles {
  readonly key: string;
  readonly out: string;
}

/** `congvan ca receive`: the other end of `ca request`. */
export function caReceiveCommand(cli: Cli): Command {
  return newCommand(cli, 'receive', 'caReceive')
    .addArgument(newArgument(cli, '<certificate>', 'certificateFile'))
    .addOption(newOption(cli, '--key <file>', 'keyFileOption').makeOptionMandatory())
    .addOption(newOption(cli, '--out <file>', 'outP12').makeOptionMandatory())
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (file: string, options: CaReceiveOptions, command: Command) => {
      await caReceive(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function caReceive(
  cli: Cli,
  file: string,
  options: CaReceiveOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { ca } = cli.messages;
  const out = await newFile(cli, options.out);
  const { SignerError, createKeySigner, parseCertificates, writePkcs12 } =
    await import('@congvan/signer');
  const [certificate, ...chain] = parseCertificates(await readInputFile(cli, file));
  if (certificate === undefined) {
    throw new SignerError('SIGNER_CERTIFICATE_INVALID', `no certificate in '${file}'`);
  }
  const pem = await readInputFile(cli, options.key);
  const passphrase = await passphrasesOf(cli, options).get('keys', ca.keyFile(options.key));
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: Buffer.from(pem), passphrase });
  } catch (cause) {
    const message = `the passphrase does not open '${options.key}'`;
    throw new SignerError('SIGNER_KEY_INVALID', message, { cause });
  }
  createKeySigner({ privateKey, certificate, chain }); // refuses a key of another certificate
  const friendlyName = certificate.commonName ?? certificate.subjectText;
  await writeSecret(out, writePkcs12({ privateKey, certificate, chain, friendlyName, passphrase }));
  printIssued(cli, globals, certificate, out);
}
