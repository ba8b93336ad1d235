import { basename } from 'node:path';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { mediaTypeOf } from '../../documents/media-type.ts';
import { requireNewFile, writeNewFile } from '../../documents/write-new-file.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import {
  type EvidenceOptions,
  addTimeStampOption,
  openTimeStamps,
} from '../../signing/evidence-option.ts';
import {
  type SignerOptions,
  addSignerOptions,
  openNamedSigner,
} from '../../signing/signer-option.ts';
import { renderFields } from '../../terminal/table.ts';

interface PackageCreateOptions extends SignerOptions, Pick<EvidenceOptions, 'tsa'> {
  readonly out: string;
}

/** `congvan package create`: an ASiC-E container with one CAdES signature over all files. */
export function packageCreateCommand(cli: Cli): Command {
  const command = newCommand(cli, 'create', 'packageCreate')
    .addArgument(newArgument(cli, '<files...>', 'filesToPack'))
    .addOption(newOption(cli, '-o, --out <file>', 'outPackage').makeOptionMandatory());
  addSignerOptions(cli, addTimeStampOption(cli, command));
  return command.action(
    async (names: readonly string[], options: PackageCreateOptions, self: Command) => {
      await create(cli, names, options, self.optsWithGlobals<GlobalOptions>());
    },
  );
}

async function create(
  cli: Cli,
  names: readonly string[],
  options: PackageCreateOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text, files } = cli.messages;
  const out = resolve(options.out);
  await requireNewFile(cli, out);
  const content = [];
  for (const name of names) {
    const bytes = await readInputFile(cli, name);
    content.push({ name: basename(name), mediaType: mediaTypeOf(name), bytes });
  }
  const timeStamps = await openTimeStamps(cli, options);
  await using signer = await openNamedSigner(cli, options);
  const { buildAsicE } = await import('@congvan/signer');
  const built = await buildAsicE({
    files: content,
    signer,
    signedAt: cli.now(),
    ...(timeStamps && { timeStamps }),
  });
  await writeNewFile(cli, out, built.container);
  const { subjectText, sha256 } = signer.certificate;
  const level = timeStamps === undefined ? 'B-B' : 'B-T';
  const json = {
    out,
    packageDigest: built.manifestSha256,
    files: content.map(({ name }) => name),
    level,
    signer: subjectText,
    certificateSha256: sha256,
  };
  printResult(cli, globals, json, () =>
    renderFields([
      [files.wroteUnder, out],
      [text.packageDigest, built.manifestSha256],
      [files.signedAs, subjectText],
      [files.level, level],
    ]),
  );
}
