import { createHash } from 'node:crypto';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import { encodePayload } from '../record/codec.ts';
import { type SignBytes, encodeMessage, signRecord } from '../record/frame.ts';
import { messageSubject, scopeOf } from '../subject/subject.ts';
import type { NumberRange } from './number-series.ts';
import type { ChainState } from './storage/report-store.ts';

/** Ranges named in one watermark; the next one names the next. */
export const MAX_MISSING_RANGES_ASKED = 200;

export interface WatermarkMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Stable for what it says: the broker stores it once, however often a crash repeats it. */
  readonly messageId: string;
}

/** Signs what the relay has of an agency's chain and addresses it to that agency. */
export async function composeWatermark(input: {
  readonly relay: AgencyCode;
  readonly relaySite: Site;
  readonly to: DirectoryEntry;
  readonly chain: ChainState;
  readonly missing: readonly NumberRange[];
  readonly at: Date;
  readonly sign: SignBytes;
  /** Reports of the agency itself that go back to it, behind the signed watermark. */
  readonly givenBack?: readonly Uint8Array[];
  /** Makes the message one of its own, where the same words were said before in vain. */
  readonly salt?: string;
}): Promise<WatermarkMessage> {
  const { relay, relaySite, to, chain, missing } = input;
  const payload = encodePayload('watermark', {
    from: relay,
    to: to.code,
    upTo: chain.upTo,
    hash: chain.upToHash,
    missing: missing.map(([first, last]) => [first, last]),
    at: input.at.toISOString(),
  });
  const subject = messageSubject({
    tier: to.tier,
    lane: 'normal',
    kind: 'receipt',
    scope: scopeOf(to.site, relaySite),
    toSite: to.site,
    to: to.code,
    fromSite: relaySite,
    from: relay,
  });
  const frame = await signRecord('watermark', payload, input.sign);
  const data = encodeMessage(frame, Buffer.concat(input.givenBack ?? []));
  // The revision: while a gap stays, the words stay too, and the broker would drop all but the first.
  const words = [relay, 'watermark', to.code, chain.upTo, chain.upToHash, missing, chain.revision];
  const said = JSON.stringify(input.salt === undefined ? words : [...words, input.salt]);
  const messageId = createHash('sha256').update(said).digest('hex');
  return { subject, data, messageId };
}
