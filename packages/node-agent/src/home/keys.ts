import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type Decryptor,
  type Signer,
  SignerError,
  openPkcs12,
  openPkcs12Decryptor,
} from '@congvan/signer';

import { AgentError } from '../errors.ts';
import type { HomeLayout } from './layout.ts';

export type PassphraseSource = () => Promise<string>;

/** Whence the passphrase of each key comes; the encryption key falls back to that of the node key. */
export interface KeyPassphrases {
  readonly node?: PassphraseSource;
  readonly seal?: PassphraseSource;
  readonly encryption?: PassphraseSource;
}

type KeyUse = keyof KeyPassphrases;
type KeyFiles = Pick<HomeLayout, 'nodeKey' | 'sealKey' | 'encryptionKey' | 'oldKeys'>;

/** More earlier keys than a life of yearly renewals leaves behind. */
const MAX_OLD_KEYS = 100;

/** Opens each key of the agency when it is first needed, and asks for its passphrase once. */
export class AgencyKeys {
  readonly #files: KeyFiles;
  readonly #passphrases: KeyPassphrases;
  readonly #signers = new Map<'node' | 'seal', Promise<Signer>>();
  #decryptors: Promise<readonly Decryptor[]> | undefined;

  constructor(files: KeyFiles, passphrases: KeyPassphrases) {
    this.#files = files;
    this.#passphrases = passphrases;
  }

  /**
   * @throws {@link AgentError} `AGENT_KEY_MISSING` when the file or a way to its passphrase lacks.
   * @throws SignerError when the passphrase is wrong; the next call asks again.
   */
  async open(use: 'node' | 'seal'): Promise<Signer> {
    const opened = this.#signers.get(use) ?? this.#loadSigner(use);
    this.#signers.set(use, opened);
    try {
      return await opened;
    } catch (error) {
      this.#signers.delete(use);
      throw error;
    }
  }

  /**
   * The keys that open what is sealed for the agency: the current one first, then those of earlier
   * certificates.
   *
   * @throws as {@link AgencyKeys.open}.
   */
  async openDecryptors(): Promise<readonly Decryptor[]> {
    this.#decryptors ??= this.#loadDecryptors();
    try {
      return await this.#decryptors;
    } catch (error) {
      this.#decryptors = undefined;
      throw error;
    }
  }

  /** Has the files read again when they are needed next: a renewal has put new ones there. */
  forget(): void {
    this.#signers.clear();
    this.#decryptors = undefined;
  }

  async #loadSigner(use: 'node' | 'seal'): Promise<Signer> {
    const file = use === 'node' ? this.#files.nodeKey : this.#files.sealKey;
    return openKey(use, file, await readKey(use, file), await this.passphraseOf(use), openPkcs12);
  }

  async #loadDecryptors(): Promise<readonly Decryptor[]> {
    const files = [this.#files.encryptionKey, ...(await listOldKeys(this.#files.oldKeys))];
    const contents = await Promise.all(
      files.map(async (file) => await readKey('encryption', file)),
    );
    const secret = await this.passphraseOf('encryption');
    return contents.map((p12, index) =>
      openKey('encryption', files[index] ?? '', p12, secret, openPkcs12Decryptor),
    );
  }

  /** @throws {@link AgentError} `AGENT_KEY_MISSING` when there is no way to it. */
  async passphraseOf(use: KeyUse): Promise<string> {
    const { node, [use]: own = use === 'encryption' ? node : undefined } = this.#passphrases;
    if (own !== undefined) return await own();
    throw new AgentError('AGENT_KEY_MISSING', `no passphrase for the ${use} key was given`, {
      details: { use },
    });
  }
}

async function readKey(use: KeyUse, file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new AgentError('AGENT_KEY_MISSING', `the ${use} key ${file} cannot be read`, {
      cause,
      details: { use, file },
    });
  }
}

function openKey<T>(
  use: KeyUse,
  file: string,
  p12: Uint8Array,
  secret: string,
  open: (p12: Uint8Array, passphrase: string) => T,
): T {
  try {
    return open(p12, secret);
  } catch (cause) {
    if (!(cause instanceof SignerError)) throw cause;
    throw new SignerError(cause.code, `${use} key ${file}: ${cause.message}`, {
      cause,
      details: { ...cause.details, file },
    });
  }
}

/** Newest first, as their names begin with a time. */
async function listOldKeys(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('-encryption.p12'))
    .toSorted()
    .toReversed()
    .slice(0, MAX_OLD_KEYS)
    .map((name) => join(folder, name));
}
