import type { CertificateUse } from '@congvan/signer';
import type { Command } from 'commander';

import {
  type GlobalOptions,
  MAX_NAME_LENGTH,
  newArgument,
  newCommand,
  newOption,
  parseLine,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { newFile, printIssued, writeCertificates } from './certificate-output.ts';
import { USES } from './names.ts';
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

interface CaSignOptions extends PassphraseFiles, NameOptions, ServerOptions, ValidityOptions {
  readonly use: CertificateUse;
  readonly name?: string;
  readonly out: string;
}

/** `congvan ca sign`: a certificate for somebody who keeps the key. */
export function caSignCommand(cli: Cli): Command {
  const line = parseLine(cli, MAX_NAME_LENGTH);
  const command = newCommand(cli, 'sign', 'caSign')
    .addArgument(newArgument(cli, '<request>', 'requestFile'))
    .addOption(newOption(cli, '--use <use>', 'caUse').choices(USES).makeOptionMandatory())
    .addOption(newOption(cli, '--name <name>', 'subjectName').argParser(line));
  addNameOptions(cli, command);
  addServerOptions(cli, command);
  addValidity(cli, command).addOption(
    newOption(cli, '--out <file>', 'outCertificate').makeOptionMandatory(),
  );
  return addCaPassphrases(cli, command).action(
    async (file: string, options: CaSignOptions, self: Command) => {
      await caSign(cli, file, options, self.optsWithGlobals<GlobalOptions>());
    },
  );
}

async function caSign(
  cli: Cli,
  file: string,
  options: CaSignOptions,
  globals: GlobalOptions,
): Promise<void> {
  const out = await newFile(cli, options.out);
  const { parseCertificateRequest } = await import('@congvan/signer');
  const { openHomeAuthority } = await import('../../enrolment/authority.ts');
  const request = parseCertificateRequest(await readInputFile(cli, file));
  const passphrases = passphrasesOf(cli, options);
  const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
  const serverNames = serverNamesOf(options);
  const { certificate, chain, leftOut } = await authority.issueFor(request, {
    use: options.use,
    ...(options.name === undefined ? {} : { subject: subjectOf(options.name, options) }),
    ...(serverNames === undefined ? {} : { serverNames }),
    ...lifeOf(options),
  });
  await writeCertificates(cli, out, [certificate, ...chain]);
  printIssued(cli, globals, certificate, out, { leftOut });
  if (leftOut.length > 0) {
    const { ca, text } = cli.messages;
    printNote(cli, globals, `${text.note}: ${ca.leftOutNote(leftOut.join(', '))}`);
  }
}
