import type { BusError } from '@congvan/bus';

/** JetStream: insufficient resources, storage exceeded, store failed (maximum bytes, no space left). */
const FULL_CODES: readonly (string | number)[] = [10_023, 10_047, 10_077];
/** Message size exceeds the maximum: the same bytes will never fit. */
const TOO_LARGE_CODE = 10_054;

/** The broker has no room: it may have some later, so the row is tried again and again. */
export function isStreamFull(error: BusError): boolean {
  if (error.code !== 'BUS_PUBLISH_REFUSED') return false;
  return FULL_CODES.includes(error.details['natsErrorCode'] ?? '');
}

/** The broker, or the directory, says that this message can never go there. */
export function isForGood(error: BusError): boolean {
  if (error.code === 'BUS_SUBJECT_INVALID') return true;
  if (error.code !== 'BUS_PUBLISH_REFUSED') return false;
  const code = error.details['natsErrorCode'];
  return code === 'permissions' || code === 'subject' || code === TOO_LARGE_CODE;
}
