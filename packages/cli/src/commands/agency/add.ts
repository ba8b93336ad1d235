import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import {
  collect,
  collectServers,
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  MAX_NAME_LENGTH,
  parseLine,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { TIER_NAMES, type TierName } from '../../documents/tier.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { requireTrustFolder } from '../../home/trust-folder.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

interface AgencyAddOptions extends PassphraseFiles {
  readonly name: string;
  readonly tier: TierName;
  readonly site: string;
  readonly parent?: string;
  readonly locality?: string;
  readonly notation?: string;
  readonly oldCode?: readonly string[];
  readonly server?: readonly string[];
  readonly nodeCertificate?: string;
  readonly sealCertificate?: string;
  readonly trust?: string;
  readonly bundle?: string;
  readonly replace?: true;
}

/** `congvan agency add`: certificates, signed entry, credentials and the bundle, or none of them. */
export function agencyAddCommand(cli: Cli): Command {
  return newCommand(cli, 'add', 'agencyAdd')
    .addArgument(newArgument(cli, '<code>', 'agencyCode'))
    .addOption(
      newOption(cli, '--name <name>', 'agencyName')
        .argParser(parseLine(cli, MAX_NAME_LENGTH))
        .makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--tier <tier>', 'tier').choices(TIER_NAMES).makeOptionMandatory())
    .addOption(newOption(cli, '--site <site>', 'site').makeOptionMandatory())
    .addOption(newOption(cli, '--parent <code>', 'parent'))
    .addOption(
      newOption(cli, '--locality <name>', 'locality').argParser(parseLine(cli, MAX_NAME_LENGTH)),
    )
    .addOption(newOption(cli, '--notation <notation>', 'agencyNotation'))
    .addOption(newOption(cli, '--old-code <code>', 'oldCode').argParser(collect))
    .addOption(newOption(cli, '--node-certificate <file>', 'nodeCertificate'))
    .addOption(newOption(cli, '--seal-certificate <file>', 'sealCertificate'))
    .addOption(newOption(cli, '--trust <folder>', 'moreTrust'))
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(newOption(cli, '--bundle <folder>', 'bundle'))
    .addOption(newOption(cli, '--replace', 'replace'))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (code: string, options: AgencyAddOptions, command: Command) => {
      await agencyAdd(cli, code, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function agencyAdd(
  cli: Cli,
  codeText: string,
  options: AgencyAddOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const { codeToToken, parseAgencyCode, parseSite } = await import('@congvan/bus');
  const { addMember } = await import('../../enrolment/add-member.ts');
  const { loadTrustStore, parseCertificate } = await import('@congvan/signer');
  const certificate = async (use: 'node' | 'seal', file: string | undefined) =>
    file === undefined ? {} : { [use]: parseCertificate(await readInputFile(cli, file)) };
  const layout = layoutOf(cli, globals);
  const code = parseAgencyCode(codeText);
  const bundle =
    options.bundle === undefined
      ? join(layout.enrolment, codeToToken(code))
      : resolve(options.bundle);
  const added = await addMember(cli, layout, passphrasesOf(cli, options), {
    role: 'agency',
    code,
    name: options.name,
    tier: options.tier,
    site: parseSite(options.site),
    parent: options.parent === undefined ? null : parseAgencyCode(options.parent),
    oldCodes: options.oldCode ?? [],
    notation: options.notation ?? text.defaultNotation,
    replace: options.replace === true,
    bundle,
    certificates: {
      ...(await certificate('node', options.nodeCertificate)),
      ...(await certificate('seal', options.sealCertificate)),
    },
    ...(options.trust === undefined
      ? {}
      : { trust: await loadTrustStore(await requireTrustFolder(cli, options.trust)) }),
    ...(options.locality === undefined ? {} : { locality: options.locality }),
    ...(options.server === undefined ? {} : { servers: options.server }),
  });
  const json = { code, sequence: added.sequence, certificates: added.certificates, bundle };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.agency, `${code} ${options.name}`],
      ...added.certificates.map(
        ({ use, sha256 }) => [`${text.certificate} ${use}`, `SHA-256 ${sha256}`] as const,
      ),
      [text.bundle, bundle],
    ]),
  );
  printNote(cli, globals, `${text.hint}: ${text.initFromBundle(bundle)}`);
}
