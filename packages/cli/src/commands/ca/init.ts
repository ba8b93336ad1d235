import type { Authority } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { actorOf } from '../../home/desk.ts';
import { readInputFile } from '../../home/input-file.ts';
import { type HomeLayout, layoutOf, pathExists } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { type TokenOptions, addTokenOptions, parseWebAddress, tokenOf } from './options.ts';

interface CaInitOptions extends PassphraseFiles, TokenOptions {
  readonly organization?: string;
  readonly registrar?: string;
  readonly relay?: string;
  readonly rootCertificate?: string;
  readonly rootCode?: string;
  readonly baseUrl?: string;
}

/** `congvan ca init`: root and issuing authority, and the certificate that signs the directory. */
export function caInitCommand(cli: Cli): Command {
  const command = newCommand(cli, 'init', 'caInit')
    .addOption(newOption(cli, '--organization <name>', 'caOrganization'))
    .addOption(newOption(cli, '--registrar <code>', 'registrarCode'))
    .addOption(newOption(cli, '--relay <code>', 'relayCode'))
    .addOption(newOption(cli, '--root-certificate <file>', 'rootCertificate'))
    .addOption(newOption(cli, '--root-code <code>', 'rootCode'))
    .addOption(newOption(cli, '--base-url <url>', 'caBaseUrl').argParser(parseWebAddress(cli)));
  return addTokenOptions(cli, command)
    .addOption(passphraseOption(cli))
    .action(async (options: CaInitOptions, self: Command) => {
      await caInit(cli, options, self.optsWithGlobals<GlobalOptions>());
    });
}

async function caInit(cli: Cli, options: CaInitOptions, globals: GlobalOptions): Promise<void> {
  const { text } = cli.messages;
  const layout = layoutOf(cli, globals);
  const { parseAgencyCode } = await import('@congvan/bus');
  const { parseCertificate } = await import('@congvan/signer');
  const { issueKey, openHomeAuthority } = await import('../../enrolment/authority.ts');
  const registrars = await import('../../enrolment/registrar.ts');
  const registrar = parseAgencyCode(options.registrar ?? registrars.DEFAULT_REGISTRAR);
  const relay = parseAgencyCode(options.relay ?? registrars.DEFAULT_RELAY);
  const organization = options.organization ?? text.caDefaultOrganization;
  if (await registrars.hasSite(layout)) {
    throw new CliError('CLI_ALREADY_EXISTS', text.folderExists(layout.site), {
      details: { folder: layout.site },
    });
  }
  const root =
    options.rootCertificate === undefined
      ? undefined
      : {
          code: parseAgencyCode(options.rootCode ?? registrars.DEFAULT_REGISTRAR),
          certificate: parseCertificate(await readInputFile(cli, options.rootCertificate)),
        };
  const passphrases = passphrasesOf(cli, options);
  // A `ca init` that was cut off after the first half goes on from there.
  const authority = (await pathExists(layout.ca))
    ? await openHomeAuthority(cli, layout, passphrases)
    : await createHomeAuthority(cli, layout, options, passphrases);
  const issued = await issueKey(
    authority,
    {
      subject: { country: 'VN', organization, commonName: text.registrarName(registrar) },
      use: 'registrar',
    },
    await passphrases.get('ca', text.caKeys),
  );
  await registrars.writeSite(layout, { registrar, relay }, issued, root);
  const caRoot = authority.rootCertificate;
  const json = {
    folder: layout.ca,
    root: { subject: caRoot.subjectText, sha256: caRoot.sha256 },
    issuing: { subject: authority.issuingCertificate.subjectText },
    registrar: { code: registrar, sha256: issued.certificate.sha256 },
  };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.folder, layout.ca],
      [text.rootCertificate, `${caRoot.subjectText}, SHA-256 ${caRoot.sha256}`],
      [text.registrar, `${registrar}, SHA-256 ${issued.certificate.sha256}`],
    ]),
  );
  printNote(cli, globals, `${text.note}: ${text.keepFingerprints}`);
}

async function createHomeAuthority(
  cli: Cli,
  layout: HomeLayout,
  options: CaInitOptions,
  passphrases: Passphrases,
): Promise<Authority> {
  const { text } = cli.messages;
  const { baseUrl } = options;
  const organization = options.organization ?? text.caDefaultOrganization;
  const { createAuthority } = await import('@congvan/signer');
  const { noteCaToken, openCaToken } = await import('../../enrolment/ca-token.ts');
  const settings = tokenOf(options);
  const actor = actorOf(cli, undefined);
  const passphrase = await passphrases.choose('ca', text.caKeys);
  const issuingSigner = settings && (await openCaToken(cli, settings, passphrases));
  if (settings !== undefined) await noteCaToken(cli, layout, settings);
  return await createAuthority({
    folder: layout.ca,
    name: { country: 'VN', organization, commonName: organization },
    passphrase,
    now: cli.now,
    ...(actor === undefined ? {} : { actor }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    issuingSigner,
  });
}
