import type { TlsFault } from '@congvan/bus';

import type { ConditionBook } from './condition.ts';

/** What the words about a certificate need besides the fault. */
export interface TlsSurroundings {
  readonly servers: string;
  /** The end of the agency's own TLS certificate; `undefined` where it has none. */
  readonly ownEndsMs: number | undefined;
  readonly nowMs: number;
}

/**
 * Sets the condition of a certificate that keeps the agent from the broker, and clears the others.
 *
 * A server's certificate of our own authorities that has not begun says that this clock is behind:
 * nothing is numbered by it, just as when the site's answer says so.
 */
export function tellTlsFault(
  conditions: ConditionBook,
  fault: TlsFault | undefined,
  { servers, ownEndsMs, nowMs }: TlsSurroundings,
): void {
  // A clock that was set meanwhile is right although nobody has tried again yet.
  if (fault?.kind === 'server-not-yet-valid' && fault.atMs > nowMs) {
    const certificateFrom = new Date(fault.atMs).toISOString();
    const offsetSeconds = Math.ceil((fault.atMs - nowMs) / 1_000);
    conditions.set('CLOCK_WRONG', { offsetSeconds, certificateFrom });
  }
  const endedAt = fault?.kind === 'server-expired' ? new Date(fault.atMs).toISOString() : undefined;
  conditions.put(
    'BROKER_CERTIFICATE_EXPIRED',
    endedAt === undefined ? undefined : { servers, endedAt },
  );
  conditions.put(
    'BROKER_UNTRUSTED',
    fault?.kind === 'server-untrusted' ? { servers, reason: fault.reason } : undefined,
  );
  const own = ownEndsMs === undefined ? 'none' : new Date(ownEndsMs).toISOString();
  conditions.put(
    'CERTIFICATE_REFUSED',
    fault?.kind === 'client-refused'
      ? { servers, reason: fault.reason, ownEndsAt: own }
      : undefined,
  );
}

/**
 * Ends a `CLOCK_WRONG` that a certificate told of: when a connection came about, or the clock has
 * reached the time. One that the site's answer told of stays until its next answer.
 */
export function forgetTlsClock(
  conditions: ConditionBook,
  nowMs: number,
  isConnected: boolean,
): void {
  const from = conditions.factsOf('CLOCK_WRONG')?.['certificateFrom'];
  if (from === undefined) return;
  if (isConnected || nowMs >= Date.parse(String(from))) conditions.clear('CLOCK_WRONG');
}
