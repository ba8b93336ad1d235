import type { PeerState } from '../broker/peer-state.ts';
import type { JetStreamState } from '../broker/server-monitor.ts';
import type { StreamState } from '../broker/stream-admin.ts';
import type { Place } from './bus-plan.ts';
import { type HealthFinding, STREAM_FULL_FAIL, STREAM_FULL_WARN, firstOf } from './health.ts';

/** So many entries are caught up in a moment; more is a slow line or disk. */
const COPY_BEHIND_COUNT = 1_000;

/** What the servers of a place say, by the names of those that answered. */
export type JetStreams = ReadonlyMap<string, JetStreamState | null>;

/** Judges the store of one server; `null`: it runs without JetStream. */
export function judgeJetStream(
  place: string,
  server: string,
  state: JetStreamState | null,
): HealthFinding {
  const finding = { place, about: server };
  if (state === null) return { ...finding, code: 'jetstream-off', state: 'fail', values: {} };
  const { usedBytes, maxBytes } = state;
  const fill = maxBytes > 0 ? usedBytes / maxBytes : 1;
  const values = { usedBytes, maxBytes, percent: Math.floor(fill * 100) };
  if (fill < STREAM_FULL_WARN) return { ...finding, code: 'jetstream', state: 'ok', values };
  const worst = fill >= STREAM_FULL_FAIL ? 'fail' : 'warn';
  return { ...finding, code: 'store-full', state: worst, values };
}

/** Judges how the servers of a cluster stand to each other; nothing to say of a server alone. */
export function judgeCluster(
  place: Place,
  jetStreams: JetStreams,
  streams: ReadonlyMap<string, StreamState | undefined>,
): HealthFinding[] {
  if (place.servers.length === 1) return [];
  const states = [...jetStreams.values()].filter((state) => state !== null);
  const findings: HealthFinding[] = [];
  const add = (
    code: HealthFinding['code'],
    state: HealthFinding['state'],
    about: string,
    values: HealthFinding['values'] = {},
  ): void => {
    findings.push({ code, state, place: place.id, about, values });
  };
  const leaders = new Set(states.map(({ leader }) => leader).filter((leader) => leader !== null));
  const [leader] = leaders;
  if (leader !== undefined) add('cluster', 'ok', place.id, { leader: [...leaders].join(', ') });
  else if (states.length > 0) add('cluster-no-leader', 'fail', place.id);
  const peers = peersOf(jetStreams, leader);
  for (const { name } of place.servers) {
    const meta = peers.get(name);
    const behind = [...streams.values()].filter(
      (state) => state?.copies.some((copy) => copy.name === name && isBehind(copy)) === true,
    );
    const isLost = meta !== undefined && !meta.isHeard && !meta.isCurrent;
    if (isLost) {
      add(jetStreams.has(name) ? 'peer-apart' : 'peer-down', 'fail', name);
    } else if (behind.length > 0 || (meta !== undefined && isBehind(meta))) {
      const copies = behind.flatMap((state) => state?.copies ?? []);
      const lags = copies.filter((copy) => copy.name === name).map(({ lagCount }) => lagCount);
      add('stream-stale-copy', 'warn', name, {
        count: behind.length,
        streams: firstOf(behind.flatMap((state) => state?.name ?? [])),
        lag: Math.max(meta?.lagCount ?? 0, ...lags),
      });
    }
  }
  const planned = new Set(place.servers.map(({ name }) => name));
  for (const name of peers.keys()) if (!planned.has(name)) add('peer-unplanned', 'warn', name);
  return findings;
}

/** The servers that answer and are heard by the one that leads. */
export function namesHeard(jetStreams: JetStreams): Set<string> {
  const states = [...jetStreams].filter(([, state]) => state !== null);
  const leader = states.map(([, state]) => state?.leader).find((name) => typeof name === 'string');
  const peers = peersOf(jetStreams, leader ?? undefined);
  return new Set(states.map(([name]) => name).filter((name) => peers.get(name)?.isHeard !== false));
}

/** The leader knows best; before 2.10 the others know nothing. */
function peersOf(jetStreams: JetStreams, leader: string | undefined): Map<string, PeerState> {
  const told = jetStreams.get(leader ?? '')?.peers ?? [];
  return new Map(told.map((peer) => [peer.name, peer]));
}

/** Whoever is busy lacks an entry now and then. */
function isBehind({ isHeard, isCurrent, lagCount }: PeerState): boolean {
  return !isCurrent && (!isHeard || lagCount >= COPY_BEHIND_COUNT);
}
