import type { EnrolmentRefusal } from '../../enrolment/protocol.ts';
import { BusError } from '../../errors.ts';

/** @returns `BUS_ENROLMENT_REFUSED`; `detail` goes to the agency, so it quotes no secret. */
export function refuseEnrolment(
  reason: EnrolmentRefusal,
  detail: string,
  cause?: unknown,
): BusError {
  return new BusError('BUS_ENROLMENT_REFUSED', detail, {
    ...(cause === undefined ? {} : { cause }),
    details: { reason },
  });
}
