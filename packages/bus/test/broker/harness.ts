import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import type { BusMessage } from '../../src/broker/bus-message.ts';
import type { DirectoryEntry } from '../../src/directory/entry.ts';
import type { Enrolled } from '../../src/site/index.ts';
import { type Lane } from '../../src/subject/lane.ts';
import { messageSubject, scopeOf } from '../../src/subject/subject.ts';
import type { LocalBus } from '../../src/testing/index.ts';

export async function connectEnrolled(bus: LocalBus, agency: Enrolled): Promise<AgencyConnection> {
  const { code, site } = agency.entry;
  const { credentials } = agency;
  return await connectAgency({ servers: bus.url, credentials, code, site, name: 'test' });
}

export function documentSubject(
  from: DirectoryEntry,
  to: DirectoryEntry,
  lane: Lane = 'normal',
): string {
  return messageSubject({
    tier: to.tier,
    lane,
    kind: 'doc',
    scope: scopeOf(to.site, from.site),
    toSite: to.site,
    to: to.code,
    fromSite: from.site,
    from: from.code,
  });
}

/** Takes and acknowledges messages until there are `count` different ones. */
export async function receive(
  connection: AgencyConnection,
  count: number,
  lane: Lane = 'normal',
): Promise<BusMessage[]> {
  const seen = new Map<number, BusMessage>();
  const { signal } = new AbortController();
  for await (const batch of connection.inbox(lane, { signal })) {
    for (const message of batch) {
      seen.set(message.streamSeq, message);
      message.ack();
    }
    if (seen.size >= count) break;
  }
  return [...seen.values()];
}

export function text(message: BusMessage | undefined): string {
  return Buffer.from(message?.data ?? []).toString();
}
