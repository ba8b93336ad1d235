import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import { encodePem, endOfPkcs12, loadTrustStore } from '@congvan/signer';

import type { TlsMaterial } from '../broker/tls-material.ts';
import { BusError } from '../errors.ts';
import type { RelayConfig, RelayHomePaths } from './home.ts';
import { type RelayLog, describeError } from './log.ts';

/** A renewed key is there long before the old one ends. */
const CHECK_MS = 60_000;

/**
 * What a relay's TLS connections take, as its folder has it now; the key is opened in memory alone.
 * A connection that stands is left alone: the next one takes what was renewed.
 */
export class RelayTls implements Disposable {
  readonly #read: () => Promise<TlsMaterial>;
  readonly #stamp: () => Promise<string>;
  readonly #log: RelayLog;
  #material: TlsMaterial;
  #endsMs: number | undefined;
  #seen: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(start: {
    readonly read: () => Promise<TlsMaterial>;
    readonly stamp: () => Promise<string>;
    readonly log: RelayLog;
    readonly material: TlsMaterial;
    readonly seen: string;
  }) {
    this.#read = start.read;
    this.#stamp = start.stamp;
    this.#log = start.log;
    this.#material = start.material;
    this.#endsMs = endOf(start.material);
    this.#seen = start.seen;
    this.#timer = setInterval(() => void this.reload(), CHECK_MS);
    this.#timer.unref();
  }

  /**
   * @returns `undefined` where `relay.json` wants no TLS.
   * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` for a key without a way to its passphrase.
   */
  static async open(
    { tls }: RelayConfig,
    paths: RelayHomePaths,
    passphrase: (() => Promise<string>) | undefined,
    log: RelayLog,
  ): Promise<RelayTls | undefined> {
    if (tls === undefined) return undefined;
    const read = (): Promise<TlsMaterial> => readMaterial(paths, passphrase);
    const stamp = (): Promise<string> => stampOf(paths);
    const seen = await stamp();
    return new RelayTls({ read, stamp, log, material: await read(), seen });
  }

  current(): TlsMaterial {
    return this.#material;
  }

  /** When the certificate ends that is shown to servers, in Unix milliseconds. */
  get endsMs(): number | undefined {
    return this.#endsMs;
  }

  /** Takes what has changed. Never throws: a key that cannot be opened is told once and not taken. */
  async reload(): Promise<void> {
    try {
      const stamp = await this.#stamp();
      if (stamp === this.#seen) return;
      this.#seen = stamp;
      const material = await this.#read();
      if (material.client !== undefined) {
        const { p12, passphrase } = material.client;
        createSecureContext({ pfx: Buffer.from(p12), passphrase });
      } else if (this.#material.client !== undefined) {
        throw new BusError('BUS_RELAY_HOME_INVALID', 'the TLS key is gone', { details: {} });
      }
      this.#material = material;
      this.#endsMs = endOf(material);
      this.#log('info', 'TLS key of the broker connection taken again', {});
    } catch (error) {
      this.#log('error', 'TLS key of the broker connection not taken', describeError(error));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function endOf({ client }: TlsMaterial): number | undefined {
  return client && endOfPkcs12(client.p12, client.passphrase);
}

async function readMaterial(
  paths: RelayHomePaths,
  passphrase: (() => Promise<string>) | undefined,
): Promise<TlsMaterial> {
  const { anchors } = await loadTrustStore(paths.trust);
  const ca = anchors.map(({ der }) => encodePem('CERTIFICATE', der));
  const p12 = await readFile(paths.tlsKey).catch(() => undefined);
  if (p12 === undefined) return { ca };
  if (passphrase !== undefined) return { ca, client: { p12, passphrase: await passphrase() } };
  throw new BusError('BUS_RELAY_HOME_INVALID', `no passphrase was given for ${paths.tlsKey}`, {
    details: { file: paths.tlsKey },
  });
}

async function stampOf({ tlsKey, trust }: RelayHomePaths): Promise<string> {
  const parts = await Promise.all(
    [tlsKey, `${trust}/anchors`].map(async (path) => {
      const info = await stat(path).catch(() => undefined);
      return info === undefined ? 'none' : `${info.ino}:${info.mtimeMs}:${info.size}`;
    }),
  );
  return parts.join(' ');
}
