import { setFlagsFromString } from 'node:v8';

/** Chunks that are on disk leave their buffers behind: V8 by itself lets some 64 MB of them pile up. */
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024;
/** A large file commits its progress once a second; a document takes about eight commits. */
const RUSH_COMMITS_PER_SECOND = 50;
const LOOK_EVERY_MS = 1_000;
const QUIET_MS = 20_000;
/** How many times as large the room for new objects becomes when much of it survives. */
const NARROW = '--semi-space-growth-factor=1';
const WIDE = '--semi-space-growth-factor=2';

/**
 * How much room this process gives to new objects, whatever number of agents run in it. In a rush of
 * documents it may grow: with little room many are taken for old that soon end, and collecting those
 * costs a sixteenth of a busy agent's time. Afterwards, and after a large file, it is given back with
 * all that was left behind.
 *
 * It does something only where the process was started with `--expose-gc`, as `congvan agent run` does:
 * for a program with a large heap of its own collecting would be a long pause.
 */
export class HeapRoom {
  readonly #collect: NodeJS.GCFunction | undefined;
  #commits = 0;
  #lookedMs: number;
  #busyMs: number;
  /** What the parts leave behind that start after this is given back, too. */
  #isSettled = false;
  #passedBytes = 0;

  constructor(collect = globalThis.gc, nowMs = performance.now()) {
    this.#collect = collect;
    this.#lookedMs = nowMs;
    this.#busyMs = nowMs;
    this.#narrow();
  }

  /** So many bytes of a large content have passed, and their buffers are not needed any more. */
  passed(bytes: number, nowMs = performance.now()): void {
    this.#passedBytes += bytes;
    if (this.#passedBytes < COLLECT_EVERY_BYTES) return;
    this.#passedBytes = 0;
    this.#noteBusy(nowMs);
    this.#collect?.();
  }

  /** @param commits - of one agent since it asked last, every few seconds. */
  look(commits: number, nowMs = performance.now()): void {
    this.#commits += commits;
    const passedMs = nowMs - this.#lookedMs;
    if (this.#collect === undefined || passedMs < LOOK_EVERY_MS) return;
    const perSecond = (this.#commits * 1_000) / passedMs;
    this.#commits = 0;
    this.#lookedMs = nowMs;
    if (perSecond > RUSH_COMMITS_PER_SECOND) {
      setFlagsFromString(WIDE);
      this.#noteBusy(nowMs);
    } else if (!this.#isSettled && nowMs - this.#busyMs >= QUIET_MS) {
      this.#isSettled = true;
      this.#narrow();
    }
  }

  #narrow(): void {
    if (this.#collect === undefined) return;
    setFlagsFromString(NARROW);
    // The only kind that gives the room for new objects back, too.
    this.#collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }

  #noteBusy(nowMs: number): void {
    this.#busyMs = nowMs;
    this.#isSettled = false;
  }
}

let ofProcess: HeapRoom | undefined;

/** The one of this process. */
export function heapRoom(): HeapRoom {
  ofProcess ??= new HeapRoom();
  return ofProcess;
}
