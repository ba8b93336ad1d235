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
import { type HomeLayout, layoutOf, pathExists } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

interface RelayInitOptions extends PassphraseFiles {
  readonly name?: string;
  readonly site?: string;
  readonly server?: readonly string[];
  readonly replace?: true;
  readonly centralServer?: readonly string[];
  readonly centralCredentials?: string;
  readonly credentials?: string;
}

/** `congvan relay init`: the relay's directory entry, credentials and folder. */
export function relayInitCommand(cli: Cli): Command {
  return newCommand(cli, 'init', 'relayInit')
    .addOption(
      newOption(cli, '--name <name>', 'relayName').argParser(parseLine(cli, MAX_NAME_LENGTH)),
    )
    .addOption(newOption(cli, '--site <site>', 'site'))
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(newOption(cli, '--credentials <file>', 'relayCredentials'))
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
  const credentials =
    options.credentials === undefined ? undefined : await readInputFile(cli, options.credentials);
  const { codeToToken, parseSite } = await import('@congvan/bus');
  const { initRelay } = await import('@congvan/bus/relay');
  const { addMember } = await import('../../enrolment/add-member.ts');
  const { readBundle } = await import('../../enrolment/bundle.ts');
  const { wantTls } = await import('../../enrolment/bus-tls.ts');
  const { DEFAULT_SITE, readSite } = await import('../../enrolment/registrar.ts');
  const { relay: code } = await readSite(cli, layout);
  const site = parseSite(options.site ?? DEFAULT_SITE);
  const name = options.name ?? text.relayDefaultName;
  const folder = join(layout.enrolment, codeToToken(code));
  const passphrases = passphrasesOf(cli, options);
  await addMember(cli, layout, passphrases, {
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
    ...(credentials === undefined ? {} : { credentials }),
    ...(options.server === undefined ? {} : { servers: options.server }),
  });
  try {
    const bundle = await readBundle(cli, folder);
    const { servers } = bundle.settings;
    const wanted = wantTls([...servers, ...(central?.servers ?? [])]);
    const tlsP12 = wanted ? await issueTls(cli, layout, passphrases, { name, code }) : undefined;
    await initRelay({
      home: layout.relay,
      config: {
        code,
        name,
        site,
        servers,
        ...(wanted ? { tls: {} } : {}),
        ...(central === undefined ? {} : { central: { servers: central.servers } }),
      },
      ...(central === undefined ? {} : { centralCredentials: central.credentials }),
      ...(tlsP12 === undefined ? {} : { tlsP12 }),
      nodeP12: bundle.nodeP12 ?? new Uint8Array(),
      credentials: bundle.credentials,
      trust: bundle,
      registrarCertificate: bundle.registrarCertificate,
    });
  } finally {
    // Unlike an agency's bundle this one goes nowhere: its keys stand in the relay's folder now.
    await rm(folder, { recursive: true, force: true });
  }
  printRelay(cli, globals, { code, name, site, folder: layout.relay });
}

function printRelay(
  cli: Cli,
  globals: GlobalOptions,
  relay: {
    readonly code: string;
    readonly name: string;
    readonly site: string;
    readonly folder: string;
  },
): void {
  const { text } = cli.messages;
  printResult(cli, globals, relay, () =>
    renderFields([
      [text.relay, `${relay.code} ${relay.name}`],
      [text.site, relay.site],
      [text.folder, relay.folder],
    ]),
  );
  printNote(cli, globals, `${text.hint}: ${text.runRelay}`);
}

/** The certificate that it shows to servers with TLS; the passphrase is that of its other key. */
async function issueTls(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
  { name, code }: { readonly name: string; readonly code: string },
): Promise<Uint8Array> {
  const { issueKey, openHomeAuthority } = await import('../../enrolment/authority.ts');
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const subject = { commonName: `${name} (${code})`, organization: name, country: 'VN' };
  const passphrase = await passphrases.choose('keys', cli.messages.text.newKeys);
  return (await issueKey(authority, { subject, use: 'client' }, passphrase)).p12;
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
