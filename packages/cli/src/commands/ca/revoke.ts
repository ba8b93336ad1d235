import type { RevocationReason } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { parseTimeOption } from '../../documents/request-options.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { REASONS } from './names.ts';
import { addCaPassphrases, readSerial } from './options.ts';

interface CaRevokeOptions extends PassphraseFiles {
  readonly reason: RevocationReason;
  readonly invalidSince?: Date;
  readonly delta?: true;
}

/** `congvan ca revoke`: the certificate counts as revoked from now on; the new list is spread. */
export function caRevokeCommand(cli: Cli): Command {
  const command = newCommand(cli, 'revoke', 'caRevoke')
    .addArgument(newArgument(cli, '<serial>', 'serial'))
    .addOption(
      newOption(cli, '--reason <reason>', 'revokeReason').choices(REASONS).default('unspecified'),
    )
    .addOption(
      newOption(cli, '--invalid-since <time>', 'invalidSince').argParser(parseTimeOption(cli)),
    )
    .addOption(newOption(cli, '--delta', 'delta'));
  return addCaPassphrases(cli, command).action(
    async (serial: string, options: CaRevokeOptions, self: Command) => {
      const globals = self.optsWithGlobals<GlobalOptions>();
      const layout = layoutOf(cli, globals);
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const { spreadCrls } = await import('../../enrolment/spread-crl.ts');
      const authority = await openHomeAuthority(cli, layout, passphrasesOf(cli, options));
      const serialNumber = readSerial(serial);
      const at = cli.now();
      const { reason, invalidSince, delta } = options;
      await authority.revoke(serialNumber, reason, {
        at,
        ...(invalidSince === undefined ? {} : { invalidSince }),
        list: delta === true ? 'delta' : 'complete',
      });
      const written = await spreadCrls(layout, authority);
      // Revoked for good after a hold, it counts as revoked since the hold.
      const since = authority.lookUp(serialNumber)?.revoked?.at ?? at;
      const { ca, text } = cli.messages;
      const time = formatTime(since);
      const json = { serialNumber, reason, revokedAt: since, invalidSince, written };
      printResult(cli, globals, json, () =>
        renderFields([
          [text.serialNumber, serialNumber],
          [text.state, reason === 'certificateHold' ? ca.onHold(time) : text.revokedSince(time)],
          ...written.map((path) => [text.crl, path] as const),
        ]),
      );
    },
  );
}
