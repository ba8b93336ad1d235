import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { TlsMaterial } from '@congvan/bus';
import { encodePem, endOfPkcs12, parseCertificate } from '@congvan/signer';

import { AgentError } from '../errors.ts';
import type { AgentConfig } from './config.ts';
import type { AgencyKeys } from './keys.ts';
import type { HomeLayout } from './layout.ts';

/** What an agent's TLS connections take, as the folder has it now; its key is opened in memory alone. */
export class TlsSettings {
  readonly #read: () => Promise<TlsMaterial>;
  #material: TlsMaterial;
  #endsMs: number | undefined;

  private constructor(read: () => Promise<TlsMaterial>, material: TlsMaterial) {
    this.#read = read;
    this.#material = material;
    this.#endsMs = endOf(material);
  }

  /** @returns `undefined` where `agent.json` wants no TLS. */
  static async open(
    config: AgentConfig,
    layout: HomeLayout,
    keys: AgencyKeys,
  ): Promise<TlsSettings | undefined> {
    const { tls } = config;
    if (tls === undefined) return undefined;
    const read = async (): Promise<TlsMaterial> => {
      const p12 = await readFile(layout.tlsKey).catch(() => undefined);
      const client =
        p12 === undefined ? {} : { client: { p12, passphrase: await keys.passphraseOf('node') } };
      return { ca: await readAuthorities(join(dirname(layout.config), tls.anchors)), ...client };
    };
    return new TlsSettings(read, await read());
  }

  current(): TlsMaterial {
    return this.#material;
  }

  /** When the certificate ends that is shown to servers, in Unix milliseconds. */
  get endsMs(): number | undefined {
    return this.#endsMs;
  }

  /** A renewal has put a new key there. */
  async reload(): Promise<void> {
    this.#take(await this.#read());
  }

  /** Somebody may have put other files there; the last good ones serve on while they cannot be read. */
  async refresh(): Promise<void> {
    try {
      this.#take(await this.#read());
    } catch {
      // Half a file: looked at again in a minute.
    }
  }

  #take(material: TlsMaterial): void {
    const [before, after] = [this.#material.client?.p12, material.client?.p12];
    const isSame =
      before !== undefined && after !== undefined && Buffer.compare(before, after) === 0;
    // To open one costs a tenth of a second.
    const endsMs = isSame ? this.#endsMs : endOf(material);
    this.#material = material;
    this.#endsMs = endsMs;
  }
}

function endOf({ client }: TlsMaterial): number | undefined {
  return client && endOfPkcs12(client.p12, client.passphrase);
}

/** PEM, whatever the files are. */
async function readAuthorities(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).toSorted();
    const found = await Promise.all(
      names.map(async (name) => {
        const { der } = parseCertificate(await readFile(join(folder, name)));
        return encodePem('CERTIFICATE', der);
      }),
    );
    if (found.length > 0) return found;
  } catch (cause) {
    throw noAuthorities(folder, cause);
  }
  throw noAuthorities(folder);
}

function noAuthorities(folder: string, cause?: unknown): AgentError {
  const message = `${folder} holds no certificates that the broker's could come from`;
  return new AgentError('AGENT_HOME_INVALID', message, { cause, details: { folder } });
}
