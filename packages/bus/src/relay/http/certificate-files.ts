import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import { type RelayLog, describeError } from '../log.ts';
import { httpFailed } from './address.ts';

/** A certificate with its chain, and its key, as PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A renewed certificate is served so soon after its files were written. */
const CERTIFICATE_CHECK_MS = 5_000;

/** @throws {@link BusError} `BUS_HTTP_FAILED` for files that cannot be read or are no pair. */
export async function readCertificate({
  certificate,
  key,
}: CertificateFiles): Promise<ServerCertificate> {
  const pem = { cert: await readText(certificate), key: await readText(key) };
  try {
    createSecureContext(pem);
  } catch (cause) {
    // OpenSSL's words could quote the file.
    throw httpFailed(`${certificate} and ${key} are no certificate with its key, as PEM`, cause);
  }
  return pem;
}

/**
 * Gives the certificate again when its files have changed. A pair that does not fit, such as one half
 * of a renewal, is told once and left alone: what is served stays.
 *
 * @param served - what was read when the server started.
 * @param apply - takes the new one; connections that stand are none of its business.
 * @returns what ends the watching.
 */
export function watchCertificate(
  files: CertificateFiles,
  served: ServerCertificate,
  apply: (pem: ServerCertificate) => void,
  { log, everyMs = CERTIFICATE_CHECK_MS }: { readonly log: RelayLog; readonly everyMs?: number },
): () => void {
  let last: string | undefined;
  let current = served;
  let looking = false;
  const look = async (): Promise<void> => {
    const stamp = await stampOf(files);
    if (stamp === last) return;
    last = stamp;
    try {
      const pem = await readCertificate(files);
      if (pem.cert === current.cert && pem.key === current.key) return;
      apply(pem);
      current = pem;
      const { validTo } = new X509Certificate(pem.cert);
      log('info', 'certificate of the pages taken again', { validTo });
    } catch (error) {
      log('error', 'certificate of the pages not taken', describeError(error));
    }
  };
  const turn = (): void => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  };
  const timer = setInterval(turn, everyMs);
  timer.unref();
  turn();
  return () => clearInterval(timer);
}

async function stampOf({ certificate, key }: CertificateFiles): Promise<string> {
  const parts = await Promise.all(
    [certificate, key].map(async (file) => {
      const info = await stat(file).catch(() => undefined);
      return info === undefined ? 'none' : `${info.ino}:${info.mtimeMs}:${info.size}`;
    }),
  );
  return parts.join(' ');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw httpFailed(`cannot read ${file}`, cause);
  }
}
