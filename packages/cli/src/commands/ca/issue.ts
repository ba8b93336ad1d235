import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { CertificateUse, KeyAlgorithm } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { parseDayOption } from '../../documents/request-options.ts';
import { CliError } from '../../errors.ts';
import { layoutOf, pathExists } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

const USES: readonly CertificateUse[] = ['seal', 'node', 'person', 'registrar'];
const ALGORITHMS: readonly KeyAlgorithm[] = [
  'rsa-2048',
  'rsa-3072',
  'ec-p256',
  'ec-p384',
  'ed25519',
];

interface CaIssueOptions extends PassphraseFiles {
  readonly use: CertificateUse;
  readonly name: string;
  readonly organization?: string;
  readonly unit?: string;
  readonly locality?: string;
  readonly algorithm?: KeyAlgorithm;
  readonly validUntil?: string;
  readonly out: string;
}

/** `congvan ca issue`: a key with its certificate, as a P12 file. */
export function caIssueCommand(cli: Cli): Command {
  return newCommand(cli, 'issue', 'caIssue')
    .addOption(newOption(cli, '--use <use>', 'caUse').choices(USES).makeOptionMandatory())
    .addOption(newOption(cli, '--name <name>', 'commonName').makeOptionMandatory())
    .addOption(newOption(cli, '--organization <name>', 'organization'))
    .addOption(newOption(cli, '--unit <name>', 'organizationalUnit'))
    .addOption(newOption(cli, '--locality <name>', 'locality'))
    .addOption(newOption(cli, '--algorithm <name>', 'algorithm').choices(ALGORITHMS))
    .addOption(newOption(cli, '--valid-until <day>', 'validUntil').argParser(parseDayOption(cli)))
    .addOption(newOption(cli, '--out <file>', 'outP12').makeOptionMandatory())
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .addOption(newOption(cli, '--keys-passphrase-file <file>', 'keysPassphraseFile'))
    .action(async (options: CaIssueOptions, command: Command) => {
      await caIssue(cli, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function caIssue(cli: Cli, options: CaIssueOptions, globals: GlobalOptions): Promise<void> {
  const { text } = cli.messages;
  const out = resolve(options.out);
  if (await pathExists(out)) {
    throw new CliError('CLI_ALREADY_EXISTS', text.fileExists(options.out), {
      details: { file: options.out },
    });
  }
  const { issueKey, openHomeAuthority } = await import('../../enrolment/authority.ts');
  const passphrases = passphrasesOf(cli, options);
  const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
  const keyPassphrase = await passphrases.choose('keys', text.newKey);
  const { organization, unit, locality, validUntil } = options;
  const usual = options.use === 'node' || options.use === 'registrar' ? 'ec-p256' : 'rsa-2048';
  const issued = await issueKey(
    authority,
    {
      subject: {
        commonName: options.name,
        country: 'VN',
        ...(organization === undefined ? {} : { organization }),
        ...(unit === undefined ? {} : { organizationalUnit: unit }),
        ...(locality === undefined ? {} : { locality }),
      },
      use: options.use,
      algorithm: options.algorithm ?? usual,
      // The whole of that day in Vietnam.
      ...(validUntil === undefined ? {} : { notAfter: new Date(`${validUntil}T23:59:59+07:00`) }),
    },
    keyPassphrase,
  );
  await writeFile(out, issued.p12, { mode: 0o600, flag: 'wx', flush: true });
  const { serialNumber, subjectText, sha256, notAfter } = issued.certificate;
  printResult(
    cli,
    globals,
    { serialNumber, subject: subjectText, sha256, notAfter, file: out },
    () =>
      renderFields([
        [text.certificate, subjectText],
        [text.serialNumber, serialNumber],
        ['SHA-256', sha256],
        [text.validTo, formatTime(notAfter)],
        [text.file, out],
      ]),
  );
}
