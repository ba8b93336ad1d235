import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { readBundle } from '../../enrolment/bundle.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';

interface AgentInitOptions {
  readonly from: string;
  readonly notation?: string;
  readonly nodeKey?: string;
  readonly sealKey?: string;
  readonly unsigned: 'accept' | 'refuse';
  readonly thinLine?: true;
}

/** `congvan agent init`: an agency's folder from what the registrar handed over. */
export function agentInitCommand(cli: Cli): Command {
  return newCommand(cli, 'init', 'agentInit')
    .addOption(newOption(cli, '--from <folder>', 'fromBundle').makeOptionMandatory())
    .addOption(newOption(cli, '--notation <notation>', 'notation'))
    .addOption(newOption(cli, '--node-key <file>', 'nodeKeyFile'))
    .addOption(newOption(cli, '--seal-key <file>', 'sealKeyFile'))
    .addOption(
      newOption(cli, '--unsigned <rule>', 'unsigned')
        .choices(['accept', 'refuse'])
        .default('accept'),
    )
    .addOption(newOption(cli, '--thin-line', 'thinLine'))
    .action(async (options: AgentInitOptions, command: Command) => {
      await agentInit(cli, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function agentInit(
  cli: Cli,
  options: AgentInitOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const bundle = await readBundle(cli, resolve(options.from));
  const { settings } = bundle;
  if (settings.role === 'relay') {
    throw new CliError('CLI_BUNDLE_INVALID', text.bundleOfRelay(options.from));
  }
  const { codeToToken, isTier, parseAgencyCode } = await import('@congvan/bus');
  const { THIN_LINE, initAgent } = await import('@congvan/node-agent');
  const { parseCertificate } = await import('@congvan/signer');
  const code = parseAgencyCode(settings.code);
  if (!isTier(settings.tier)) {
    throw new CliError('CLI_BUNDLE_INVALID', text.bundleFieldWrong(options.from, 'tier'));
  }
  const { nodeKey, sealKey } = options;
  const nodeP12 = nodeKey === undefined ? bundle.nodeP12 : await readInputFile(cli, nodeKey);
  const sealP12 = sealKey === undefined ? bundle.sealP12 : await readInputFile(cli, sealKey);
  if (nodeP12 === undefined) {
    throw new CliError('CLI_BUNDLE_INVALID', text.bundleWithoutNodeKey(options.from), {
      details: { folder: options.from },
    });
  }
  const registrar = parseCertificate(bundle.registrarCertificate);
  const anchors = bundle.anchors.map((anchor) => parseCertificate(anchor));
  const home = join(layoutOf(cli, globals).agents, codeToToken(code));
  const { tier, name, site, servers, relay } = settings;
  await initAgent({
    home,
    config: {
      code,
      name,
      tier,
      site,
      servers: [...servers],
      ...(relay === undefined ? {} : { relay }),
      notation: options.notation ?? settings.notation,
      policy: { unsigned: options.unsigned },
      ...(options.thinLine === true ? { line: THIN_LINE } : {}),
    },
    nodeP12,
    ...(sealP12 === undefined ? {} : { sealP12 }),
    ...(bundle.encryptionP12 === undefined ? {} : { encryptionP12: bundle.encryptionP12 }),
    credentials: bundle.credentials,
    trust: {
      anchors: bundle.anchors,
      intermediates: bundle.intermediates,
      crls: bundle.crls,
    },
    registrarCertificate: bundle.registrarCertificate,
    directory: bundle.directory,
  });
  const trusted = [...anchors, registrar].map(({ commonName, subjectText, sha256 }) => ({
    name: commonName ?? subjectText,
    sha256,
  }));
  printResult(cli, globals, { code, name, folder: home, trusted }, () =>
    renderFields([
      [text.agency, `${code} ${name}`],
      [text.folder, home],
      ...trusted.map((one) => [text.trusts, `${one.name}, SHA-256 ${one.sha256}`] as const),
    ]),
  );
  printNote(cli, globals, `${text.note}: ${text.compareFingerprints}`);
  printNote(cli, globals, `${text.note}: ${text.bundleHoldsKeys(resolve(options.from))}`);
}
