import type { SourceState, StreamAdmin } from '../broker/stream-admin.ts';
import type { StreamPlan } from '../stream/plan.ts';

export interface SourceWatchOptions {
  readonly admin: Pick<StreamAdmin, 'streamState' | 'renewSource' | 'keepMark'>;
  /** Those with sources, and those that must begin with a mark, are looked at. */
  readonly streams: () => readonly StreamPlan[];
  /** Between two looks. */
  readonly everyMs?: number;
  /** A source that moved nothing for so long, although something waits or it is silent, is asked for afresh. */
  readonly stalledAfterMs?: number;
  readonly onRepaired?: (stream: string, source: string) => void;
  readonly onError?: (error: Error) => void;
  /** Milliseconds that only go forward. */
  readonly clock?: () => number;
}

export interface SourceWatch {
  /** Looks once, now. @returns the sources that were asked for afresh, `stream source` each. */
  look(): Promise<string[]>;
  /** Ends the looking; what is under way is waited for. */
  stop(): Promise<void>;
}

const EVERY_MS = 15_000;
const STALLED_AFTER_MS = 90_000;
/** A healthy source is heard from every few seconds, also when nothing moves. */
const SILENT_MS = 30_000;
/** As often as `keepMark` puts a new one. */
const MARKS_EVERY_MS = 3_600_000;

interface Mark {
  lagCount: number;
  lastSeq: number;
  sinceMs: number;
}

/**
 * Watches the sources of streams and restarts one that stands still; and keeps a mark in streams
 * that others fill from.
 *
 * Servers come back to a source by themselves after a cut line; some releases do not always (2.10
 * to 2.12). Taking the source off the stream and putting it back makes the server ask again from
 * the last sequence it has: nothing is lost by it and nothing comes twice.
 */
export function watchSources(options: SourceWatchOptions): SourceWatch {
  const { admin } = options;
  const clock = options.clock ?? (() => performance.now());
  const stalledAfterMs = options.stalledAfterMs ?? STALLED_AFTER_MS;
  const marks = new Map<string, Mark>();
  let marksMs: number | undefined;
  let working: Promise<unknown> = Promise.resolve();

  const isStalled = (key: string, source: SourceState, lastSeq: number): boolean => {
    const mark = marks.get(key);
    const waits = source.lagCount > 0 || source.silentMs === null || source.silentMs > SILENT_MS;
    const moved = mark === undefined || mark.lastSeq !== lastSeq || source.lagCount < mark.lagCount;
    if (!waits || moved) {
      marks.set(key, { lagCount: source.lagCount, lastSeq, sinceMs: clock() });
      return false;
    }
    return clock() - mark.sinceMs >= stalledAfterMs;
  };
  const lookAt = async (plan: StreamPlan): Promise<string[]> => {
    const state = await admin.streamState(plan.name);
    if (state === undefined) return [];
    const repaired: string[] = [];
    for (const source of state.sources) {
      const key = `${plan.name} ${source.stream}`;
      if (!isStalled(key, source, state.lastSeq)) continue;
      if (!plan.sources.some(({ stream }) => stream === source.stream)) continue;
      marks.delete(key);
      await admin.renewSource(plan.name, source.stream);
      options.onRepaired?.(plan.name, source.stream);
      repaired.push(key);
    }
    return repaired;
  };
  const keepMarks = async (): Promise<void> => {
    if (marksMs !== undefined && clock() - marksMs < MARKS_EVERY_MS) return;
    for (const plan of options.streams()) {
      if (plan.countsFromTime) await admin.keepMark(plan);
    }
    marksMs = clock();
  };
  const look = async (): Promise<string[]> => {
    const repaired: string[] = [];
    for (const plan of options.streams()) {
      if (plan.sources.length > 0) repaired.push(...(await lookAt(plan)));
    }
    await keepMarks();
    return repaired;
  };
  const lookInTurn = async (): Promise<string[]> => {
    const turn = working.catch(() => undefined).then(look);
    working = turn;
    return await turn;
  };
  const timer = setInterval(() => {
    lookInTurn().catch((error: unknown) => {
      if (error instanceof Error) options.onError?.(error);
    });
  }, options.everyMs ?? EVERY_MS);
  timer.unref();
  return {
    look: lookInTurn,
    stop: async () => {
      clearInterval(timer);
      await working.catch(() => undefined);
    },
  };
}
