import { readFile } from 'node:fs/promises';

import { encodePem, loadTrustStore } from '@congvan/signer';

import type { TlsMaterial } from '../broker/connection.ts';
import { BusError } from '../errors.ts';
import type { RelayConfig, RelayHomePaths } from './home.ts';

/**
 * What a relay's TLS connections take; its key is opened in memory alone.
 *
 * @returns `undefined` where `relay.json` wants no TLS.
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` for a key without a way to its passphrase.
 */
export async function readTls(
  { tls }: RelayConfig,
  paths: RelayHomePaths,
  passphrase: (() => Promise<string>) | undefined,
): Promise<TlsMaterial | undefined> {
  if (tls === undefined) return undefined;
  const { anchors } = await loadTrustStore(paths.trust);
  const ca = anchors.map(({ der }) => encodePem('CERTIFICATE', der));
  const p12 = await readFile(paths.tlsKey).catch(() => undefined);
  if (p12 === undefined) return { ca };
  if (passphrase !== undefined) return { ca, client: { p12, passphrase: await passphrase() } };
  throw new BusError('BUS_RELAY_HOME_INVALID', `no passphrase was given for ${paths.tlsKey}`, {
    details: { file: paths.tlsKey },
  });
}
