/** Wakes one waiting loop; a wake-up before the wait is not lost. */
export class Signal {
  #pending = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Resolves at the next {@link notify}, when `timeoutMs` has passed, or when `abort` fires. */
  wait(timeoutMs: number, abort?: AbortSignal): Promise<void> {
    if (this.#pending || abort?.aborted === true) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        abort?.removeEventListener('abort', finish);
        this.#wake = undefined;
        this.#pending = false;
        resolve();
      };
      const timer = setTimeout(finish, timeoutMs);
      abort?.addEventListener('abort', finish, { once: true });
      this.#wake = finish;
    });
  }
}

/**
 * Asks and waits for the answer, or no longer than until `abort`: a question that nobody answers must
 * not hold up the end of the agent. What `ask` does goes on; its failure then troubles nobody.
 *
 * @throws the signal's reason; what `ask` throws.
 */
export async function untilAborted<T>(
  ask: () => Promise<T>,
  abort: AbortSignal | undefined,
): Promise<T> {
  if (abort === undefined) return await ask();
  abort.throwIfAborted(); // before the work begins: nobody would hear of its failure
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(abort.reason);
  abort.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    abort.removeEventListener('abort', stop);
  }
}
