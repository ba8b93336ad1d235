import type { HeldRow, InboxRow, IncomingState, QuarantineRow } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, parseCount } from '../command.ts';
import type { Cli } from '../context.ts';
import { openDesk } from '../home/desk.ts';
import { noteAgent } from '../home/note-agent.ts';
import { printNote, printResult } from '../output.ts';
import { safeText } from '../terminal/safe-text.ts';
import { renderTable } from '../terminal/table.ts';
import { formatTime } from '../terminal/time.ts';
import { renderTransfers } from '../terminal/transfers.ts';

const STATES: readonly (IncomingState | 'all')[] = [
  'open',
  'accepted',
  'refused',
  'completed',
  'all',
];
const SHORT_ID_LENGTH = 10;
const MAX_ABSTRACT_LENGTH = 48;
const DEFAULT_LIMIT = 100;

interface InboxOptions {
  readonly quarantine?: true;
  readonly held?: true;
  readonly state: IncomingState | 'all';
  readonly limit: number;
}

/** `congvan inbox`: what came in, with `--quarantine` what failed its checks, with `--held` what waits for them. */
export function inboxCommand(cli: Cli): Command {
  return newCommand(cli, 'inbox', 'inbox')
    .addOption(newOption(cli, '--quarantine', 'quarantine').conflicts('held'))
    .addOption(newOption(cli, '--held', 'held'))
    .addOption(newOption(cli, '--state <state>', 'inboxState').choices(STATES).default('open'))
    .addOption(
      newOption(cli, '--limit <count>', 'limit')
        .argParser(parseCount(cli, 1, 100_000))
        .default(DEFAULT_LIMIT),
    )
    .action(async (options: InboxOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      if (options.quarantine === true) {
        const rows = agent.listQuarantine(options.limit);
        printResult(cli, globals, { quarantine: rows }, () => renderQuarantine(cli, rows));
        return;
      }
      if (options.held === true) {
        const held = agent.listHeld(options.limit);
        printResult(cli, globals, { held }, () => renderHeld(cli, held));
        return;
      }
      const rows = agent.listInbox({ state: options.state, limit: options.limit });
      const transfers = agent.transfers().filter(({ direction }) => direction === 'down');
      printResult(cli, globals, { documents: rows, transfers }, () =>
        [renderInbox(cli, rows), renderTransfers(cli, transfers)].filter((part) => part).join('\n'),
      );
      const { text } = cli.messages;
      const { quarantined, held } = agent.status().inbox;
      if (quarantined > 0) {
        printNote(cli, globals, `${text.note}: ${text.inQuarantine(quarantined)}`);
      }
      if (held > 0) printNote(cli, globals, `${text.note}: ${text.areHeld(held)}`);
      noteAgent(cli, globals, agent);
    });
}

function renderInbox(cli: Cli, rows: readonly InboxRow[]): string {
  const { text } = cli.messages;
  if (rows.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: text.id },
      { title: text.from },
      { title: text.number },
      { title: text.urgency },
      { title: text.abstract },
      { title: text.receivedAt },
      { title: text.state },
      { title: text.incomingNumber },
      { title: text.warnings },
    ],
    rows.map((row) => [
      row.id.slice(0, SHORT_ID_LENGTH),
      row.from,
      `${row.codeNumber}/${row.codeNotation}`,
      text.priorities[row.priority],
      shorten(row.abstract),
      formatTime(row.receivedAt),
      text.incomingStates[row.state],
      row.incomingNumber ?? '',
      [
        ...row.warnings.map((warning) => cli.messages.findings[warning]),
        ...damageOf(cli, row),
      ].join('; '),
    ]),
  );
}

function damageOf(cli: Cli, { damage }: InboxRow): string[] {
  return damage === null ? [] : [`${cli.messages.evidence.damaged}: ${safeText(damage)}`];
}

function renderQuarantine(cli: Cli, rows: readonly QuarantineRow[]): string {
  const { text } = cli.messages;
  if (rows.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: '#', align: 'right' },
      { title: text.receivedAt },
      { title: text.finding },
      { title: text.meaning },
      { title: text.claimedFrom },
      { title: text.documentId },
      { title: text.refusalSent },
      { title: text.detail },
    ],
    rows.map((row) => [
      row.id,
      formatTime(row.receivedAt),
      row.finding,
      cli.messages.findings[row.finding],
      row.claimedFrom ?? '?',
      row.claimedDocumentId ?? '?',
      row.refusalSent ? text.yes : text.no,
      row.detail,
    ]),
  );
}

function renderHeld(cli: Cli, rows: readonly HeldRow[]): string {
  const { text } = cli.messages;
  if (rows.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: '#', align: 'right' },
      { title: text.receivedAt },
      { title: text.from },
      { title: text.waitsForWhat },
      { title: text.heldUntil },
      { title: text.detail },
    ],
    rows.map((row) => [
      row.id,
      formatTime(row.heldSince),
      row.from,
      text.lacks[row.lacks],
      formatTime(row.endsAt),
      row.reason,
    ]),
  );
}

function shorten(abstract: string): string {
  const characters = Array.from(new Intl.Segmenter('vi').segment(abstract), (one) => one.segment);
  if (characters.length <= MAX_ABSTRACT_LENGTH) return abstract;
  return `${characters.slice(0, MAX_ABSTRACT_LENGTH - 1).join('')}…`;
}
