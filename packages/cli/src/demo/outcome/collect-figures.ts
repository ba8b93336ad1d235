import { parseMessageSubject, type Tier } from '@congvan/bus';
import { type Figures, openRelayReader, type RelayFigures } from '@congvan/bus/relay';
import type { Agent } from '@congvan/node-agent';

import type { CheckedFigures, ShareFigures } from '../figures.ts';

/** What the relay says of each tier, and of all together. */
export interface CollectedShare {
  readonly tiers: Readonly<Record<Tier | 'all', Figures>>;
  /** Codes of the agencies that reported nothing. */
  readonly silent: readonly string[];
}

export interface Collected {
  readonly figures: CheckedFigures;
  readonly share: CollectedShare;
}

/**
 * Reads the figures out of the databases: documents, deliveries, receipts and the share out of the
 * relay's, where each rests on a signed record; copies and quarantine out of the agents' own.
 *
 * @param period - the months of issue, `YYYY-MM..YYYY-MM`.
 */
export function collectFigures(
  relayHome: string,
  agents: readonly Agent[],
  period: string,
): Collected {
  using relay = openRelayReader(relayHome);
  const { agencies } = relay.figures({ period });
  const share = collectShare(relay, period);
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
      agencies,
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

function collectShare(relay: RelayFigures, period: string): CollectedShare {
  const figuresOfTier = (tier?: Tier): Figures =>
    relay.figures({ period, ...(tier === undefined ? {} : { tier }) }).figures;
  return {
    tiers: {
      central: figuresOfTier('central'),
      province: figuresOfTier('province'),
      district: figuresOfTier('district'),
      commune: figuresOfTier('commune'),
      all: figuresOfTier(),
    },
    silent: relay.agencies({ period, standing: 'silent' }).rows.map(({ code }) => code),
  };
}

function figuresOf(tier: Figures): ShareFigures {
  const { E, EP, P, rate_electronic, rate_any, rate_signed } = tier;
  return { E, EP, P, rate_electronic, rate_any, rate_signed };
}

/** A stray receipt can end in quarantine too; the figure counts documents. */
function isDocument(natsSubject: string): boolean {
  return parseMessageSubject(natsSubject)?.kind === 'doc';
}
