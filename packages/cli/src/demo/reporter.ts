import type { Io } from '../context.ts';
import { type Progress, startProgress } from '../terminal/progress.ts';

/** One step of the demo that is under way. */
export interface Step {
  /** Ticks it off, with what came of it. */
  done(result?: string): void;
}

/** Tells on stderr how the demo goes on. */
export interface Reporter {
  /** A new act of the play. */
  act(title: string): void;
  start(what: string): Step;
  /** For a part with many like pieces: a bar, on a terminal only. */
  bar(label: string, total: number): Progress;
  note(line: string): void;
  /** Ends the line of a step that will not be done, before an error is told. */
  breakOff(): void;
  /** Milliseconds of each step, in order. */
  timings(): readonly { readonly step: string; readonly ms: number }[];
}

/** Lines with ticks; on a terminal the step under way stands in the last line until it is done. */
export function createReporter(io: Pick<Io, 'err' | 'errIsTty' | 'columns'>): Reporter {
  const timings: { step: string; ms: number }[] = [];
  let underWay = false;
  const clear = io.errIsTty ? '\r\u001B[2K' : '';
  return {
    act: (title) => io.err(`\n${title}\n`),
    start: (what) => {
      const startedMs = performance.now();
      // A line that wraps could not be cleared as a whole.
      if (io.errIsTty) io.err(`  … ${shorten(what, io.columns - 6)}`);
      underWay = true;
      return {
        done: (result) => {
          const ms = Math.round(performance.now() - startedMs);
          underWay = false;
          timings.push({ step: what, ms });
          const seconds = ms >= 100 ? `  ${(ms / 1_000).toFixed(1)} s` : '';
          io.err(`${clear}  ✓ ${result ?? what}${seconds}\n`);
        },
      };
    },
    bar: (label, total) => {
      if (io.errIsTty) io.err(clear);
      return startProgress(io, `  ${label}`, total);
    },
    note: (line) => io.err(`${clear}    ${line}\n`),
    breakOff: () => {
      if (underWay && io.errIsTty) io.err('\n');
      underWay = false;
    },
    timings: () => timings,
  };
}

function shorten(text: string, columns: number): string {
  const letters = Array.from(text.normalize('NFC'));
  return letters.length <= columns
    ? text
    : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
