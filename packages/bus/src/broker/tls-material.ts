/** What a TLS connection takes, in memory: no key stands on disk without its passphrase. */
export interface TlsMaterial {
  /** PEM of the authorities that the broker's certificate may come from. */
  readonly ca: readonly string[];
  /** Certificate, chain and key of this client, for a broker that asks for one. */
  readonly client?: { readonly p12: Uint8Array; readonly passphrase: string };
}

/**
 * What Node's TLS takes. The client copies the properties at each connection, so getters give what is
 * there then: a renewed certificate, say. It refuses a server that offers no TLS.
 */
export function tlsOptions(tls: TlsMaterial | (() => TlsMaterial)) {
  const current = typeof tls === 'function' ? tls : () => tls;
  return {
    minVersion: 'TLSv1.2' as const,
    get ca() {
      return current().ca.join('\n');
    },
    get pfx() {
      return asBuffer(current().client?.p12);
    },
    get passphrase() {
      return current().client?.passphrase;
    },
  };
}

function asBuffer(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
