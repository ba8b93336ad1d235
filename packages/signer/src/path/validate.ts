import { SignerError } from '../errors.ts';
import { checkRevocation, checkRevocationByCrl } from '../revocation/check.ts';
import type { ResponderJudgement, RevocationContext } from '../revocation/context.ts';
import type { RevocationEvidence, RevocationMode } from '../revocation/evidence.ts';
import type { OcspResponse } from '../revocation/ocsp.ts';
import { EMPTY_VALIDATION_DATA, type ValidationData } from '../revocation/validation-data.ts';
import { OID } from '../der/index.ts';
import { type Objection, failed, indeterminate } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import type { PolicyOptions } from './policy-tree.ts';
import { type Purpose, objectionToPurpose } from './purpose.ts';
import {
  type CertificateReport,
  type PathVerdict,
  describeEvidence,
  notChecked,
} from './report.ts';
import { respondersOf, signersOf } from './evidence-signers.ts';
import { RevocationSources } from './revocation-sources.ts';
import { type OfferedCertificates, cachedSearch, offeredBySubject } from './search.ts';
import { checkIssuerSignature } from './signature-cache.ts';
import { keepVerdict, standingVerdict } from './standing-verdict.ts';
import { checkStaticPath } from './static-path.ts';
import type { TrustStore } from './trust-store.ts';

/** How a path is to be validated. */
export interface PathOptions {
  readonly trust: TrustStore;
  /** The time the signature is known to have existed: a proven time, else now. */
  readonly at: Date;
  /**
   * Whether `at` is proven, by a time-stamp or by the verifier's own record; default true. With
   * false a revocation leaves open whether the signature was made before it.
   */
  readonly isProven?: boolean;
  /** Certificates that may help to build the path; they are not trusted. */
  readonly extra?: readonly Certificate[];
  /** Certificates, CRLs and OCSP responses that may help; they are not trusted. */
  readonly data?: ValidationData;
  /** Default `signature`. */
  readonly purpose?: Purpose;
  /** Default `when-expected`. */
  readonly revocation?: RevocationMode;
  readonly policies?: PolicyOptions;
}

export type { PathVerdict } from './report.ts';

/**
 * Validates a certificate (RFC 5280 §6.1, §6.3, RFC 6960) and answers in the terms of ETSI EN
 * 319 102-1.
 *
 * `at` is the time at which the signature is known to exist. Hence: revoked at or before a proven
 * `at` is `TOTAL-FAILED/REVOKED`, before an unproven one `INDETERMINATE/REVOKED_NO_POE` or, for a CA,
 * `REVOKED_CA_NO_POE`; before the certificate's validity is `TOTAL-FAILED/NOT_YET_VALID`; after it is
 * `INDETERMINATE/OUT_OF_BOUNDS_NO_POE`, as the signature may be older than the proof; missing or
 * stale revocation data is `INDETERMINATE/TRY_LATER`; anything wrong with the path itself is
 * INDETERMINATE with the reason.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when `at` is not a time.
 */
export function validatePath(certificate: Certificate, options: PathOptions): PathVerdict {
  if (Number.isNaN(options.at.getTime())) {
    // Every comparison with such a time is false: nothing would be expired or out of date.
    throw new SignerError('SIGNER_INPUT_INVALID', 'the time of validation is not a time');
  }
  const wrongPurpose = objectionToPurpose(certificate, options.purpose ?? 'signature');
  if (wrongPurpose !== undefined) return withoutPath(certificate, wrongPurpose);
  const { trust, at, extra = [], data = EMPTY_VALIDATION_DATA } = options;
  const offered = offeredBySubject([...extra, ...data.certificates], trust);
  const isPlain = restsOnStore(options, offered);
  const standing = isPlain ? standingVerdict(certificate, trust, at) : undefined;
  if (standing !== undefined) return standing;
  const verdict = new PathValidation(options, offered).validate(certificate);
  if (isPlain && verdict.indication === 'TOTAL-PASSED') {
    keepVerdict(certificate, trust, at, verdict);
  }
  return verdict;
}

/** Whether nothing but the store and the time can have a part in the verdict. */
function restsOnStore(
  { data, policies, purpose }: PathOptions,
  offered: OfferedCertificates,
): boolean {
  const isWithoutData = data === undefined || (data.crls.length === 0 && data.ocsps.length === 0);
  return isWithoutData && offered.size === 0 && policies === undefined && purpose !== 'ocsp';
}

function withoutPath(certificate: Certificate, objection: Objection): PathVerdict {
  const certificates = [notChecked(certificate, objection.detail)];
  return { ...objection, chain: [], certificates, evidence: [] };
}

/** Worst first: what is reported when no path passes. */
const SEVERITY = [
  'REVOKED',
  'REVOKED_CA_NO_POE',
  'REVOKED_NO_POE',
  'NOT_YET_VALID',
  'OUT_OF_BOUNDS_NO_POE',
  'TRY_LATER',
];

/** Offered CRLs and OCSP responses whose signatures are checked for one certificate. */
const MAX_OFFERED_SIGNATURE_CHECKS = 1_024;
/** Issuer signatures that are checked to find the paths of CRL signers for one certificate. */
const MAX_SIGNER_PATH_CHECKS = 2_048;
/** CRL signers and OCSP responders behind one another, each vouched for by the next. */
const MAX_VOUCHERS = 4;
/** CRL signers and OCSP responders that are looked at for one certificate. */
const MAX_VOUCHER_CHECKS = 64;

interface ChainResult {
  readonly objection: Objection | undefined;
  readonly certificates: readonly CertificateReport[];
  readonly evidence: readonly RevocationEvidence[];
}

class PathValidation {
  private readonly options: PathOptions;
  private readonly offered: OfferedCertificates;
  private readonly sources: RevocationSources;
  /** CRL signers and responders whose own state is being looked at, outermost first. */
  private readonly vouchers: string[] = [];
  private readonly trustedSigners = new Map<string, boolean>();
  private offeredSignatureChecks = 0;
  private signerPathChecks = 0;
  private voucherChecks = 0;
  /** Something was not looked at: it might have been a revocation, so nothing passes any more. */
  private isExhausted = false;

  constructor(options: PathOptions, offered: OfferedCertificates) {
    this.options = options;
    this.offered = offered;
    const { trust, data = EMPTY_VALIDATION_DATA } = options;
    this.sources = new RevocationSources(trust, data);
  }

  /** `only` restricts the answer to paths that end there. */
  validate(certificate: Certificate, only?: Certificate): PathVerdict {
    const { trust, policies } = this.options;
    const { paths, objection: nothing } = cachedSearch(certificate, trust, this.offered, policies);
    let worst: PathVerdict | undefined;
    for (const chain of paths) {
      if (only !== undefined && chain.at(-1)?.sha256 !== only.sha256) continue;
      const { objection, ...result } = this.check(chain);
      const wrong = objection ?? this.limitObjection();
      if (wrong === undefined) {
        const detail = 'the certificate is valid';
        return { indication: 'TOTAL-PASSED', subIndication: null, detail, chain, ...result };
      }
      if (worst === undefined || severity(wrong.subIndication) < severity(worst.subIndication)) {
        worst = { ...wrong, chain, ...result };
      }
    }
    return worst ?? withoutPath(certificate, nothing);
  }

  /** A message may not crowd out the one list that says "revoked". */
  private limitObjection(): Objection | undefined {
    if (!this.isExhausted) return undefined;
    const detail = 'there are more CRLs, OCSP responses or signers of them than are looked at';
    return indeterminate('TRY_LATER', detail);
  }

  private check(chain: readonly Certificate[]): ChainResult {
    const { at } = this.options;
    let expired: Objection | undefined;
    for (const certificate of chain) {
      const { subjectText } = certificate;
      if (at < certificate.notBefore) {
        const from = certificate.notBefore.toISOString();
        const detail = `certificate of '${subjectText}' is valid from ${from} only`;
        const certificates = chain.map((member) => notChecked(member, detail));
        return { objection: failed('NOT_YET_VALID', detail), certificates, evidence: [] };
      }
      if (at > certificate.notAfter) {
        const until = certificate.notAfter.toISOString();
        const detail = `certificate of '${subjectText}' expired at ${until}`;
        expired ??= indeterminate('OUT_OF_BOUNDS_NO_POE', detail);
      }
    }
    const { objection, certificates } = this.checkRevocations(chain);
    const evidence = certificates.flatMap((report) => report.evidence);
    const isRevoked = certificates.some(({ state }) => state === 'revoked');
    return { objection: isRevoked ? objection : (expired ?? objection), certificates, evidence };
  }

  private checkRevocations(chain: readonly Certificate[]): {
    objection: Objection | undefined;
    certificates: readonly CertificateReport[];
  } {
    const anchor = chain.at(-1);
    if (anchor === undefined) return { objection: undefined, certificates: [] };
    const { sha256, subjectText } = anchor;
    const reports: CertificateReport[] = [
      { sha256, subjectText, state: 'anchor', detail: 'trust anchor', evidence: [] },
    ];
    let objection: Objection | undefined;
    let revoked: Certificate | undefined;
    // From the anchor down: what a revoked CA says about others does not count.
    for (let index = chain.length - 2; index >= 0; index -= 1) {
      const certificate = chain[index];
      if (certificate === undefined) break;
      if (revoked !== undefined) {
        reports.unshift(
          notChecked(certificate, `below '${revoked.subjectText}', which is revoked`),
        );
        continue;
      }
      const { report, wrong } = this.reportOn(certificate, chain.slice(index + 1), index > 0);
      reports.unshift(report);
      if (report.state === 'revoked') {
        revoked = certificate;
        objection = wrong;
      } else objection ??= wrong;
    }
    return { objection, certificates: reports };
  }

  /** @param above - the path from the certificate's issuer to the anchor. */
  private reportOn(
    certificate: Certificate,
    above: readonly Certificate[],
    isCa: boolean,
  ): { report: CertificateReport; wrong: Objection | undefined } {
    const { at, isProven = true, revocation = 'when-expected', purpose } = this.options;
    const { sha256, subjectText } = certificate;
    const isTarget = !isCa && this.vouchers.length === 0;
    if (purpose === 'ocsp' && isTarget && certificate.extensions.has(OID.ocspNoCheck)) {
      const detail = 'the issuer vouches for it while it is valid (ocsp-nocheck)';
      const report = { sha256, subjectText, state: 'good', detail, evidence: [] } as const;
      return { report, wrong: undefined };
    }
    const result = checkRevocation(certificate, at, this.contextOf(above));
    if (result.state === 'good') {
      const { state, evidence } = result;
      const detail = describeEvidence(evidence);
      return { report: { sha256, subjectText, state, detail, evidence }, wrong: undefined };
    }
    if (result.state === 'unknown') {
      const { state, detail, isExpected } = result;
      const report = { sha256, subjectText, state, detail, evidence: [] };
      const isNeeded = revocation === 'require' || (revocation === 'when-expected' && isExpected);
      return { report, wrong: isNeeded ? indeterminate('TRY_LATER', detail) : undefined };
    }
    const { state, since, reason, evidence } = result;
    const detail = `certificate of '${subjectText}' is revoked since ${since.toISOString()} (${reason})`;
    const found = { revokedAt: since, revocationReason: reason, detail, evidence };
    const report = { sha256, subjectText, state, ...found };
    if (isProven) return { report, wrong: failed('REVOKED', detail) };
    return { report, wrong: indeterminate(isCa ? 'REVOKED_CA_NO_POE' : 'REVOKED_NO_POE', detail) };
  }

  private contextOf(above: readonly Certificate[]): RevocationContext {
    const { trust } = this.options;
    const [issuer] = above;
    const anchor = above.at(-1);
    if (issuer === undefined || anchor === undefined) throw new TypeError('no issuer in the path');
    return {
      issuer,
      hasOwnCrls: (issuerKey) => trust.crlsByIssuer.has(issuerKey),
      crlsOf: (issuerKey) => this.sources.crlsOf(issuerKey),
      ocspsOf: (serialNumber) => this.sources.ocspsOf(serialNumber),
      signersOf: (crl) => signersOf(crl, issuer, trust, this.offered),
      respondersOf: (response) => respondersOf(response, issuer, trust, this.offered),
      hasSigned: (signed, signer) => this.hasSigned(signed, signer),
      isTrustedCrlSigner: (signer) =>
        signer.sha256 === issuer.sha256 ||
        (isNoImpostor(signer, above) && this.isTrusted(signer, anchor)),
      judgeResponder: (responder, producedAt) => this.judgeResponder(responder, above, producedAt),
    };
  }

  /** A message must not make the verifier check signatures without end; the store's own are few. */
  private hasSigned(signed: CertificateList | OcspResponse, signer: Certificate): boolean {
    if (!this.sources.isOwn(signed)) {
      if (this.offeredSignatureChecks >= MAX_OFFERED_SIGNATURE_CHECKS) return this.giveUp();
      this.offeredSignatureChecks += 1;
    }
    return checkIssuerSignature(signed, signer) === 'right';
  }

  private giveUp(): false {
    this.isExhausted = true;
    return false;
  }

  /**
   * RFC 5280 §6.3.3 (f): the path of another CRL signer ends at the same anchor. A signer may stand
   * on its own list (a CA's separate CRL key is covered by nothing else), but two may not vouch for
   * each other.
   */
  private isTrusted(signer: Certificate, anchor: Certificate): boolean {
    if (signer.sha256 === anchor.sha256 || this.vouchers.at(-1) === signer.sha256) return true;
    const key = `${signer.sha256} ${anchor.sha256}`;
    const known = this.trustedSigners.get(key);
    if (known !== undefined) return known;
    // Those without any path are dismissed before they are counted: anyone can make them.
    if (this.signerPathChecks >= MAX_SIGNER_PATH_CHECKS) return this.giveUp();
    const { trust, policies } = this.options;
    const { paths, signatureChecks } = cachedSearch(signer, trust, this.offered, policies);
    this.signerPathChecks += signatureChecks;
    if (paths.length === 0) return false;
    const verdict = this.vouchFor(
      signer,
      () => this.validate(signer, anchor).indication === 'TOTAL-PASSED',
    );
    // Only a result that does not lean on others being looked at holds for the next question.
    if (this.vouchers.length === 0) this.trustedSigners.set(key, verdict === true);
    return verdict === true;
  }

  /** Runs a check on a CRL signer or responder, unless that leads in a circle or too far. */
  private vouchFor<T>(voucher: Certificate, check: () => T): T | undefined {
    if (this.vouchers.includes(voucher.sha256) || this.vouchers.length >= MAX_VOUCHERS) {
      return undefined;
    }
    if (this.voucherChecks >= MAX_VOUCHER_CHECKS) {
      this.isExhausted = true;
      return undefined;
    }
    this.voucherChecks += 1;
    this.vouchers.push(voucher.sha256);
    try {
      return check();
    } finally {
      this.vouchers.pop();
    }
  }

  /**
   * RFC 6960 §4.2.2.2: the key of the issuer itself has certified the responder for OCSP; the
   * certificate is valid when the response was made, and at the time in question if that is later; it
   * is not revoked, which only CRLs may say here, or is exempt (id-pkix-ocsp-nocheck).
   */
  private judgeResponder(
    responder: Certificate,
    above: readonly Certificate[],
    producedAt: Date,
  ): ResponderJudgement {
    const refuse = (why: string): ResponderJudgement => ({
      isTrusted: false,
      why: `the OCSP responder '${responder.subjectText}' ${why}`,
    });
    const [issuer] = above;
    if (issuer === undefined || checkIssuerSignature(responder, issuer) !== 'right') {
      return refuse('is not certified by the issuer');
    }
    const wrong =
      objectionToPurpose(responder, 'ocsp') ?? checkStaticPath([responder, ...above], {});
    if (wrong !== undefined) return refuse(`may not answer: ${wrong.detail}`);
    const { at, revocation = 'when-expected' } = this.options;
    const latest = at > producedAt ? at : producedAt;
    if (producedAt < responder.notBefore || latest > responder.notAfter) {
      return refuse('has a certificate that is out of date');
    }
    if (responder.extensions.has(OID.ocspNoCheck)) return { isTrusted: true, evidence: [] };
    const state = this.vouchFor(responder, () =>
      checkRevocationByCrl(responder, latest, this.contextOf(above)),
    );
    if (state === undefined) return refuse('is vouched for in a circle');
    if (state.state === 'good') return { isTrusted: true, evidence: state.evidence };
    if (state.state === 'revoked') return refuse('is revoked');
    const isNeeded =
      revocation === 'require' || (revocation === 'when-expected' && state.isExpected);
    return isNeeded
      ? refuse(`cannot be checked: ${state.detail}`)
      : { isTrusted: true, evidence: [] };
  }
}

/**
 * Another CA below the same anchor may give anybody the issuer's name. Whoever bears it and speaks for
 * the issuer must be certified by the issuer itself (a separate key, a new one) or by those above it.
 */
function isNoImpostor(signer: Certificate, above: readonly Certificate[]): boolean {
  return (
    signer.subject.key !== above[0]?.subject.key ||
    above.some((ca) => checkIssuerSignature(signer, ca) === 'right')
  );
}

function severity(subIndication: string | null): number {
  const rank = SEVERITY.indexOf(subIndication ?? '');
  return rank < 0 ? SEVERITY.length : rank;
}
