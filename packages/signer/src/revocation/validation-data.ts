import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import type { OcspResponse } from './ocsp.ts';

/**
 * What may help to validate a certificate: from the signature itself, a DSS, a container or the
 * network. Nothing in it is trusted; each item counts only when its own signature leads to an anchor.
 */
export interface ValidationData {
  readonly certificates: readonly Certificate[];
  readonly crls: readonly CertificateList[];
  readonly ocsps: readonly OcspResponse[];
}

export const EMPTY_VALIDATION_DATA: ValidationData = { certificates: [], crls: [], ocsps: [] };

/** Joins several sets; an item that stands in more than one is taken once, at its first place. */
export function mergeValidationData(
  ...parts: readonly (Partial<ValidationData> | undefined)[]
): ValidationData {
  return {
    certificates: unique(parts.flatMap((part) => part?.certificates ?? [])),
    crls: unique(parts.flatMap((part) => part?.crls ?? [])),
    ocsps: unique(parts.flatMap((part) => part?.ocsps ?? [])),
  };
}

/** Items of the same bytes once. */
export function unique<T extends { readonly sha256: string }>(items: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return items.filter(({ sha256 }) => {
    if (seen.has(sha256)) return false;
    seen.add(sha256);
    return true;
  });
}
