import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { isSystemError } from '../../home/input-file.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { addCaPassphrases } from './options.ts';

interface CaCrlOptions extends PassphraseFiles {
  readonly delta?: true;
  readonly out?: string;
}

/** `congvan ca crl`: a fresh revocation list for everybody in this home. */
export function caCrlCommand(cli: Cli): Command {
  const command = newCommand(cli, 'crl', 'caCrl')
    .addOption(newOption(cli, '--delta', 'deltaCrl'))
    .addOption(newOption(cli, '--out <file>', 'outCrl'));
  return addCaPassphrases(cli, command).action(async (options: CaCrlOptions, self: Command) => {
    const globals = self.optsWithGlobals<GlobalOptions>();
    const layout = layoutOf(cli, globals);
    const { parseCrl } = await import('@congvan/signer');
    const { openHomeAuthority } = await import('../../enrolment/authority.ts');
    const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
    const out = options.out === undefined ? undefined : resolve(options.out);
    if (out !== undefined) await requireCrlOrNothing(cli, out, parseCrl);
    const authority = await openHomeAuthority(cli, layout, passphrasesOf(cli, options));
    if (options.delta === true) await authority.issueDeltaCrl();
    else await authority.renewCrl();
    const delta = options.delta === true ? authority.deltaCrl() : undefined;
    const bytes = delta ?? authority.crl();
    const written = await spreadCrls(layout, authority);
    if (out !== undefined) {
      await writeFile(`${out}.new`, bytes, { flush: true });
      await rename(`${out}.new`, out);
      written.push(out);
    }
    const { thisUpdate, nextUpdate, number } = parseCrl(bytes);
    const { text } = cli.messages;
    printResult(
      cli,
      globals,
      { number: Number(number), thisUpdate, nextUpdate: nextUpdate ?? null, written },
      () =>
        renderFields([
          [text.number, String(number)],
          [text.validFrom, formatTime(thisUpdate)],
          [text.validTo, nextUpdate === undefined ? null : formatTime(nextUpdate)],
          ...written.map((path) => [text.crl, path] as const),
        ]),
    );
  });
}

/** An older list may be replaced; any other file stands where it stands by a slip of the keyboard. */
async function requireCrlOrNothing(
  cli: Cli,
  path: string,
  parseCrl: (bytes: Uint8Array) => unknown,
): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  try {
    parseCrl(bytes);
  } catch (cause) {
    const message = cli.messages.text.fileNoCrl(path);
    throw new CliError('CLI_ALREADY_EXISTS', message, { cause, details: { file: path } });
  }
}
