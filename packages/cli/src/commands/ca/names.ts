import type { CertificateUse, KeyAlgorithm, RevocationReason } from '@congvan/signer';

// Written here once more: the signer is loaded only when a command runs.

/** What certificates are issued for. */
export const USES = [
  'seal',
  'node',
  'person',
  'registrar',
  'tsa',
  'ocsp',
  'tls',
  'client',
  'encryption',
] as const satisfies readonly CertificateUse[];

export const ALGORITHMS = [
  'rsa-2048',
  'rsa-3072',
  'ec-p256',
  'ec-p384',
  'ed25519',
] as const satisfies readonly KeyAlgorithm[];

/** Without `removeFromCRL`, which is no reason, and that of attribute authorities. */
export const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
] as const satisfies readonly RevocationReason[];
