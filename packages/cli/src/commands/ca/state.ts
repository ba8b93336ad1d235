import type { IssuedCertificate } from '@congvan/signer';

import type { Cli } from '../../context.ts';
import { formatTime } from '../../terminal/time.ts';

/** In words: revoked, on hold, expired; nothing for a certificate that is simply good. */
export function stateOf(
  cli: Pick<Cli, 'messages' | 'now'>,
  { revoked, notAfter }: Pick<IssuedCertificate, 'revoked' | 'notAfter'>,
): string {
  const { ca, text } = cli.messages;
  if (revoked !== undefined) {
    const time = formatTime(revoked.at);
    return revoked.reason === 'certificateHold' ? ca.onHold(time) : text.revokedSince(time);
  }
  return notAfter < cli.now() ? ca.expired : '';
}
