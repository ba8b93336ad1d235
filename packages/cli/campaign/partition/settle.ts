import { setTimeout as sleep } from 'node:timers/promises';

import { openRelayReader } from '@congvan/bus/relay';
import { type Agent, openAgent } from '@congvan/node-agent';

import type { Country } from './country.ts';
import { readLedger } from './ledger.ts';

/**
 * After healing. The longest wait of what can still be on its way: three minutes until the first
 * repeat to another site and the second copy of a receipt, both of them once more for an answer that
 * a line swallowed, and the time to work off a queue.
 */
const SETTLE_TIMEOUT_MS = 8 * 60_000;
const SETTLE_POLL_MS = 2_000;

/** Counted from the files, with what is known to be done left out from then on. */
interface Open {
  readonly deliveries: number;
  readonly reports: number;
}

/** Waits until every delivery is receipted and every report is at its relays; the verdict says what is not. */
export async function settle(
  country: Country,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  const done = new Set<string>();
  let told = '';
  while (performance.now() < deadline) {
    const open = await countOpen(country, done);
    const line = `${open.deliveries} deliveries and ${open.reports} reports are open`;
    if (line !== told) tell(line);
    told = line;
    if (open.deliveries + open.reports === 0) return;
    await sleep(SETTLE_POLL_MS, undefined, { signal });
  }
}

async function countOpen(country: Country, done: Set<string>): Promise<Open> {
  let deliveries = 0;
  let reports = 0;
  for (const { code, home, ledger } of country.offices) {
    await using agent = await openAgent({ home, mode: 'desk' });
    deliveries += countUnreceipted(agent, ledger, done);
    deliveries += agent.listInbox({ state: 'open', limit: 1_000_000 }).length;
    const { last } = agent.status().report;
    for (const { home: relayHome, agencies } of country.relays) {
      if (!agencies.includes(code)) continue;
      using reader = openRelayReader(relayHome);
      const chain = reader.listChains().find(({ agency }) => agency === code);
      reports += last - (chain?.upTo ?? 0);
    }
  }
  return { deliveries, reports };
}

function countUnreceipted(agent: Agent, ledger: string, done: Set<string>): number {
  let count = 0;
  for (const line of readLedger(ledger)) {
    if (line.event !== 'promised' || done.has(line.documentId)) continue;
    const { deliveries } = agent.track(line.documentId);
    const open = deliveries.filter(({ status }) => status !== '03').length;
    if (open === 0) done.add(line.documentId);
    count += open;
  }
  return count;
}
