import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { outputPath, requireNewFile, writeNewFile } from '../documents/write-new-file.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../home/input-file.ts';
import { printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';
import { formatOf } from './format.ts';

/** Writes the file as it was when one of its revisions was saved: what the signer saw. */
export async function writeRevision(
  cli: Cli,
  file: string,
  options: { readonly number: number; readonly out?: string },
  globals: GlobalOptions,
): Promise<void> {
  const { text, files } = cli.messages;
  const bytes = await readInputFile(cli, file);
  if (formatOf(bytes) !== 'pdf') {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', text.fileKindUnknown(file), { details: { file } });
  }
  const { number } = options;
  const out = outputPath(options.out, file, `revision-${number}`);
  await requireNewFile(cli, out);
  const { extractRevision } = await import('@congvan/signer');
  const revision = extractRevision(bytes, number);
  await writeNewFile(cli, out, revision);
  const json = { file, out, revision: number, bytes: revision.length };
  printResult(cli, globals, json, () =>
    renderFields([
      [files.wroteUnder, out],
      [files.revision, files.revisionOf(number, revision.length)],
    ]),
  );
}
