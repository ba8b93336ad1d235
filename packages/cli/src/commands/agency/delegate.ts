import type { AgencyCode, DirectoryEntry } from '@congvan/bus';
import type { EntryDraft } from '@congvan/bus/site';
import type { Certificate } from '@congvan/signer';
import type { Command } from 'commander';

import {
  collect,
  type GlobalOptions,
  MAX_NAME_LENGTH,
  newArgument,
  newCommand,
  newOption,
  parseCount,
  parseLine,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';

/** The highest number an entry can have. */
const MAX_LAST = 99_999_999;

interface DelegateOptions extends PassphraseFiles {
  readonly to: string;
  readonly certificate?: string;
  readonly name?: string;
  readonly alsoSite?: readonly string[];
  readonly end?: true;
  readonly last?: number;
}

/** `congvan agency delegate`: the root lets a registrar speak for a site, or no longer. */
export function agencyDelegateCommand(cli: Cli): Command {
  return newCommand(cli, 'delegate', 'agencyDelegate')
    .addArgument(newArgument(cli, '<site>', 'delegatedSite'))
    .addOption(newOption(cli, '--to <code>', 'delegateTo').makeOptionMandatory())
    .addOption(newOption(cli, '--certificate <file>', 'registrarCertificate'))
    .addOption(
      newOption(cli, '--name <name>', 'delegateName').argParser(parseLine(cli, MAX_NAME_LENGTH)),
    )
    .addOption(newOption(cli, '--also-site <site>', 'alsoSite').argParser(collect))
    .addOption(newOption(cli, '--end', 'delegateEnd'))
    .addOption(
      newOption(cli, '--last <number>', 'delegateLast').argParser(parseCount(cli, 0, MAX_LAST)),
    )
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (site: string, options: DelegateOptions, command: Command) => {
      await agencyDelegate(cli, site, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function agencyDelegate(
  cli: Cli,
  siteText: string,
  options: DelegateOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const { parseAgencyCode, parseSite } = await import('@congvan/bus');
  const { parseCertificate } = await import('@congvan/signer');
  const { openHomeRegistry } = await import('../../enrolment/amend-entry.ts');
  const to = parseAgencyCode(options.to);
  const sites = [siteText, ...(options.alsoSite ?? [])].map(parseSite);
  const certificate =
    options.certificate === undefined
      ? undefined
      : parseCertificate(await readInputFile(cli, options.certificate));
  const passphrases = passphrasesOf(cli, options);
  const registry = await openHomeRegistry(cli, layoutOf(cli, globals), passphrases);
  const before = registry.newest(to)?.entry;
  if (certificate === undefined && before?.role !== 'registrar') {
    throw new CliError('CLI_USAGE', text.delegateNeedsCertificate(to), {
      details: { registrar: to },
    });
  }
  const lastSequence = options.end === true ? (options.last ?? registry.copy.readUpTo(to)) : null;
  const draft = toDraft({ to, sites, certificate, before, lastSequence, now: cli.now() }, options);
  const { entry } = await registry.append(draft);
  const listed = entry.certificates.map(({ sha256 }) => sha256);
  const json = {
    registrar: to,
    sites,
    lastSequence,
    certificates: listed,
    sequence: entry.sequence,
  };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.registrar, `${to} ${entry.name}`],
      [text.sites, sites.join(', ')],
      ...listed.map((sha256) => [text.certificate, `SHA-256 ${sha256}`] as const),
      ...(lastSequence === null ? [] : [[text.delegationEnds, String(lastSequence)] as const]),
      [text.sequence, entry.sequence],
    ]),
  );
  if (lastSequence === null) printNote(cli, globals, `${text.hint}: ${text.delegateNext(to)}`);
}

interface DraftInput {
  readonly to: AgencyCode;
  readonly sites: string[];
  readonly certificate: Certificate | undefined;
  readonly before: DirectoryEntry | undefined;
  readonly lastSequence: number | null;
  readonly now: Date;
}

function toDraft(input: DraftInput, options: DelegateOptions): EntryDraft {
  const { to, sites, certificate, before, lastSequence, now } = input;
  const [first] = sites;
  const validFrom = before?.validFrom ?? now.toISOString();
  return {
    code: to,
    name: options.name ?? before?.name ?? to,
    tier: before?.tier ?? 'province',
    parent: null,
    site: first ?? '',
    role: 'registrar',
    validFrom,
    validTo: lastSequence === null ? null : now.toISOString(),
    oldCodes: [],
    predecessors: [],
    successors: [],
    certificates:
      certificate === undefined
        ? (before?.certificates ?? [])
        : [
            {
              use: 'registrar',
              sha256: certificate.sha256,
              der: Buffer.from(certificate.der).toString('base64'),
            },
          ],
    natsUserKey: null,
    delegation: { sites, lastSequence },
  };
}
