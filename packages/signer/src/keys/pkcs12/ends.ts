import { openPkcs12 } from './read.ts';

/**
 * When the certificate of a P12 ends, in Unix milliseconds.
 *
 * @returns `undefined` for one that {@link openPkcs12} cannot open; TLS may still read it.
 */
export function endOfPkcs12(p12: Uint8Array, passphrase: string): number | undefined {
  try {
    return openPkcs12(p12, passphrase).certificate.notAfter.getTime();
  } catch {
    return undefined;
  }
}
