import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

/** What went wrong with a request, told from the client's many error classes and their causes. */
export type RequestFailure =
  /** The server answered with an error of its own, such as 10077, or refused the subject. */
  | { readonly kind: 'refused'; readonly natsErrorCode: number | string; readonly message: string }
  /** Nobody listens on the subject: nothing was stored, but it may be there in a moment. */
  | { readonly kind: 'no-responders' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'disconnected' };

export function classifyFailure(error: unknown): RequestFailure {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof JetStreamApiError) {
      return { kind: 'refused', natsErrorCode: current.code, message: current.message };
    }
    if (current instanceof errors.PermissionViolationError) {
      return { kind: 'refused', natsErrorCode: 'permissions', message: current.message };
    }
    if (current instanceof errors.InvalidSubjectError) {
      return { kind: 'refused', natsErrorCode: 'subject', message: current.message };
    }
    if (current instanceof errors.TimeoutError) return { kind: 'timeout' };
    if (current instanceof errors.NoRespondersError) return { kind: 'no-responders' };
    if (current instanceof errors.RequestError && current.isNoResponders()) {
      return { kind: 'no-responders' };
    }
  }
  return { kind: 'disconnected' };
}
