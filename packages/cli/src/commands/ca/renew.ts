import type { Authority, KeyAlgorithm } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote } from '../../output.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { newFile, printIssued, writeCertificates, writeSecret } from './certificate-output.ts';
import { ALGORITHMS } from './names.ts';
import {
  type TokenOptions,
  type ValidityOptions,
  addCaPassphrases,
  addTokenOptions,
  addValidity,
  lifeOf,
  readSerial,
  tokenOf,
} from './options.ts';

interface CaRenewOptions extends PassphraseFiles, ValidityOptions, TokenOptions {
  readonly request?: string;
  readonly algorithm?: KeyAlgorithm;
  readonly out?: string;
}

/** `congvan ca renew`: the old certificate goes on beside the new one until its own end. */
export function caRenewCommand(cli: Cli): Command {
  const command = newCommand(cli, 'renew', 'caRenew')
    .addArgument(newArgument(cli, '<serial>', 'serial'))
    .addOption(newOption(cli, '--request <file>', 'renewRequest'))
    .addOption(newOption(cli, '--algorithm <name>', 'algorithm').choices(ALGORITHMS));
  addValidity(cli, command).addOption(newOption(cli, '--out <file>', 'renewOut'));
  addTokenOptions(cli, command);
  return addCaPassphrases(cli, command)
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (serial: string, options: CaRenewOptions, self: Command) => {
      const globals = self.optsWithGlobals<GlobalOptions>();
      const passphrases = passphrasesOf(cli, options);
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
      const serialNumber = readSerial(serial);
      const cas = authority.issuingCas();
      if (cas.some(({ certificate }) => certificate.serialNumber === serialNumber)) {
        await renewIssuingCa(cli, authority, options, globals, passphrases);
      } else {
        await renew(cli, authority, serialNumber, options, globals, passphrases);
      }
    });
}

async function renew(
  cli: Cli,
  authority: Authority,
  serialNumber: string,
  options: CaRenewOptions,
  globals: GlobalOptions,
  passphrases: Passphrases,
): Promise<void> {
  const { ca, text } = cli.messages;
  if (options.out === undefined) throw new CliError('CLI_USAGE', ca.outWanted);
  const out = await newFile(cli, options.out);
  const { algorithm } = options;
  const life = lifeOf(options);
  if (options.request !== undefined) {
    const { parseCertificateRequest } = await import('@congvan/signer');
    const request = parseCertificateRequest(await readInputFile(cli, options.request));
    const { certificate, chain } = await authority.renew(serialNumber, { request, ...life });
    await writeCertificates(cli, out, [certificate, ...chain]);
    printIssued(cli, globals, certificate, out, { renews: serialNumber });
    return;
  }
  const passphrase = await passphrases.choose('keys', text.newKey);
  const { wrapKey } = await import('../../enrolment/authority.ts');
  const choice = algorithm === undefined ? {} : { algorithm };
  const issued = wrapKey(await authority.renew(serialNumber, { ...choice, ...life }), passphrase);
  await writeSecret(out, issued.p12);
  printIssued(cli, globals, issued.certificate, out, { renews: serialNumber });
}

/** A new issuing authority below the same root; this home's agencies get its certificate at once. */
async function renewIssuingCa(
  cli: Cli,
  authority: Authority,
  options: CaRenewOptions,
  globals: GlobalOptions,
  passphrases: Passphrases,
): Promise<void> {
  const { noteCaToken, openCaToken } = await import('../../enrolment/ca-token.ts');
  const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
  const layout = layoutOf(cli, globals);
  const { algorithm } = options;
  const token = tokenOf(options);
  const signer = token && (await openCaToken(cli, token, passphrases));
  if (token !== undefined) await noteCaToken(cli, layout, token);
  const { number, certificate } = await authority.addIssuingCa({
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(signer === undefined ? {} : { signer }),
  });
  const written = await spreadCrls(layout, authority);
  const { AUTHORITY_FILES } = await import('@congvan/signer');
  const first = AUTHORITY_FILES.issuingCertificate.replace('.crt', '');
  printIssued(cli, globals, certificate, `${layout.ca}/${first}-${number}.crt`, { written });
  printNote(cli, globals, `${cli.messages.text.note}: ${cli.messages.ca.updateTrust}`);
}
