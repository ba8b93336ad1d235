import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { RelayPlace } from '../../rig/relay-country.ts';
import type { RelayStep } from '../../src/relay/index.ts';

const PROCESS = fileURLToPath(new URL('../../rig/relay-process.ts', import.meta.url));

/** When a relay is killed: at the nth time of a step, or so long after it was ready. */
export type Death =
  { readonly step: RelayStep; readonly times: number } | { readonly afterMs: number };

/** A relay in a process of its own that is going to be killed. */
export class Victim {
  readonly #child: ChildProcess;
  readonly #death: Death;
  readonly #ended: Promise<unknown>;
  readonly #ready: Promise<unknown>;

  /** @param now - where its clock stands. */
  constructor({ home, key, certificate }: RelayPlace, death: Death, now: Date) {
    const step = 'step' in death ? [death.step, String(death.times)] : ['', '1'];
    this.#death = death;
    this.#child = fork(PROCESS, [home, key, certificate, ...step, now.toISOString()], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit');
    this.#ready = once(this.#child, 'message');
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** @returns whether it was killed within the time; one that was not is killed now. */
  async die(withinMs: number): Promise<boolean> {
    const late = AbortSignal.timeout(withinMs);
    const tooLate = once(late, 'abort').then(() => false);
    if ('afterMs' in this.#death) {
      const { afterMs } = this.#death;
      const isReady = await Promise.race([this.#ready.then(() => true), this.#ended, tooLate]);
      if (isReady === true) await new Promise((resolve) => void setTimeout(resolve, afterMs));
      this.kill();
    }
    const wasKilled = (await Promise.race([this.#ended, tooLate])) !== false;
    if (!wasKilled) this.kill();
    await this.#ended;
    return wasKilled && this.#child.signalCode === 'SIGKILL';
  }
}
