import type { AgentCore } from '../core.ts';
import { AgentError } from '../errors.ts';
import { requireRoom } from '../storage/trouble.ts';

/**
 * Before a number is taken: nothing begins that could not be finished, or would be wrong.
 *
 * A number carries a date, and a signature its time, so a clock that the site contradicts numbers
 * nothing (ADR 0023); and a copy that was put back does not know which numbers are used.
 *
 * @throws {@link AgentError} `AGENT_DISK_FULL`, `AGENT_CLOCK_WRONG`, `AGENT_RESTORED`.
 */
export function requireReady(core: AgentCore, documentBytes: number): void {
  requireKnownNumbers(core);
  requireRoom(core.folder, documentBytes);
  const clock = core.running()?.conditions.find(({ code }) => code === 'CLOCK_WRONG');
  if (clock === undefined) return;
  const offsetSeconds = Number(clock.facts['offsetSeconds'] ?? 0);
  const { certificateFrom } = clock.facts;
  const why =
    certificateFrom === undefined
      ? `${Math.abs(offsetSeconds)} s ${offsetSeconds > 0 ? 'behind' : 'ahead of'} the site's`
      : `before the server certificate's beginning (${certificateFrom})`;
  throw new AgentError(
    'AGENT_CLOCK_WRONG',
    `this clock is ${why}; nothing is numbered and dated by it`,
    { details: { offsetSeconds } },
  );
}

/** @throws {@link AgentError} `AGENT_RESTORED` while a relay holds reports that are not here. */
export function requireKnownNumbers(core: Pick<AgentCore, 'watermarks' | 'outbox'>): void {
  if (core.outbox.mayAppend()) return;
  const relayHas = core.watermarks.relayHas();
  const here = core.outbox.chainHead().number;
  throw new AgentError(
    'AGENT_RESTORED',
    `this database ends with report ${here} and is an older copy: which numbers are used is not known yet`,
    { details: { relayHas, here } },
  );
}
