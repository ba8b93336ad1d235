import { join } from 'node:path';
import { rm } from 'node:fs/promises';

import { type Command } from 'commander';

import {
  collectServers,
  type GlobalOptions,
  newCommand,
  newOption,
  MAX_NAME_LENGTH,
  parseLine,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

interface RelayInitOptions extends PassphraseFiles {
  readonly name?: string;
  readonly site?: string;
  readonly server?: readonly string[];
  readonly replace?: true;
  readonly centralServer?: readonly string[];
  readonly centralCredentials?: string;
}

/** `congvan relay init`: the relay's directory entry, credentials and folder. */
export function relayInitCommand(cli: Cli): Command {
  return newCommand(cli, 'init', 'relayInit')
    .addOption(
      newOption(cli, '--name <name>', 'relayName').argParser(parseLine(cli, MAX_NAME_LENGTH)),
    )
    .addOption(newOption(cli, '--site <site>', 'site'))
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(
      newOption(cli, '--central-server <url>', 'centralServer').argParser(collectServers(cli)),
    )
    .addOption(newOption(cli, '--central-credentials <file>', 'centralCredentials'))
    .addOption(newOption(cli, '--replace', 'replace'))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: RelayInitOptions, command: Command) => {
      await relayInit(cli, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function relayInit(
  cli: Cli,
  options: RelayInitOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const layout = layoutOf(cli, globals);
  if (await pathExists(layout.relay)) {
    throw new CliError('CLI_ALREADY_EXISTS', text.folderExists(layout.relay), {
      details: { folder: layout.relay },
    });
  }
  const central = await readCentral(cli, options);
  const { codeToToken, parseSite } = await import('@congvan/bus');
  const { initRelay } = await import('@congvan/bus/relay');
  const { addMember } = await import('../../enrolment/add-member.ts');
  const { readBundle } = await import('../../enrolment/bundle.ts');
  const { DEFAULT_SITE, readSite } = await import('../../enrolment/registrar.ts');
  const { relay: code } = await readSite(cli, layout);
  const site = parseSite(options.site ?? DEFAULT_SITE);
  const name = options.name ?? text.relayDefaultName;
  const folder = join(layout.enrolment, codeToToken(code));
  await addMember(cli, layout, passphrasesOf(cli, options), {
    role: 'relay',
    code,
    name,
    site,
    tier: 'central',
    parent: null,
    oldCodes: [],
    notation: text.defaultNotation,
    replace: options.replace === true,
    bundle: folder,
    ...(options.server === undefined ? {} : { servers: options.server }),
  });
  try {
    const bundle = await readBundle(cli, folder);
    await initRelay({
      home: layout.relay,
      config: {
        code,
        name,
        site,
        servers: bundle.settings.servers,
        ...(central === undefined ? {} : { central: { servers: central.servers } }),
      },
      ...(central === undefined ? {} : { centralCredentials: central.credentials }),
      nodeP12: bundle.nodeP12 ?? new Uint8Array(),
      credentials: bundle.credentials,
      trust: bundle,
      registrarCertificate: bundle.registrarCertificate,
    });
  } finally {
    // Unlike an agency's bundle this one goes nowhere: its keys stand in the relay's folder now.
    await rm(folder, { recursive: true, force: true });
  }
  printResult(cli, globals, { code, name, site, folder: layout.relay }, () =>
    renderFields([
      [text.relay, `${code} ${name}`],
      [text.site, site],
      [text.folder, layout.relay],
    ]),
  );
  printNote(cli, globals, `${text.hint}: ${text.runRelay}`);
}

/** Both or none: the centre of a federated plan, and the rights there. */
async function readCentral(
  cli: Cli,
  options: RelayInitOptions,
): Promise<{ servers: readonly string[]; credentials: Uint8Array } | undefined> {
  const { centralServer: servers, centralCredentials: file } = options;
  if (servers === undefined && file === undefined) return undefined;
  if (servers !== undefined && file !== undefined) {
    return { servers, credentials: await readInputFile(cli, file) };
  }
  throw new CliError('CLI_USAGE', cli.messages.plan.centralBoth);
}
