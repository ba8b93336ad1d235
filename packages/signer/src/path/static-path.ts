import type { Certificate } from '../x509/certificate.ts';
import { PROCESSED_CERTIFICATE_EXTENSIONS, findUnknownCritical } from '../x509/extensions.ts';
import { type Objection, indeterminate } from '../verdict.ts';
import { NameConstraintState } from './name-constraints.ts';
import { type PolicyOptions, PolicyState } from './policy-tree.ts';

/**
 * The part of RFC 5280 §6.1 that does not depend on time: names, constraints, policies, extensions.
 * Signatures have been checked while the path was built; times and revocation come after.
 *
 * @param path - the certificate to validate first, the anchor last.
 */
export function checkStaticPath(
  path: readonly Certificate[],
  options: PolicyOptions,
): Objection | undefined {
  const anchor = path.at(-1);
  const below = path.slice(0, -1).reverse();
  const target = path[0];
  if (anchor === undefined || target === undefined) {
    return indeterminate('NO_CERTIFICATE_CHAIN_FOUND', 'the path is empty');
  }
  const refuse = (certificate: Certificate, why: string): Objection =>
    indeterminate(
      'CHAIN_CONSTRAINTS_FAILURE',
      `certificate of '${certificate.subjectText}': ${why}`,
    );

  // An anchor restricts what lies below it, where its certificate says so (RFC 5937).
  const names = new NameConstraintState();
  names.add(anchor.nameConstraints);
  let maxPathLength = anchor.basicConstraints?.pathLenConstraint ?? below.length;
  const policies = new PolicyState(below.length, options);
  for (const [index, certificate] of below.entries()) {
    const isLast = index === below.length - 1;
    const nameObjection =
      isLast || !certificate.isSelfIssued ? names.objection(certificate) : undefined;
    const objection =
      nameObjection ??
      policies.process(certificate, isLast) ??
      unknownCriticalExtension(certificate) ??
      (isLast ? policies.finish(certificate) : undefined);
    if (objection !== undefined) return refuse(certificate, objection);
    if (isLast) break;
    const caObjection = policies.prepareNext(certificate) ?? objectionToCa(certificate);
    if (caObjection !== undefined) return refuse(certificate, caObjection);
    names.add(certificate.nameConstraints);
    if (!certificate.isSelfIssued) {
      if (maxPathLength <= 0) return refuse(certificate, 'the path is longer than allowed');
      maxPathLength -= 1;
    }
    const { pathLenConstraint = Infinity } = certificate.basicConstraints ?? {};
    maxPathLength = Math.min(maxPathLength, pathLenConstraint);
  }
  return undefined;
}

/** §6.1.4 (k), (l), (n): may the certificate sign others? */
function objectionToCa(certificate: Certificate): string | undefined {
  if (certificate.version !== 3) return `version ${certificate.version} cannot be that of a CA`;
  if (certificate.basicConstraints?.cA !== true) return 'it is not that of a CA';
  const { keyUsage } = certificate;
  if (keyUsage !== undefined && !keyUsage.has('keyCertSign')) {
    return 'its key may not sign certificates';
  }
  return undefined;
}

function unknownCriticalExtension({ extensions }: Certificate): string | undefined {
  const oid = findUnknownCritical(extensions, PROCESSED_CERTIFICATE_EXTENSIONS);
  return oid === undefined ? undefined : `unknown critical extension ${oid}`;
}
