import { readFile } from 'node:fs/promises';

import { type Signer, SignerError, openPkcs12 } from '@congvan/signer';

import { AgentError } from '../errors.ts';

export type PassphraseSource = () => Promise<string>;

/** Opens each key of the agency when it is first needed, and asks for its passphrase once. */
export class AgencyKeys {
  readonly #files: Readonly<Record<'node' | 'seal', string>>;
  readonly #passphrases: { readonly node?: PassphraseSource; readonly seal?: PassphraseSource };
  readonly #opened = new Map<'node' | 'seal', Promise<Signer>>();

  constructor(
    files: Readonly<Record<'node' | 'seal', string>>,
    passphrases: { readonly node?: PassphraseSource; readonly seal?: PassphraseSource },
  ) {
    this.#files = files;
    this.#passphrases = passphrases;
  }

  /**
   * @throws {@link AgentError} `AGENT_KEY_MISSING` when the file or a way to its passphrase lacks.
   * @throws SignerError when the passphrase is wrong; the next call asks again.
   */
  async open(use: 'node' | 'seal'): Promise<Signer> {
    const opened = this.#opened.get(use) ?? this.#load(use);
    this.#opened.set(use, opened);
    try {
      return await opened;
    } catch (error) {
      this.#opened.delete(use);
      throw error;
    }
  }

  async #load(use: 'node' | 'seal'): Promise<Signer> {
    const file = this.#files[use];
    const passphrase = this.#passphrases[use];
    if (passphrase === undefined) {
      throw new AgentError('AGENT_KEY_MISSING', `no passphrase for the ${use} key was given`, {
        details: { use },
      });
    }
    let p12: Uint8Array;
    try {
      p12 = await readFile(file);
    } catch (cause) {
      throw new AgentError('AGENT_KEY_MISSING', `the ${use} key ${file} cannot be read`, {
        cause,
        details: { use, file },
      });
    }
    const secret = await passphrase();
    try {
      return openPkcs12(p12, secret);
    } catch (cause) {
      if (!(cause instanceof SignerError)) throw cause;
      throw new SignerError(cause.code, `${use} key ${file}: ${cause.message}`, {
        cause,
        details: { ...cause.details, file },
      });
    }
  }
}
