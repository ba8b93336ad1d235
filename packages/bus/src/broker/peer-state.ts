/** Another server of a cluster, as the one that leads sees it. */
export interface PeerState {
  readonly name: string;
  /** It sent something in the last ten seconds. */
  readonly isHeard: boolean;
  readonly isCurrent: boolean;
  /** Entries that it has not confirmed. */
  readonly lagCount: number;
}

/** Servers speak to each other every second; after ten they count one as lost themselves. */
const HEARD_NANOS = 10_000_000_000;

/** @param peer - as JetStream lists it; `active` in nanoseconds, 0 or absent when it was never heard. */
export function toPeerState(peer: {
  readonly name: string;
  readonly current: boolean;
  readonly offline?: boolean | undefined;
  readonly active?: number | undefined;
  readonly lag?: number | undefined;
}): PeerState {
  const { name, current, offline = false, active = 0, lag = 0 } = peer;
  const isHeard = !offline && active > 0 && active < HEARD_NANOS;
  return { name, isHeard, isCurrent: current && !offline, lagCount: lag };
}
