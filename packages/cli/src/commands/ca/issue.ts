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
import { layoutOf } from '../../home/layout.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { newFile, printIssued, writeSecret } from './certificate-output.ts';
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
}

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
  return addCaPassphrases(cli, command)
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: CaIssueOptions, self: Command) => {
      await caIssue(cli, options, self.optsWithGlobals<GlobalOptions>());
    });
}

async function caIssue(cli: Cli, options: CaIssueOptions, globals: GlobalOptions): Promise<void> {
  const out = await newFile(cli, options.out);
  const { issueKey, openHomeAuthority } = await import('../../enrolment/authority.ts');
  const passphrases = passphrasesOf(cli, options);
  const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
  const keyPassphrase = await passphrases.choose('keys', cli.messages.text.newKey);
  const { algorithm, use } = options;
  const issued = await issueKey(
    authority,
    {
      subject: subjectOf(options.name, options),
      use,
      serverNames: serverNamesOf(options),
      ...(algorithm === undefined ? {} : { algorithm }),
      ...lifeOf(options),
    },
    keyPassphrase,
  );
  await writeSecret(out, issued.p12);
  printIssued(cli, globals, issued.certificate, out);
}
