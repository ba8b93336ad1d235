import { once } from 'node:events';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

/**
 * The day until which a server's certificate is good. The check here is the date alone: whether it
 * is the right one is what every connection checks.
 *
 * @returns `undefined` when nobody answers or no TLS comes about.
 */
export async function readServerCertificate(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Date | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const plain = connectTcp({ host, port });
  try {
    // A NATS server greets in the clear and then waits for the client to start TLS.
    await once(plain, 'data', { signal });
    // An address is no server name (RFC 6066 §3).
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const secured = connectTls({ socket: plain, ...servername, rejectUnauthorized: false });
    try {
      await once(secured, 'secureConnect', { signal });
      const validTo = new Date(secured.getPeerCertificate().valid_to);
      return Number.isNaN(validTo.getTime()) ? undefined : validTo;
    } finally {
      secured.destroy();
    }
  } catch {
    return undefined;
  } finally {
    plain.destroy();
  }
}
