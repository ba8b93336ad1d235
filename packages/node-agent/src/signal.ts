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
