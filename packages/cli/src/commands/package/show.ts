import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { saveFiles } from '../../documents/save-files.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';

/** `congvan package show`: what a package holds; nothing is said about its signature. */
export function packageShowCommand(cli: Cli): Command {
  return newCommand(cli, 'show', 'packageShow')
    .addArgument(newArgument(cli, '<file>', 'packageFile'))
    .addOption(newOption(cli, '--save <folder>', 'save'))
    .action(async (file: string, options: { save?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const bytes = await readInputFile(cli, file);
      const { openAsic } = await import('@congvan/signer');
      const opened = openAsic(bytes);
      const files = [...opened.files].map(([name, content]) => ({
        name,
        mediaType: opened.mediaTypes.get(name) ?? 'application/octet-stream',
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      }));
      const saved =
        options.save === undefined
          ? []
          : await saveFiles(
              resolve(options.save),
              [...opened.files].map(([name, content]) => ({ name, bytes: content })),
            );
      const signatures = opened.assertions.map(({ kind, name }) => ({ kind, name }));
      const json = { file, form: opened.form, files, signatures, saved };
      printResult(cli, globals, json, () => render(cli, json));
    });
}

interface Shown {
  readonly file: string;
  readonly form: string;
  readonly files: readonly { name: string; mediaType: string; bytes: number; sha256: string }[];
  readonly signatures: readonly { kind: 'signature' | 'timestamp'; name: string }[];
  readonly saved: readonly string[];
}

function render(cli: Cli, shown: Shown): string {
  const { text, files } = cli.messages;
  const head = renderFields([
    [text.file, shown.file],
    [text.kind, shown.form],
    ...shown.signatures.map(({ kind, name }) => [files.assertions[kind], name] as const),
  ]);
  const table = renderTable(
    cli.io,
    [
      { title: text.file },
      { title: files.mediaType },
      { title: text.bytes, align: 'right' },
      { title: 'SHA-256' },
    ],
    shown.files.map((one) => [one.name, one.mediaType, one.bytes, one.sha256]),
  );
  return `${head}\n${table}${shown.saved.map((path) => `${text.saved}: ${path}\n`).join('')}`;
}
