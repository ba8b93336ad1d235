import type { Msg } from '@nats-io/transport-node';

/**
 * A callback for a subscription. What it throws ends one answer, and is told: out of a callback it
 * would end the client's reading, and nothing would arrive until the server is missed, 90 seconds later.
 */
export function takeSafely(
  take: (message: Msg) => void,
  onError: (error: Error) => void,
): (error: Error | null, message: Msg) => void {
  return (error, message) => {
    if (error !== null) return;
    try {
      take(message);
    } catch (failure) {
      onError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
}
