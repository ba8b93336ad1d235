import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { addCaPassphrases, readSerial } from './options.ts';

interface CaReleaseOptions extends PassphraseFiles {
  readonly delta?: true;
}

/** `congvan ca release`: what was put on hold is good again. */
export function caReleaseCommand(cli: Cli): Command {
  const command = newCommand(cli, 'release', 'caRelease')
    .addArgument(newArgument(cli, '<serial>', 'serial'))
    .addOption(newOption(cli, '--delta', 'delta'));
  return addCaPassphrases(cli, command).action(
    async (serial: string, options: CaReleaseOptions, self: Command) => {
      const globals = self.optsWithGlobals<GlobalOptions>();
      const layout = layoutOf(cli, globals);
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
      const authority = await openHomeAuthority(cli, layout, passphrasesOf(cli, options));
      const serialNumber = readSerial(serial);
      await authority.release(serialNumber, {
        list: options.delta === true ? 'delta' : 'complete',
      });
      const written = await spreadCrls(layout, authority);
      const { ca, text } = cli.messages;
      printResult(cli, globals, { serialNumber, written }, () =>
        renderFields([
          [text.serialNumber, serialNumber],
          [text.state, ca.released],
          ...written.map((path) => [text.crl, path] as const),
        ]),
      );
    },
  );
}
