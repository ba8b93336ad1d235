import { basename, resolve } from 'node:path';

import type {
  Agent,
  PaperReason,
  Priority,
  SendRequest,
  SentDocument,
  Transfer,
} from '@congvan/node-agent';
import { type Command, InvalidArgumentError, Option } from 'commander';

import {
  collect,
  collectList,
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../command.ts';
import type { Cli } from '../context.ts';
import { findPriority } from '../documents/priority.ts';
import { isPaperReason, parseDayOption, parseDocumentType } from '../documents/request-options.ts';
import { mediaTypeOf } from '../documents/media-type.ts';
import { CliError } from '../errors.ts';
import { actorOf, openDesk } from '../home/desk.ts';
import { readInputFile, sizeOfFile } from '../home/input-file.ts';
import { noteAgent } from '../home/note-agent.ts';
import { printNote, printResult } from '../output.ts';
import type { PassphraseFiles } from '../passphrase/passphrase.ts';
import { describePlace } from '../terminal/conditions.ts';
import { type StreamControl, withProgress } from '../terminal/stream-progress.ts';
import { followTransfers } from '../terminal/follow-transfers.ts';
import { renderFields } from '../terminal/table.ts';
import { formatDay } from '../terminal/time.ts';

/** More rows than an agency's lists have. */
const LIST_LIMIT = 100_000;

interface PaperRecipient {
  readonly name: string;
  readonly reason: PaperReason;
}

interface SendOptions extends PassphraseFiles {
  readonly to?: readonly string[];
  readonly abstract: string;
  readonly type: string;
  readonly attach?: readonly string[];
  readonly notation?: string;
  readonly priority?: Priority;
  readonly alsoPaper?: readonly string[];
  readonly paperTo?: readonly PaperRecipient[];
  readonly answer?: string;
  readonly due?: string;
  readonly key?: string;
  readonly actor?: string;
  readonly signatory?: string;
  readonly position?: string;
  readonly secret?: true;
  readonly wait?: true;
}

/** `congvan send`: register, sign, package and keep a document for its recipients. */
export function sendCommand(cli: Cli): Command {
  return newCommand(cli, 'send', 'send')
    .addArgument(newArgument(cli, '<file>', 'file'))
    .addOption(
      newOption(cli, '-t, --to <codes>', 'to').argParser(collectList).makeOptionMandatory(),
    )
    .addOption(newOption(cli, '-a, --abstract <text>', 'abstract').makeOptionMandatory())
    .addOption(
      newOption(cli, '--type <name>', 'type')
        .argParser(parseDocumentType(cli))
        .makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--attach <file>', 'attach').argParser(collect))
    .addOption(newOption(cli, '--notation <notation>', 'notation'))
    .addOption(newOption(cli, '--priority <level>', 'priority').argParser(parsePriority(cli)))
    .addOption(newOption(cli, '--also-paper <codes>', 'alsoPaper').argParser(collectList))
    .addOption(newOption(cli, '--paper-to <name:reason>', 'paperTo').argParser(parsePaperTo(cli)))
    .addOption(newOption(cli, '--answer <id>', 'answer'))
    .addOption(newOption(cli, '--due <day>', 'due').argParser(parseDayOption(cli)))
    .addOption(newOption(cli, '--signatory <name>', 'signatory'))
    .addOption(newOption(cli, '--position <text>', 'position'))
    .addOption(newOption(cli, '--key <name>', 'key'))
    .addOption(newOption(cli, '--actor <name>', 'actor'))
    .addOption(newOption(cli, '--wait', 'wait'))
    .addOption(new Option('--secret', cli.messages.help.optionTexts.secret))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--seal-passphrase-file <file>', 'sealPassphraseFile'))
    .action(async (file: string, options: SendOptions, command: Command) => {
      await send(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function send(
  cli: Cli,
  file: string,
  options: SendOptions,
  globals: GlobalOptions,
): Promise<void> {
  await using agent = await openDesk(cli, globals, options);
  const { request, attachedBytes } = await buildRequest(cli, agent, file, options);
  // Attachments are read for their digests, packed and sealed: three times their size.
  const { sealing, notSent } = cli.messages.files;
  const run = (work: StreamControl): Promise<SentDocument> => agent.send(request, work);
  const sent = await withProgress(cli, sealing, 3 * attachedBytes, run, notSent);
  const { signedPdf: _, ...json } = sent;
  printResult(cli, globals, { kept: true, ...json }, () => renderSent(cli, sent));
  const { text } = cli.messages;
  if (sent.resumed) printNote(cli, globals, `${text.note}: ${text.sentBefore}`);
  noteAgent(cli, globals, agent);
  if (sent.agentRunning && options.wait === true) {
    const { waiting, stopped, gone } = cli.messages.transfers;
    const isGone = await followTransfers(cli, waiting, () => leftToMove(agent, sent));
    printNote(cli, globals, `${text.note}: ${isGone ? gone : stopped}`);
  }
}

/** `undefined` once the broker has every message of the document. */
function leftToMove(agent: Agent, sent: SentDocument): readonly Transfer[] | undefined {
  const ids = new Set(sent.deliveries.map(({ id }) => id));
  const waiting = agent.listOutbox({ limit: LIST_LIMIT }).some((row) => {
    return ids.has(row.messageId) && row.state === 'waiting';
  });
  if (!waiting) return undefined;
  return agent.transfers().filter(({ documentId }) => documentId === sent.documentId);
}

async function buildRequest(
  cli: Cli,
  agent: Agent,
  file: string,
  options: SendOptions,
): Promise<{ readonly request: SendRequest; readonly attachedBytes: number }> {
  // Before anything is read: a classified file does not even enter this process's memory.
  const pdf = options.secret === true ? new Uint8Array() : await readInputFile(cli, file);
  const { attachments, attachedBytes } = await findAttachments(
    cli,
    options.secret === true ? [] : (options.attach ?? []),
  );
  const actor = actorOf(cli, options.actor);
  const request: SendRequest = {
    to: options.to ?? [],
    document: { name: basename(file), pdf },
    attachments,
    abstract: options.abstract,
    documentType: options.type,
    ...(options.alsoPaper === undefined ? {} : { alsoPaperTo: options.alsoPaper }),
    ...(options.paperTo === undefined ? {} : { paperTo: options.paperTo }),
    ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
    ...(options.notation === undefined ? {} : { notation: options.notation }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    ...(options.due === undefined ? {} : { dueDate: options.due }),
    ...(actor === undefined ? {} : { actor }),
    ...(options.secret === true ? { classification: 'secret' as const } : {}),
    ...(options.answer === undefined ? {} : { responseFor: answered(cli, agent, options.answer) }),
    ...signatoryOf(cli, options),
  };
  return { request, attachedBytes };
}

function signatoryOf(cli: Cli, options: SendOptions): Pick<SendRequest, 'signatory'> {
  if (options.signatory === undefined) {
    if (options.position === undefined) return {};
    throw new CliError('CLI_USAGE', cli.messages.text.positionAlone);
  }
  const position = options.position === undefined ? {} : { position: options.position };
  return { signatory: { fullName: options.signatory, ...position } };
}

/** The incoming document that is answered, by its document id or its id in the inbox. */
function answered(cli: Cli, agent: Agent, id: string): NonNullable<SendRequest['responseFor']> {
  const rows = agent.listInbox({ state: 'all', limit: LIST_LIMIT });
  const row =
    rows.find((candidate) => candidate.documentId === id) ??
    (id.length >= 6
      ? rows.find((candidate) => candidate.id.startsWith(id.toLowerCase()))
      : undefined);
  if (row === undefined) {
    throw new CliError('CLI_DOCUMENT_NOT_FOUND', cli.messages.text.answeredNotFound(id), {
      details: { id },
    });
  }
  return {
    documentId: row.documentId,
    organId: row.from,
    code: `${row.codeNumber}/${row.codeNotation}`,
    date: row.issuedOn,
  };
}

/** They are read when they are packed, piece by piece: here only whether they can be. */
async function findAttachments(
  cli: Cli,
  files: readonly string[],
): Promise<{
  readonly attachments: NonNullable<SendRequest['attachments']>;
  readonly attachedBytes: number;
}> {
  let attachedBytes = 0;
  for (const file of files) {
    const bytes = await sizeOfFile(cli, file);
    if (bytes === 0) {
      throw new CliError('CLI_FILE_EMPTY', cli.messages.text.fileEmpty(file), {
        details: { file },
      });
    }
    attachedBytes += bytes;
  }
  const attachments = files.map((file) => ({
    name: basename(file),
    mediaType: mediaTypeOf(file),
    path: resolve(file),
  }));
  return { attachments, attachedBytes };
}

function renderSent(cli: Cli, sent: SentDocument): string {
  const { text } = cli.messages;
  return renderFields([
    [text.result, text.kept],
    [text.number, `${sent.codeNumber}/${sent.codeNotation}`],
    [text.issuedOn, formatDay(sent.issuedOn)],
    [text.documentId, sent.documentId],
    [text.packageDigest, sent.packageDigest],
    [text.recipients, sent.deliveries.map((delivery) => delivery.to).join(', ')],
    [text.agent, sent.agentRunning ? text.runs : text.doesNotRun],
    [cli.messages.conditions.queued, sent.agentRunning ? describePlace(cli, sent.place) : ''],
  ]);
}

function parsePriority(cli: Cli): (value: string) => Priority {
  return (value) => {
    const priority = findPriority(value);
    if (priority === undefined) throw new InvalidArgumentError(cli.messages.text.wantedPriority);
    return priority;
  };
}

function parsePaperTo(
  cli: Cli,
): (value: string, previous: readonly PaperRecipient[] | undefined) => PaperRecipient[] {
  return (value, previous) => {
    const colon = value.lastIndexOf(':');
    const name = value.slice(0, Math.max(colon, 0)).trim();
    const reason = value.slice(colon + 1).trim();
    if (name === '' || !isPaperReason(reason)) {
      throw new InvalidArgumentError(cli.messages.text.wantedPaperTo);
    }
    return [...(previous ?? []), { name, reason }];
  };
}
