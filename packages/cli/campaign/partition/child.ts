import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const STOP_TIMEOUT_MS = 20_000;

/** What a child says over IPC; each kind of process uses some of it. */
export interface ChildMessage {
  readonly ready?: true;
  readonly sent?: string;
  readonly failed?: string;
  readonly error?: string;
}

/** A process of the campaign that can be killed and started again. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly #script: string;
  readonly #parameters: readonly string[];
  readonly #onMessage: (message: ChildMessage) => void;
  readonly #onFailure: (error: Error) => void;
  #process: ChildProcess | undefined;

  constructor(
    name: string,
    script: string,
    parameters: readonly string[],
    on: {
      readonly message?: (message: ChildMessage) => void;
      /** It ended although nobody wanted it to. */
      readonly failure: (error: Error) => void;
    },
  ) {
    this.name = name;
    this.#script = script;
    this.#parameters = parameters;
    this.#onMessage = on.message ?? (() => {});
    this.#onFailure = on.failure;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Starts it and waits until it says that it is ready. */
  async start(): Promise<void> {
    const child = fork(this.#script, this.#parameters, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Ctrl-C in a terminal goes to the whole group; who started it ends it.
      detached: true,
    });
    this.#process = child;
    child.once('exit', (code, signal) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#onFailure(new Error(`${this.name} ended by itself with ${signal ?? code}`));
    });
    await new Promise<void>((resolve) => {
      child.on('message', (message: ChildMessage) => {
        if (message.ready === true) resolve();
        this.#onMessage(message);
      });
      child.once('exit', () => resolve());
    });
  }

  /** @returns false when it does not run now. */
  tell(message: object): boolean {
    const child = this.#process;
    if (child === undefined || !child.connected) return false;
    child.send(message, () => {});
    return true;
  }

  /** SIGKILL: nothing is written any more, nobody is told. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /**
   * Waits until it has killed itself, as it was told to do at some point of its work; kills it when
   * it does not come to that point in time.
   *
   * @returns whether it came there.
   */
  async killedByItself(timeoutMs: number): Promise<boolean> {
    const child = this.#process;
    if (child === undefined) return false;
    this.#process = undefined;
    const ended = once(child, 'exit');
    let came = true;
    const insist = setTimeout(() => {
      came = false;
      child.kill('SIGKILL');
    }, timeoutMs);
    await ended;
    clearTimeout(insist);
    return came;
  }

  /** Asks it to end, as an operator would, and insists after a while. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = once(child, 'exit');
    child.send({ stop: true }, () => {});
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(insist);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
