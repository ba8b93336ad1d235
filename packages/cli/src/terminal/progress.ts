import { SingleBar } from 'cli-progress';

import type { Io } from '../context.ts';

/** Shows how far long work is; does nothing where stderr is no terminal. */
export interface Progress extends Disposable {
  advance(count?: number): void;
}

/** A progress bar on stderr, for people only. */
export function startProgress(io: Pick<Io, 'errIsTty'>, label: string, total: number): Progress {
  if (!io.errIsTty || total < 2)
    return { advance: () => undefined, [Symbol.dispose]: () => undefined };
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total}`,
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
