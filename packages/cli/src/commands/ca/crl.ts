import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

/** `congvan ca crl`: a fresh revocation list for everybody in this home. */
export function caCrlCommand(cli: Cli): Command {
  return newCommand(cli, 'crl', 'caCrl')
    .addOption(newOption(cli, '--out <file>', 'outCrl'))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (options: PassphraseFiles & { out?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const layout = layoutOf(cli, globals);
      const { parseCrl } = await import('@congvan/signer');
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
      const authority = await openHomeAuthority(cli, layout, passphrasesOf(cli, options));
      await authority.renewCrl();
      const bytes = authority.crl();
      const written = await spreadCrls(layout, { root: authority.rootCrl(), issuing: bytes });
      if (options.out !== undefined) {
        await writeFile(resolve(options.out), bytes);
        written.push(resolve(options.out));
      }
      const { thisUpdate, nextUpdate } = parseCrl(bytes);
      const { text } = cli.messages;
      printResult(cli, globals, { thisUpdate, nextUpdate: nextUpdate ?? null, written }, () =>
        renderFields([
          [text.validFrom, formatTime(thisUpdate)],
          [text.validTo, nextUpdate === undefined ? null : formatTime(nextUpdate)],
          ...written.map((path) => [text.crl, path] as const),
        ]),
      );
    });
}
