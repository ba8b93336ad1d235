import type { AuditEvent } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, parseCount } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { addCaPassphrases } from './options.ts';

const MAX_LINES = 1_000_000;

interface CaAuditOptions extends PassphraseFiles {
  readonly limit: number;
}

/** `congvan ca audit`: who issued and revoked what, in a log whose lines hang together. */
export function caAuditCommand(cli: Cli): Command {
  const command = newCommand(cli, 'audit', 'caAudit').addOption(
    newOption(cli, '--limit <number>', 'auditLimit')
      .argParser(parseCount(cli, 1, MAX_LINES))
      .default(20),
  );
  return addCaPassphrases(cli, command).action(async (options: CaAuditOptions, self: Command) => {
    const globals = self.optsWithGlobals<GlobalOptions>();
    const { openHomeAuthority } = await import('../../enrolment/authority.ts');
    const passphrases = passphrasesOf(cli, options);
    const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
    const { events, hashes } = await authority.auditLog();
    const { ca, text } = cli.messages;
    const shown = events.slice(-options.limit);
    const lastHash = hashes.at(-1) ?? '';
    const json = { lineCount: events.length, lastHash, events: shown };
    printResult(cli, globals, json, () =>
      [
        renderTable(
          cli.io,
          [{ title: text.at }, { title: ca.event }, { title: ca.actor }, { title: ca.what }],
          shown.map((event) => [
            formatTime(new Date(event.at)),
            event.event,
            event.actor ?? '',
            describe(event),
          ]),
        ),
        renderFields([
          [text.check, ca.auditIntact(events.length)],
          [ca.lastHash, lastHash],
        ]),
      ].join('\n'),
    );
    printNote(cli, globals, `${text.note}: ${ca.noteHash}`);
  });
}

/** What happened, in one column: whose certificate, which reason, which list. */
function describe(event: AuditEvent): string {
  const fields = ['subjectText', 'serialNumber', 'reason', 'number', 'baseUrl'];
  return fields
    .flatMap((field) => {
      const value = event[field];
      return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
    })
    .join(' ');
}
