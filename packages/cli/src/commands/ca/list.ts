import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatDate, formatTime } from '../../terminal/time.ts';

/** `congvan ca list`: every certificate this authority issued. */
export function caListCommand(cli: Cli): Command {
  return newCommand(cli, 'list', 'caList')
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (options: PassphraseFiles, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const passphrases = passphrasesOf(cli, options);
      const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
      const certificates = authority.list();
      const { text } = cli.messages;
      printResult(cli, globals, { certificates }, () =>
        renderTable(
          cli.io,
          [
            { title: text.serialNumber },
            { title: text.name },
            { title: text.use },
            { title: text.validFrom },
            { title: text.validTo },
            { title: text.state },
          ],
          certificates.map((one) => [
            one.serialNumber,
            one.subjectText,
            one.use,
            formatDate(one.notBefore),
            formatDate(one.notAfter),
            one.revoked === undefined ? '' : text.revokedSince(formatTime(one.revoked.at)),
          ]),
        ),
      );
    });
}
