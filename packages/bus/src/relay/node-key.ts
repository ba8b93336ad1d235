import { type Signer, openPkcs12, signCms } from '@congvan/signer';

import { BusError } from '../errors.ts';
import type { SignBytes } from '../record/frame.ts';
import { readHomeFile } from './home.ts';

/**
 * Opens the node key of a relay's folder.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when the file or the passphrase is missing;
 *   errors of the signer for a wrong one.
 */
export async function openNodeSigner(
  file: string,
  passphrase: (() => Promise<string>) | undefined,
): Promise<Signer> {
  const p12 = await readHomeFile(file);
  if (passphrase === undefined) {
    throw new BusError('BUS_RELAY_HOME_INVALID', `no passphrase was given for ${file}`, {
      details: { file },
    });
  }
  return openPkcs12(p12, await passphrase());
}

/**
 * As {@link openNodeSigner}, to sign records. They name their signer by reference: the directory lists
 * the certificate, so it does not travel with each signature.
 */
export async function openNodeKey(
  file: string,
  passphrase: (() => Promise<string>) | undefined,
): Promise<SignBytes> {
  const signer = await openNodeSigner(file, passphrase);
  return (tbs) => signCms({ content: tbs }, signer, { certificates: 'none' });
}
