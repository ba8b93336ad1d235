import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatDate } from '../../terminal/time.ts';
import { addCaPassphrases } from './options.ts';
import { stateOf } from './state.ts';

/** `congvan ca list`: every certificate this authority issued. */
export function caListCommand(cli: Cli): Command {
  return addCaPassphrases(cli, newCommand(cli, 'list', 'caList')).action(
    async (options: PassphraseFiles, self: Command) => {
      const globals = self.optsWithGlobals<GlobalOptions>();
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
            stateOf(cli, one),
          ]),
        ),
      );
    },
  );
}
