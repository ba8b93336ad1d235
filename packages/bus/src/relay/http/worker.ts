import { parentPort, workerData } from 'node:worker_threads';

import { z } from 'zod';

import { BusError } from '../../errors.ts';
import type {
  FromHttp,
  HttpPlace,
  MadeEvidence,
  MakeEvidence,
  RelayState,
  ToHttp,
} from './link.ts';
import { openHttpSide } from './open.ts';
import { Problem } from './problem.ts';

/** The main thread takes reports in and may be busy for a moment. */
const STATE_TIMEOUT_MS = 5_000;

const EVIDENCE_TIMEOUT_MS = 60_000;

const place = z.object({
  home: z.string(),
  address: z.string(),
  certificate: z.string().optional(),
  key: z.string().optional(),
});

/** What was asked of the main thread and not answered yet. */
class Questions<T> {
  readonly #waiting = new Map<number, (answer: T) => void>();
  readonly #timeoutMs: number;
  #asked = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  ask(say: (id: number) => void): Promise<T> {
    return new Promise((settle, fail) => {
      this.#asked += 1;
      const id = this.#asked;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        fail(new Problem('not-available', 'the relay does not answer now'));
      }, this.#timeoutMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        settle(answer);
      });
      say(id);
    });
  }

  answer(id: number, answer: T): void {
    this.#waiting.get(id)?.(answer);
  }
}

/** The thread that answers requests, so that a long answer never keeps a report waiting. */
async function runThread(port: NonNullable<typeof parentPort>): Promise<void> {
  const say = (message: FromHttp): void => port.postMessage(message);
  const states = new Questions<RelayState>(STATE_TIMEOUT_MS);
  const files = new Questions<MadeEvidence | null>(EVIDENCE_TIMEOUT_MS);
  const state = (): Promise<RelayState> => states.ask((id) => say({ kind: 'ask-state', id }));
  const evidence: MakeEvidence = async (document, from) => {
    const made = await files.ask((id) => say({ kind: 'ask-evidence', id, document, from }));
    if (made !== null) return made;
    throw new Problem('not-available', 'the relay could not make the file; its log says why');
  };
  try {
    const side = await openHttpSide({
      ...readPlace(workerData),
      state,
      evidence,
      log: (level, message, details = {}) => say({ kind: 'log', level, message, details }),
    });
    port.on('message', (message: ToHttp) => {
      if (message.kind === 'state') states.answer(message.id, message.state);
      else if (message.kind === 'evidence') files.answer(message.id, message.made);
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
