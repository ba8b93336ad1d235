import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

import { type Lane, createLane } from './shaped-lane.ts';

export interface ShapedLineOptions {
  /** `nats://host:port` or `host:port`. */
  readonly target: string;
  /** Each direction has this much; without it the line is as fast as the machine. */
  readonly bitsPerSecond?: number;
  /** Added to each direction. */
  readonly latencyMs?: number;
  /** Where the line listens; the default is a free port on the loopback address. */
  readonly port?: number;
}

/** A TCP proxy that behaves like a thin line, and can be cut. */
export interface ShapedLine extends AsyncDisposable {
  /** `nats://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Bytes that have passed towards the target. */
  readonly bytesUp: () => number;
  readonly bytesDown: () => number;
  /** Connections end at once, and new ones are turned away. */
  cut(): void;
  /** Nothing passes any more, but nobody is told. */
  blackHole(): void;
  /** What was cut or swallowed works again; a connection in a black hole goes on where it stood. */
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a line between whoever connects to its port and `target`. */
export async function startShapedLine(options: ShapedLineOptions): Promise<ShapedLine> {
  const target = new URL(
    options.target.includes('://') ? options.target : `tcp://${options.target}`,
  );
  const up = createLane(options);
  const down = createLane(options);
  const sockets = new Set<Socket>();
  let isCut = false;

  const join = (near: Socket, far: Socket): void => {
    const ends = [up.carry(near, far), down.carry(far, near)];
    const end = (): void => {
      for (const stopCarrying of ends) stopCarrying();
      for (const socket of [near, far]) {
        sockets.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (isCut) {
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    join(near, connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true }));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const setFlowing = (flowing: boolean): void => {
    for (const lane of [up, down] satisfies Lane[]) lane.setFlowing(flowing);
  };
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async (): Promise<void> => {
    cut();
    setFlowing(false);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    bytesUp: () => up.bytes(),
    bytesDown: () => down.bytes(),
    cut,
    blackHole: () => setFlowing(false),
    heal: () => {
      isCut = false;
      setFlowing(true);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
