import type { TransferProgress } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { AgentStep } from '../step.ts';

/**
 * Keeps how far a transfer is: at once what is first, then about once a second. What could not be
 * kept is told by {@link ProgressKeeper.settled}.
 */
export class ProgressKeeper {
  readonly #core: AgentCore;
  readonly #keep: (progress: TransferProgress) => void;
  readonly #begun: AgentStep;
  #keptMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> = Promise.resolve();

  constructor(core: AgentCore, keep: (progress: TransferProgress) => void, begun: AgentStep) {
    this.#core = core;
    this.#keep = keep;
    this.#begun = begun;
  }

  /** For `onProgress` of a transfer. */
  readonly onProgress = (progress: TransferProgress): void => {
    const nowMs = performance.now();
    const isFirst = this.#keptMs === Number.NEGATIVE_INFINITY;
    if (!isFirst && nowMs - this.#keptMs < this.#core.transferLimits.progressEveryMs) return;
    this.#keptMs = nowMs;
    const kept = this.#core.commit.commit(() => this.#keep(progress));
    this.#pending = Promise.all([this.#pending, kept]).then(() => {
      if (isFirst) this.#core.step(this.#begun);
    });
    // A failure is thrown by `settled`, not as nobody's rejection meanwhile.
    this.#pending.catch(() => undefined);
  };

  /** Rejects when something could not be kept. */
  async settled(): Promise<void> {
    await this.#pending;
  }
}
