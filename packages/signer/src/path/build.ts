import { type Objection, indeterminate } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { PolicyOptions } from './policy-tree.ts';
import { checkIssuerSignature } from './signature-cache.ts';
import { checkStaticPath } from './static-path.ts';
import type { TrustStore } from './trust-store.ts';

/** Longer paths are not looked for. */
export const MAX_PATH_CERTIFICATES = 12;
/** Paths that are tried for one certificate. */
const MAX_PATHS = 32;
/** Issuer signatures that are checked for one certificate. */
const MAX_SIGNATURE_CHECKS = 256;

/** Paths that hold up apart from time and revocation, and what was wrong with the others. */
export interface PathSearch {
  /** Each from the certificate to an anchor, both included. */
  readonly paths: readonly (readonly Certificate[])[];
  readonly objection: Objection;
  /** Issuer signatures that were looked at on the way. */
  readonly signatureChecks: number;
}

/** Looks for all paths from a certificate to an anchor, over certificates of the store and `extra`. */
export function searchPaths(
  target: Certificate,
  trust: TrustStore,
  extra: readonly Certificate[],
  options: PolicyOptions,
): PathSearch {
  const extraBySubject = Map.groupBy(extra, ({ subject }) => subject.key);
  const paths: Certificate[][] = [];
  let objection: Objection | undefined;
  let signatureChecks = 0;
  let pathCount = 0;

  const accept = (path: readonly Certificate[]): void => {
    pathCount += 1;
    const wrong = checkStaticPath(path, options);
    if (wrong === undefined) paths.push([...path]);
    else objection ??= wrong;
  };
  const extend = (path: readonly Certificate[]): void => {
    const last = path.at(-1);
    if (last === undefined) return;
    if (trust.isAnchor(last)) {
      accept(path);
      return;
    }
    if (path.length >= MAX_PATH_CERTIFICATES) return;
    const known = trust.bySubject.get(last.issuer.key) ?? [];
    const offered = extraBySubject.get(last.issuer.key) ?? [];
    for (const issuer of inOrderOfFit(last, new Set([...known, ...offered]))) {
      if (path.some(({ sha256 }) => sha256 === issuer.sha256)) continue;
      if (pathCount >= MAX_PATHS || signatureChecks >= MAX_SIGNATURE_CHECKS) return;
      signatureChecks += 1;
      const signature = checkIssuerSignature(last, issuer);
      if (signature === 'right') extend([...path, issuer]);
      else if (signature === 'refused') {
        const detail = `certificate of '${last.subjectText}' is signed in a way that is not accepted`;
        objection ??= indeterminate('CRYPTO_CONSTRAINTS_FAILURE', detail);
      }
    }
  };
  extend([target]);
  const nothing = `no path from '${target.subjectText}' to a trust anchor`;
  objection ??= indeterminate('NO_CERTIFICATE_CHAIN_FOUND', nothing);
  return { paths, objection, signatureChecks };
}

/** Issuers whose key identifier agrees come first, those whose identifier differs last. */
function inOrderOfFit(certificate: Certificate, issuers: ReadonlySet<Certificate>): Certificate[] {
  const { authorityKeyId } = certificate;
  if (issuers.size < 2 || authorityKeyId === undefined) return [...issuers];
  const rank = ({ subjectKeyId }: Certificate): number => {
    if (subjectKeyId === undefined) return 1;
    return Buffer.compare(subjectKeyId, authorityKeyId) === 0 ? 0 : 2;
  };
  return [...issuers].sort((a, b) => rank(a) - rank(b));
}
