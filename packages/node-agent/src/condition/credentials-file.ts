import { readFileSync } from 'node:fs';

import { readCredentials } from '@congvan/bus';

import { AgentError } from '../errors.ts';

/** The broker credentials of an agency's folder, read anew for each connection. */
export class CredentialsFile {
  readonly #file: string;
  #bytes: Uint8Array;
  #info: { readonly name: string; readonly expiresMs: number | null } = {
    name: '',
    expiresMs: null,
  };

  private constructor(file: string, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** @throws {@link AgentError} `AGENT_HOME_INVALID`; BusError `BUS_CREDENTIALS_INVALID`. */
  static async open(file: string): Promise<CredentialsFile> {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch (cause) {
      throw new AgentError('AGENT_HOME_INVALID', `the credentials ${file} cannot be read`, {
        cause,
        details: { file },
      });
    }
    const opened = new CredentialsFile(file, bytes);
    await opened.#inspect(bytes);
    return opened;
  }

  get info(): { readonly name: string; readonly expiresMs: number | null } {
    return this.#info;
  }

  /** What the file holds now; what it held before while it is being replaced. */
  current(): Uint8Array {
    try {
      const bytes = readFileSync(this.#file);
      if (bytes.length > 0) this.#bytes = bytes;
    } catch {
      // The last good ones serve on.
    }
    return this.#bytes;
  }

  async refresh(): Promise<void> {
    try {
      await this.#inspect(this.current());
    } catch {
      // Half a file: looked at again in a minute.
    }
  }

  async #inspect(bytes: Uint8Array): Promise<void> {
    const { name, expiresAt } = await readCredentials(bytes);
    this.#info = { name, expiresMs: expiresAt?.getTime() ?? null };
  }
}
