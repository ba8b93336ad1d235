import type { KeyAlgorithm, ServerNames, Signer, SubjectName } from '@congvan/signer';
import type { Command } from 'commander';

import {
  type GlobalOptions,
  MAX_NAME_LENGTH,
  newCommand,
  newOption,
  parseLine,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { writeNewFile } from '../../documents/write-new-file.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { newFile, writeSecret } from './certificate-output.ts';
import { ALGORITHMS } from './names.ts';
import {
  type NameOptions,
  type ServerOptions,
  addNameOptions,
  addServerOptions,
  serverNamesOf,
  subjectOf,
} from './options.ts';

interface CaRequestOptions extends PassphraseFiles, NameOptions, ServerOptions {
  readonly p12?: string;
  readonly newKey?: string;
  readonly algorithm: KeyAlgorithm;
  readonly name?: string;
  readonly out: string;
}

/** `congvan ca request`: asks an authority for a certificate; the key stays here. */
export function caRequestCommand(cli: Cli): Command {
  const line = parseLine(cli, MAX_NAME_LENGTH);
  const command = newCommand(cli, 'request', 'caRequest')
    .addOption(newOption(cli, '--new-key <file>', 'newKey').conflicts('p12'))
    .addOption(
      newOption(cli, '--algorithm <name>', 'algorithm').choices(ALGORITHMS).default('rsa-2048'),
    )
    .addOption(newOption(cli, '--p12 <file>', 'requestP12'))
    .addOption(newOption(cli, '--name <name>', 'commonName').argParser(line));
  addNameOptions(cli, command);
  return addServerOptions(cli, command)
    .addOption(newOption(cli, '--out <file>', 'outRequest').makeOptionMandatory())
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: CaRequestOptions, self: Command) => {
      await caRequest(cli, options, self.optsWithGlobals<GlobalOptions>());
    });
}

async function caRequest(
  cli: Cli,
  options: CaRequestOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { ca, text } = cli.messages;
  const out = await newFile(cli, options.out);
  const { encodePem, parseCertificateRequest } = await import('@congvan/signer');
  const { der, keyFile } =
    options.p12 === undefined
      ? await requestWithNewKey(cli, options)
      : { der: await requestOfP12(cli, options.p12, options), keyFile: undefined };
  const { subjectText } = parseCertificateRequest(der);
  await writeNewFile(cli, out, Buffer.from(encodePem('CERTIFICATE REQUEST', der)));
  const json = { subject: subjectText, request: out, key: keyFile ?? null };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.name, subjectText],
      [ca.request, out],
      ...(keyFile === undefined ? [] : [[ca.key, keyFile] as const]),
    ]),
  );
  printNote(cli, globals, `${text.note}: ${ca.sendRequest(out)}`);
  if (keyFile !== undefined) printNote(cli, globals, `${text.note}: ${ca.keepKey(keyFile)}`);
}

/** The key is on disk, encrypted, before anybody is asked for a certificate. */
async function requestWithNewKey(
  cli: Cli,
  options: CaRequestOptions,
): Promise<{ readonly der: Uint8Array; readonly keyFile: string }> {
  const { ca, text } = cli.messages;
  if (options.newKey === undefined) throw new CliError('CLI_USAGE', ca.keyOrNew);
  if (options.name === undefined) throw new CliError('CLI_USAGE', ca.nameWanted);
  const keyFile = await newFile(cli, options.newKey);
  const passphrase = await passphrasesOf(cli, options).choose('keys', text.newKey);
  const { buildCertificateRequest, encodePem, encryptPrivateKeyInfo, generateKeys } =
    await import('@congvan/signer');
  const { privateKey } = await generateKeys(options.algorithm);
  const subject = subjectOf(options.name, options);
  const der = await buildCertificateRequest(privateKey, subject, serverNamesOf(options));
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const encrypted = encryptPrivateKeyInfo(pkcs8, passphrase);
  await writeSecret(keyFile, encodePem('ENCRYPTED PRIVATE KEY', encrypted));
  return { der, keyFile };
}

async function requestOfP12(
  cli: Cli,
  file: string,
  options: CaRequestOptions,
): Promise<Uint8Array> {
  const { buildCertificateRequest, openPkcs12 } = await import('@congvan/signer');
  const bytes = await readInputFile(cli, file);
  const what = cli.messages.ca.keyFile(file);
  const signer = openPkcs12(bytes, await passphrasesOf(cli, options).get('keys', what));
  const subject = await subjectOrOwn(signer, options);
  const names: ServerNames | undefined = serverNamesOf(options);
  return await buildCertificateRequest(signer, subject, names);
}

async function subjectOrOwn(signer: Signer, options: CaRequestOptions): Promise<SubjectName> {
  if (options.name !== undefined) return subjectOf(options.name, options);
  const { readSubjectName } = await import('@congvan/signer');
  return readSubjectName(signer.certificate.subject).subject;
}
