import {
  type Authority,
  type Certificate,
  type CertificateUse,
  generateKeys,
  type KeyAlgorithm,
  type KeyPair,
  writePkcs12,
} from '@congvan/signer';

/** A certificate with its key, as the agency keeps it. */
export interface IssuedKey {
  readonly certificate: Certificate;
  readonly p12: Uint8Array;
}

/** What the demo issues. */
type DemoUse = Extract<CertificateUse, 'seal' | 'person' | 'node' | 'encryption' | 'registrar'>;

export interface KeyRequest {
  readonly commonName: string;
  readonly organization: string;
  readonly locality: string;
  readonly use: DemoUse;
}

/** Seals stay with RSA-2048 as today's tokens do; what works unattended is on P-256. */
const ALGORITHMS: Record<DemoUse, KeyAlgorithm> = {
  seal: 'rsa-2048',
  person: 'rsa-2048',
  node: 'ec-p256',
  encryption: 'ec-p256',
  registrar: 'ec-p256',
};

/**
 * Stretching makes guessing slow. The demo's passphrase has 144 random bits, which nobody guesses, and
 * with the usual count its 53 key files would take most of the demo's time.
 */
const PBKDF2_ITERATIONS = 2_048;

/** Has the certificate for a key issued and wraps both in PKCS#12. */
export async function issueKey(
  authority: Authority,
  request: KeyRequest,
  keys: KeyPair,
  passphrase: string,
): Promise<IssuedKey> {
  const { commonName, organization, locality, use } = request;
  const { certificate, chain } = await authority.issue({
    subject: { commonName, organization, locality, country: 'VN' },
    use,
    publicKey: keys.publicKey,
  });
  const content = {
    privateKey: keys.privateKey,
    certificate,
    chain,
    friendlyName: `${commonName} (${use})`,
    passphrase,
    iterations: PBKDF2_ITERATIONS,
  };
  return { certificate, p12: writePkcs12(content) };
}

export async function generateKeyFor(use: DemoUse): Promise<KeyPair> {
  return await generateKeys(ALGORITHMS[use]);
}
