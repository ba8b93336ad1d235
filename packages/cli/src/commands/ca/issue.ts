import type { CertificateUse, KeyAlgorithm } from '@congvan/signer';
import type { Command } from 'commander';

import {
  type GlobalOptions,
  MAX_NAME_LENGTH,
  newCommand,
  newOption,
  parseLine,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { layoutOf } from '../../home/layout.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { newFile, printIssued, writeCertificates, writeSecret } from './certificate-output.ts';
import { ALGORITHMS, USES } from './names.ts';
import {
  type NameOptions,
  type ServerOptions,
  type ValidityOptions,
  addCaPassphrases,
  addNameOptions,
  addServerOptions,
  addValidity,
  lifeOf,
  serverNamesOf,
  subjectOf,
} from './options.ts';

interface CaIssueOptions extends PassphraseFiles, NameOptions, ServerOptions, ValidityOptions {
  readonly use: CertificateUse;
  readonly name: string;
  readonly algorithm?: KeyAlgorithm;
  readonly out: string;
  readonly pem?: true;
}

/** A key that signs documents or opens them never stands on a disk without its passphrase. */
const PEM_USES: ReadonlySet<CertificateUse> = new Set(['tls']);

/** `congvan ca issue`: a key with its certificate, as a P12 file. */
export function caIssueCommand(cli: Cli): Command {
  const line = parseLine(cli, MAX_NAME_LENGTH);
  const command = newCommand(cli, 'issue', 'caIssue')
    .addOption(newOption(cli, '--use <use>', 'caUse').choices(USES).makeOptionMandatory())
    .addOption(newOption(cli, '--name <name>', 'commonName').argParser(line).makeOptionMandatory());
  addNameOptions(cli, command);
  addServerOptions(cli, command);
  command.addOption(newOption(cli, '--algorithm <name>', 'algorithm').choices(ALGORITHMS));
  addValidity(cli, command).addOption(
    newOption(cli, '--out <file>', 'outP12').makeOptionMandatory(),
  );
  command.addOption(newOption(cli, '--pem', 'outPem'));
  return addCaPassphrases(cli, command)
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: CaIssueOptions, self: Command) => {
      await caIssue(cli, options, self.optsWithGlobals<GlobalOptions>());
    });
}

async function caIssue(cli: Cli, options: CaIssueOptions, globals: GlobalOptions): Promise<void> {
  const out = await newFile(cli, options.out);
  const keyFile = options.pem === true ? await pemKeyFile(cli, options) : undefined;
  const { issueKey, openHomeAuthority } = await import('../../enrolment/authority.ts');
  const passphrases = passphrasesOf(cli, options);
  const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
  const { algorithm, use } = options;
  const request = {
    subject: subjectOf(options.name, options),
    use,
    serverNames: serverNamesOf(options),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...lifeOf(options),
  };
  if (keyFile !== undefined) {
    const { certificate, chain, privateKey } = await authority.issue(request);
    const pem = privateKey?.export({ format: 'pem', type: 'pkcs8' }).toString();
    await writeSecret(keyFile, pem ?? '');
    await writeCertificates(cli, out, [certificate, ...chain]);
    printIssued(cli, globals, certificate, out, { keyFile });
    return;
  }
  const keyPassphrase = await passphrases.choose('keys', cli.messages.text.newKey);
  const issued = await issueKey(authority, request, keyPassphrase);
  await writeSecret(out, issued.p12);
  printIssued(cli, globals, issued.certificate, out);
}

/** Beside `server.pem` the key stands in `server.key`, as servers read it: not under a passphrase. */
async function pemKeyFile(cli: Cli, { out, use }: CaIssueOptions): Promise<string> {
  if (!PEM_USES.has(use)) throw new CliError('CLI_USAGE', cli.messages.ca.pemUse);
  return await newFile(cli, `${out.replace(/\.(?:pem|crt|cer)$/u, '')}.key`);
}
