import { parentPort, workerData } from 'node:worker_threads';

import { z } from 'zod';

import { BusError } from '../../errors.ts';
import type { FromHttp, HttpPlace, RelayState, ToHttp } from './link.ts';
import { openHttpSide } from './open.ts';

/** The main thread takes reports in and may be busy for a moment. */
const STATE_TIMEOUT_MS = 5_000;

const place = z.object({
  home: z.string(),
  address: z.string(),
  certificate: z.string().optional(),
  key: z.string().optional(),
});

/** The thread that answers requests, so that a long answer never keeps a report waiting. */
async function runThread(port: NonNullable<typeof parentPort>): Promise<void> {
  const say = (message: FromHttp): void => port.postMessage(message);
  const waiting = new Map<number, (state: RelayState) => void>();
  let asked = 0;
  const state = (): Promise<RelayState> =>
    new Promise((settle, fail) => {
      asked += 1;
      const id = asked;
      const timer = setTimeout(() => {
        waiting.delete(id);
        fail(new Error('the relay did not say how it is'));
      }, STATE_TIMEOUT_MS);
      waiting.set(id, (told) => {
        clearTimeout(timer);
        waiting.delete(id);
        settle(told);
      });
      say({ kind: 'ask-state', id });
    });
  try {
    const side = await openHttpSide({
      ...readPlace(workerData),
      state,
      log: (level, message, details = {}) => say({ kind: 'log', level, message, details }),
    });
    port.on('message', (message: ToHttp) => {
      if (message.kind === 'state') waiting.get(message.id)?.(message.state);
      else void side.close().finally(() => port.close());
    });
    say({ kind: 'ready', url: side.url });
  } catch (error) {
    const code = error instanceof BusError ? error.code : 'BUS_HTTP_FAILED';
    say({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
    port.close();
  }
}

function readPlace(data: unknown): HttpPlace {
  const { certificate, key, ...rest } = place.parse(data);
  return {
    ...rest,
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

if (parentPort !== null) void runThread(parentPort);
