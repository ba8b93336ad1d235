import { parseMessageSubject } from '@congvan/bus';
import { openRelayReader, type Share, type TierShare } from '@congvan/bus/relay';
import type { Agent } from '@congvan/node-agent';

import type { CheckedFigures, ShareFigures } from '../figures.ts';

export interface Collected {
  readonly figures: CheckedFigures;
  readonly share: Share;
}

/**
 * Reads the figures out of the databases: documents, deliveries, receipts and the share out of the
 * relay's, where each rests on a signed record; copies and quarantine out of the agents' own.
 *
 * @param months - first and last month of issue, `YYYY-MM`.
 */
export function collectFigures(
  relayHome: string,
  agents: readonly Agent[],
  months: { readonly from: string; readonly to: string },
): Collected {
  using relay = openRelayReader(relayHome);
  const share = relay.share(months);
  const { dispatches, deliveries, receipts } = relay.counts();
  const quarantined = agents.flatMap((agent) =>
    agent.listQuarantine().filter(({ natsSubject }) => isDocument(natsSubject)),
  );
  const copies = agents.flatMap((agent) =>
    agent.listInbox({ limit: 10_000 }).map(({ duplicateCount }) => duplicateCount),
  );
  return {
    share,
    figures: {
      agencies: share.tiers.all.agencies,
      dispatches,
      deliveries,
      receipts,
      quarantined: quarantined.length,
      duplicates_suppressed: copies.reduce((sum, count) => sum + count, 0),
      share: {
        central: figuresOf(share.tiers.central),
        province: figuresOf(share.tiers.province),
        district: figuresOf(share.tiers.district),
        commune: figuresOf(share.tiers.commune),
        all: figuresOf(share.tiers.all),
      },
    },
  };
}

function figuresOf(tier: TierShare): ShareFigures {
  const { E, EP, P, rate_electronic, rate_any, rate_signed } = tier;
  return { E, EP, P, rate_electronic, rate_any, rate_signed };
}

/** A stray receipt can end in quarantine too; the figure counts documents. */
function isDocument(natsSubject: string): boolean {
  return parseMessageSubject(natsSubject)?.kind === 'doc';
}
