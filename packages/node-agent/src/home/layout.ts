import { join } from 'node:path';

/** Where things stand in an agency's folder. */
export interface HomeLayout {
  readonly config: string;
  readonly database: string;
  readonly lock: string;
  /** What the running agent sees; see `condition/status-file.ts`. */
  readonly status: string;
  readonly nodeKey: string;
  readonly sealKey: string;
  readonly encryptionKey: string;
  /** Opens TLS connections to the broker; only where it asks for a certificate. */
  readonly tlsKey: string;
  /** Encryption keys of earlier certificates: what was sealed for them is still to be opened. */
  readonly oldKeys: string;
  /** Keys whose certificates are asked for; gone when they are here. */
  readonly newKeys: string;
  readonly credentials: string;
  readonly trust: string;
  readonly registrarCertificate: string;
  /** Packages too large for a row of the database, named by their SHA-256. */
  readonly packages: string;
  /** Their sealed forms, until every recipient has answered. */
  readonly sealed: string;
  /** What is still being fetched. */
  readonly downloads: string;
}

export function layoutOf(home: string): HomeLayout {
  return {
    config: join(home, 'agent.json'),
    database: join(home, 'agent.sqlite'),
    lock: join(home, 'agent.lock'),
    status: join(home, 'agent.status'),
    nodeKey: join(home, 'keys', 'node.p12'),
    sealKey: join(home, 'keys', 'seal.p12'),
    encryptionKey: join(home, 'keys', 'encryption.p12'),
    tlsKey: join(home, 'keys', 'tls.p12'),
    oldKeys: join(home, 'keys', 'old'),
    newKeys: join(home, 'keys', 'new'),
    credentials: join(home, 'credentials', 'agent.creds'),
    trust: join(home, 'trust'),
    registrarCertificate: join(home, 'trust', 'registrar.crt'),
    packages: join(home, 'packages'),
    sealed: join(home, 'sealed'),
    downloads: join(home, 'downloads'),
  };
}
