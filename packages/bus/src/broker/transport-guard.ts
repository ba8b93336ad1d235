import type { NatsConnection } from '@nats-io/transport-node';

const guarded = new WeakSet<object>();

/**
 * Keeps a dying connection from ending the whole process.
 *
 * When the server is killed its socket reports `end` first and `close` later. Version 3.4.0 of the
 * client still writes in between and has taken its error listeners off when that write fails, so the
 * error is nobody's and Node ends the process. Writes to an ended socket are therefore dropped:
 * what they carried is lost with the connection anyway. A client of another shape stays as it is.
 */
export function guardTransport(nats: NatsConnection): void {
  const prototype = Object.getPrototypeOf(readTransport(nats) ?? null) as unknown;
  if (!hasSend(prototype) || guarded.has(prototype)) return;
  guarded.add(prototype);
  const send = prototype._send;
  prototype._send = async function (this: { socket?: unknown }, frame: Uint8Array) {
    if (hasEnded(this.socket)) return;
    await send.call(this, frame);
  };
}

interface Sending {
  _send(this: unknown, frame: Uint8Array): Promise<void>;
}

function readTransport(nats: object): object | undefined {
  const protocol: unknown = 'protocol' in nats ? nats.protocol : undefined;
  if (typeof protocol !== 'object' || protocol === null || !('transport' in protocol)) return;
  const { transport } = protocol;
  return typeof transport === 'object' && transport !== null ? transport : undefined;
}

function hasSend(value: unknown): value is Sending {
  return (
    typeof value === 'object' &&
    value !== null &&
    '_send' in value &&
    typeof value._send === 'function'
  );
}

function hasEnded(socket: unknown): boolean {
  return (
    typeof socket === 'object' &&
    socket !== null &&
    'writableEnded' in socket &&
    socket.writableEnded === true
  );
}
