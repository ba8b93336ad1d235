import type { RevocationReason } from '@congvan/signer';
import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

/** Without `removeFromCRL` and the reasons of authorities, which an operator does not choose. */
const REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];

interface CaRevokeOptions extends PassphraseFiles {
  readonly reason: RevocationReason;
}

/** `congvan ca revoke`: the certificate counts as revoked from now on; the new list is spread. */
export function caRevokeCommand(cli: Cli): Command {
  return newCommand(cli, 'revoke', 'caRevoke')
    .addArgument(newArgument(cli, '<serial>', 'serial'))
    .addOption(
      newOption(cli, '--reason <reason>', 'revokeReason').choices(REASONS).default('unspecified'),
    )
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'))
    .action(async (serial: string, options: CaRevokeOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const layout = layoutOf(cli, globals);
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
      const authority = await openHomeAuthority(cli, layout, passphrasesOf(cli, options));
      const serialNumber = serial.replaceAll(/[\s:]/gu, '').toLowerCase();
      const at = cli.now();
      await authority.revoke(serialNumber, options.reason, { at });
      const written = await spreadCrls(layout, {
        root: authority.rootCrl(),
        issuing: authority.crl(),
      });
      const { text } = cli.messages;
      const json = { serialNumber, reason: options.reason, revokedAt: at, written };
      printResult(cli, globals, json, () =>
        renderFields([
          [text.serialNumber, serialNumber],
          [text.state, text.revokedSince(formatTime(at))],
          ...written.map((path) => [text.crl, path] as const),
        ]),
      );
    });
}
