import { SingleBar } from 'cli-progress';

import type { Io } from '../context.ts';

/** Shows how far long work is; does nothing where stderr is no terminal. */
export interface Progress extends Disposable {
  advance(count?: number): void;
}

/**
 * A progress bar on stderr, for people only. It must be disposed of before anything else is printed:
 * it clears the line that it stands on.
 */
export function startProgress(
  io: Pick<Io, 'errIsTty'>,
  label: string,
  total: number,
  unit: 'items' | 'bytes' = 'items',
): Progress {
  if (!io.errIsTty || total < 2)
    return { advance: () => undefined, [Symbol.dispose]: () => undefined };
  const bar = new SingleBar({
    format: `${label} {bar} ${unit === 'items' ? '{value}/{total}' : '{percentage} %'}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
  });
  bar.start(total, 0);
  return {
    advance: (count = 1) => bar.increment(count),
    [Symbol.dispose]: () => bar.stop(),
  };
}
