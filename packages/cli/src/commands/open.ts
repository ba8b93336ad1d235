import { resolve } from 'node:path';

import type { IncomingDocument } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { saveFiles } from '../documents/save-files.ts';
import { openDesk } from '../home/desk.ts';
import { printResult } from '../output.ts';
import { renderFields, renderTable } from '../terminal/table.ts';
import { formatDay, formatTime } from '../terminal/time.ts';

/** `congvan open`: shows an incoming document; `--save` writes its files and the package. */
export function openCommand(cli: Cli): Command {
  return newCommand(cli, 'open', 'open')
    .addArgument(newArgument(cli, '<id>', 'id'))
    .addOption(newOption(cli, '--save <folder>', 'save'))
    .action(async (id: string, options: { save?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      const document = agent.openIncoming(id);
      const saved =
        options.save === undefined
          ? []
          : await saveFiles(resolve(options.save), [...document.files, document.container]);
      const { container, files, ...rest } = document;
      const json = {
        ...rest,
        files: files.map(({ name, mediaType, size }) => ({ name, mediaType, bytes: size })),
        packageBytes: container.size,
        saved,
      };
      printResult(cli, globals, json, () => renderDocument(cli, document, saved));
    });
}

function renderDocument(cli: Cli, document: IncomingDocument, saved: readonly string[]): string {
  const { text } = cli.messages;
  const warnings = document.warnings.map((warning) => cli.messages.findings[warning]).join('; ');
  const fields = renderFields([
    [text.id, document.id],
    [text.from, `${document.from} ${document.fromName}`],
    [text.number, `${document.codeNumber}/${document.codeNotation}`],
    [text.issuedOn, formatDay(document.issuedOn)],
    [text.documentType, document.documentType],
    [text.abstract, document.abstract],
    [text.urgency, text.priorities[document.priority]],
    [text.dueDate, document.dueDate === null ? null : formatDay(document.dueDate)],
    [text.answers, document.responseFor?.documentId],
    [text.receivedAt, formatTime(document.receivedAt)],
    [text.state, text.incomingStates[document.state]],
    [text.incomingNumber, document.incomingNumber],
    [text.signature, document.documentIndication],
    [text.warnings, warnings],
    [text.copiesSuppressed, document.duplicateCount === 0 ? null : document.duplicateCount],
    [text.documentId, document.documentId],
    [text.packageDigest, document.packageDigest],
  ]);
  const files = renderTable(
    cli.io,
    [{ title: text.file }, { title: text.kind }, { title: text.bytes, align: 'right' }],
    document.files.map((file) => [file.name, file.mediaType, file.size]),
  );
  const written = saved.map((path) => `${text.saved}: ${path}\n`).join('');
  return `${fields}\n${files}${written}`;
}
