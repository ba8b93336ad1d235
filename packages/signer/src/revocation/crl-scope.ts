import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import type { DistributionPoint, DistributionPointName } from '../x509/extensions.ts';
import { type GeneralName, generalNamesEqual } from '../x509/general-name.ts';
import { type DistinguishedName, appendRdn } from '../x509/name.ts';

/** All reasons a CRL can cover: bits 1 to 8 of ReasonFlags. */
export const ALL_REASONS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];

/** The CRL issuers a distribution point points to: those it names, or the certificate's issuer. */
export function crlIssuerKeys(point: DistributionPoint, certificate: Certificate): string[] {
  if (point.crlIssuer === undefined) return [certificate.issuer.key];
  return directoryNames(point.crlIssuer).map(({ key }) => key);
}

function directoryNames(names: readonly GeneralName[]): DistinguishedName[] {
  return names.flatMap((name) => (name.kind === 'directory' ? [name.name] : []));
}

/**
 * Says why a CRL does not cover a certificate through a distribution point (RFC 5280 §6.3.3 (b)),
 * or `undefined` when it does.
 */
export function scopeObjection(
  crl: CertificateList,
  point: DistributionPoint,
  certificate: Certificate,
): string | undefined {
  const scope = crl.issuingDistributionPoint;
  if (crl.unknownCritical !== undefined) {
    return `the CRL has an unknown critical extension ${crl.unknownCritical}`;
  }
  if (point.crlIssuer !== undefined && scope?.isIndirect !== true) {
    return 'the CRL of another issuer is not indirect';
  }
  if (scope === undefined) return undefined;
  const isCa = certificate.basicConstraints?.cA === true;
  if (scope.onlyUserCertificates && isCa) return 'the CRL does not cover CA certificates';
  if (scope.onlyCaCertificates && !isCa) return 'the CRL covers CA certificates only';
  if (scope.onlyAttributeCertificates) return 'the CRL covers attribute certificates only';
  if (scope.name !== undefined) {
    const listed = expandName(scope.name, crl.issuer);
    const asked =
      point.name === undefined
        ? (point.crlIssuer ?? [])
        : expandName(point.name, pointBase(point, certificate));
    const meets = listed.some((a) => asked.some((b) => generalNamesEqual(a, b)));
    if (!meets) return 'the CRL belongs to another distribution point';
  }
  return undefined;
}

/** What a nameRelativeToCRLIssuer is relative to. */
function pointBase(point: DistributionPoint, certificate: Certificate): DistinguishedName {
  return directoryNames(point.crlIssuer ?? [])[0] ?? certificate.issuer;
}

function expandName(name: DistributionPointName, base: DistinguishedName): readonly GeneralName[] {
  if ('fullName' in name) return name.fullName;
  return [{ kind: 'directory', name: appendRdn(base, name.relativeName) }];
}

/** The reasons a CRL covers for a distribution point (RFC 5280 §6.3.3 (d)). */
export function coveredReasons(crl: CertificateList, point: DistributionPoint): readonly number[] {
  const listed = crl.issuingDistributionPoint?.onlySomeReasons;
  return ALL_REASONS.filter(
    (reason) => (listed?.has(reason) ?? true) && (point.reasons?.has(reason) ?? true),
  );
}

/** True when `delta` can be applied to `base` (RFC 5280 §5.2.4, §6.3.3 (c)). */
export function isDeltaOf(delta: CertificateList, base: CertificateList): boolean {
  if (delta.baseNumber === undefined || delta.number === undefined) return false;
  if (base.number === undefined || base.baseNumber !== undefined) return false;
  const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
    a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
  return (
    delta.unknownCritical === undefined &&
    delta.issuer.key === base.issuer.key &&
    same(delta.issuingDistributionPoint?.der, base.issuingDistributionPoint?.der) &&
    same(delta.authorityKeyId, base.authorityKeyId) &&
    delta.baseNumber <= base.number &&
    base.number < delta.number
  );
}
