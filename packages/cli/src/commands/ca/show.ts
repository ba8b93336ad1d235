import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { addCaPassphrases, readSerial } from './options.ts';
import { stateOf } from './state.ts';

/** `congvan ca show`: one certificate, from the index and from the copy that was kept. */
export function caShowCommand(cli: Cli): Command {
  const command = newCommand(cli, 'show', 'caShow').addArgument(
    newArgument(cli, '<serial>', 'serial'),
  );
  return addCaPassphrases(cli, command).action(
    async (serial: string, options: PassphraseFiles, self: Command) => {
      const globals = self.optsWithGlobals<GlobalOptions>();
      const { encodePem } = await import('@congvan/signer');
      const { openHomeAuthority } = await import('../../enrolment/authority.ts');
      const passphrases = passphrasesOf(cli, options);
      const authority = await openHomeAuthority(cli, layoutOf(cli, globals), passphrases);
      const serialNumber = readSerial(serial);
      const entry = authority.find(serialNumber);
      const certificate = authority.certificate(serialNumber);
      const pem = encodePem('CERTIFICATE', certificate.der);
      const { ca, text } = cli.messages;
      const { revoked, renews, renewedBy } = entry;
      const since = revoked?.invalidSince;
      const state = stateOf(cli, entry);
      printResult(cli, globals, { ...entry, issuer: certificate.issuerText, pem }, () =>
        [
          renderFields([
            [text.certificate, entry.subjectText],
            [ca.issuer, certificate.issuerText],
            [text.serialNumber, serialNumber],
            ['SHA-256', entry.sha256],
            [text.use, entry.use],
            [text.validFrom, formatTime(entry.notBefore)],
            [text.validTo, formatTime(entry.notAfter)],
            [ca.issuedAt, formatTime(entry.issuedAt)],
            [text.state, state === '' ? ca.good : state],
            [ca.reason, revoked?.reason ?? null],
            [ca.invalidSince, since === undefined ? null : formatTime(since)],
            [ca.renews, renews ?? null],
            [ca.renewedBy, renewedBy ?? null],
          ]),
          pem,
        ].join('\n'),
      );
    },
  );
}
