import { type DirectoryEntry, certificatesOf } from '@congvan/bus';
import {
  type Certificate,
  SignerError,
  type TrustStore,
  parseCertificate,
  validatePath,
} from '@congvan/signer';

import { AgentError } from '../errors.ts';

/** A revoked key may be in other hands: nothing is sealed for it, whatever else is unknown. */
const REVOKED: ReadonlySet<string | null> = new Set([
  'REVOKED',
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
]);

/**
 * The certificate that a package is sealed for: of those that the directory lists for encryption, are
 * valid now and are not known to be revoked, the newest.
 *
 * @throws {@link AgentError} `AGENT_RECIPIENT_UNSEALABLE`.
 */
export function encryptionCertificateOf(
  entry: DirectoryEntry,
  trust: TrustStore,
  at: Date,
): Certificate {
  const listed = certificatesOf(entry, 'encryption');
  const usable = listed
    .map(({ der }) => tryParse(der))
    .filter((certificate) => certificate !== undefined)
    .filter(({ notBefore, notAfter }) => notBefore <= at && at <= notAfter)
    .filter((certificate) => !isRevoked(certificate, trust, at))
    .toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  if (usable[0] !== undefined) return usable[0];
  const why =
    listed.length === 0
      ? 'the directory lists no encryption certificate of it'
      : 'none of its encryption certificates is valid now';
  throw new AgentError(
    'AGENT_RECIPIENT_UNSEALABLE',
    `nothing can be sealed for ${entry.code} ${entry.name}: ${why}`,
    { details: { code: entry.code, listed: listed.length } },
  );
}

function tryParse(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}

function isRevoked(certificate: Certificate, trust: TrustStore, at: Date): boolean {
  const { subIndication } = validatePath(certificate, { trust, at, purpose: 'any' });
  return REVOKED.has(subIndication);
}
