import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import {
  type PassphraseFiles,
  type Passphrases,
  passphrasesOf,
} from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

interface AgentEnrolOptions extends PassphraseFiles {
  readonly sealKey?: string;
  readonly notation?: string;
  readonly unsigned: 'accept' | 'refuse';
  readonly thinLine?: true;
}

const MAX_TOKEN_BYTES = 4096;

/** `congvan agent enrol`: keys, certificates and the agency's folder, from a one-time token. */
export function agentEnrolCommand(cli: Cli): Command {
  return newCommand(cli, 'enrol', 'agentEnrol')
    .addArgument(newArgument(cli, '[file]', 'tokenFile'))
    .addOption(newOption(cli, '--seal-key <file>', 'sealKeyFile'))
    .addOption(newOption(cli, '--notation <notation>', 'notation'))
    .addOption(
      newOption(cli, '--unsigned <rule>', 'unsigned')
        .choices(['accept', 'refuse'])
        .default('accept'),
    )
    .addOption(newOption(cli, '--thin-line', 'thinLine'))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--seal-passphrase-file <file>', 'sealPassphraseFile'))
    .action(async (file: string | undefined, options: AgentEnrolOptions, command: Command) => {
      await agentEnrol(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function agentEnrol(
  cli: Cli,
  file: string | undefined,
  options: AgentEnrolOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { enrolment, text } = cli.messages;
  const { decodeEnrolmentToken } = await import('@congvan/bus');
  const { enrolAgent } = await import('@congvan/node-agent');
  const passphrases = passphrasesOf(cli, options);
  const token = decodeEnrolmentToken(await readToken(cli, file, passphrases));
  const { sealKey, notation, unsigned, thinLine } = options;
  const enrolled = await enrolAgent({
    homes: layoutOf(cli, globals).agents,
    token,
    passphrase: {
      node: async () => await passphrases.choose('general', text.newKeys),
      seal: async () => await passphrases.choose('seal', text.newKeys),
      encryption: async () => await passphrases.choose('encryption', text.newKeys),
    },
    ...(sealKey === undefined ? {} : { sealP12: await readInputFile(cli, sealKey) }),
    ...(notation === undefined ? {} : { notation }),
    unsigned,
    thinLine: thinLine === true,
    now: cli.now,
  });
  const { member, home, natsUserKey } = enrolled;
  const certificates = enrolled.certificates.map(({ use, certificate: { sha256, notAfter } }) => {
    return { use, sha256, notAfter };
  });
  const trusted = enrolled.trusted.map(({ commonName, subjectText, sha256 }) => {
    return { name: commonName ?? subjectText, sha256 };
  });
  const { code, name } = member;
  const json = { code, name, folder: home, natsUserKey, certificates, trusted };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.agency, `${code} ${name}`],
      [text.folder, home],
      ...certificates.map(
        ({ use, sha256 }) => [`${text.certificate} ${use}`, `SHA-256 ${sha256}`] as const,
      ),
      [enrolment.userKey, natsUserKey],
      ...trusted.map((one) => [text.trusts, `${one.name}, SHA-256 ${one.sha256}`] as const),
    ]),
  );
  printNote(cli, globals, `${text.note}: ${text.compareFingerprints}`);
  printNote(cli, globals, `${text.hint}: ${enrolment.enrolledHint}`);
}

async function readToken(
  cli: Cli,
  file: string | undefined,
  passphrases: Passphrases,
): Promise<string> {
  const { enrolment } = cli.messages;
  if (file === undefined) return await passphrases.ask(enrolment.tokenPrompt);
  // Arguments stand in the list of processes and in the shell's history.
  if (/^cve1[- ]/iu.test(file)) throw new CliError('CLI_USAGE', enrolment.tokenInArgument);
  return Buffer.from(await readInputFile(cli, file, MAX_TOKEN_BYTES)).toString('utf8');
}
