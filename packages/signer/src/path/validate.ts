import { SignerError } from '../errors.ts';
import {
  type RevocationContext,
  type RevocationEvidence,
  type RevocationMode,
  checkRevocation,
} from '../revocation/check.ts';
import { type Judgement, type Objection, failed, indeterminate } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import { type PathSearch, searchPaths } from './build.ts';
import type { PolicyOptions } from './policy-tree.ts';
import { type Purpose, objectionToPurpose } from './purpose.ts';
import type { TrustStore } from './trust-store.ts';

/** How a path is to be validated. */
export interface PathOptions {
  readonly trust: TrustStore;
  /** The time the signature is known to have existed: a proven time, else now. */
  readonly at: Date;
  /** Certificates that may help to build the path; they are not trusted. */
  readonly extra?: readonly Certificate[];
  /** Default `signature`. */
  readonly purpose?: Purpose;
  /** Default `when-expected`. */
  readonly revocation?: RevocationMode;
  readonly policies?: PolicyOptions;
}

/** Result of {@link validatePath}. */
export interface PathVerdict extends Judgement {
  /** From the certificate to the anchor; empty when no path was found. */
  readonly chain: readonly Certificate[];
  /** The CRLs that were relied on. */
  readonly evidence: readonly RevocationEvidence[];
}

/**
 * Validates a certificate (RFC 5280 §6.1, §6.3) and answers in the terms of ETSI EN 319 102-1.
 *
 * `at` is taken as the time of signing. Hence: revoked at or before `at` is `TOTAL-FAILED/REVOKED`;
 * before the certificate's validity is `TOTAL-FAILED/NOT_YET_VALID`; after it is
 * `INDETERMINATE/OUT_OF_BOUNDS_NO_POE`, as an earlier signature may have been good; missing or stale
 * revocation data is `INDETERMINATE/TRY_LATER`; anything wrong with the path itself is INDETERMINATE
 * with the reason.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when `at` is not a time.
 */
export function validatePath(certificate: Certificate, options: PathOptions): PathVerdict {
  if (Number.isNaN(options.at.getTime())) {
    // Every comparison with such a time is false: nothing would be expired or out of date.
    throw new SignerError('SIGNER_INPUT_INVALID', 'the time of validation is not a time');
  }
  const wrongPurpose = objectionToPurpose(certificate, options.purpose ?? 'signature');
  if (wrongPurpose !== undefined) return { ...wrongPurpose, chain: [], evidence: [] };
  return new PathValidation(options).validate(certificate);
}

const MAX_CACHED_SEARCHES = 20_000;
const searches = new WeakMap<TrustStore, Map<string, PathSearch>>();

/** Worst first: what is reported when no path passes. */
const SEVERITY = ['REVOKED', 'NOT_YET_VALID', 'OUT_OF_BOUNDS_NO_POE', 'TRY_LATER'];

class PathValidation {
  private readonly options: PathOptions;
  private readonly extra: readonly Certificate[];
  /** CRL signers whose own path is being looked at: their lists must not prove themselves. */
  private readonly pending = new Set<string>();

  constructor(options: PathOptions) {
    this.options = options;
    this.extra = options.extra ?? [];
  }

  validate(certificate: Certificate, anchor?: Certificate): PathVerdict {
    const { paths, objection } = this.search(certificate);
    let worst: (Objection & { chain: readonly Certificate[] }) | undefined;
    for (const chain of paths) {
      if (anchor !== undefined && chain.at(-1)?.sha256 !== anchor.sha256) continue;
      const evidence: RevocationEvidence[] = [];
      const wrong = this.check(chain, evidence);
      if (wrong === undefined) {
        const detail = 'the certificate is valid';
        return { indication: 'TOTAL-PASSED', subIndication: null, detail, chain, evidence };
      }
      if (worst === undefined || severity(wrong) < severity(worst)) worst = { ...wrong, chain };
    }
    return { chain: [], ...(worst ?? objection), evidence: [] };
  }

  /** Paths do not depend on time, so they are kept for as long as the store is in use. */
  private search(certificate: Certificate): PathSearch {
    const { trust, policies } = this.options;
    if (policies !== undefined) return searchPaths(certificate, trust, this.extra, policies);
    let known = searches.get(trust);
    if (known === undefined) {
      known = new Map();
      searches.set(trust, known);
    }
    const key =
      this.extra.length === 0
        ? certificate.sha256
        : [certificate, ...this.extra].map(({ sha256 }) => sha256).join();
    let search = known.get(key);
    if (search === undefined) {
      if (known.size >= MAX_CACHED_SEARCHES) known.clear();
      search = searchPaths(certificate, trust, this.extra, {});
      known.set(key, search);
    }
    return search;
  }

  private check(
    chain: readonly Certificate[],
    evidence: RevocationEvidence[],
  ): Objection | undefined {
    const { at } = this.options;
    let expired: Objection | undefined;
    for (const certificate of chain) {
      if (at < certificate.notBefore) {
        const from = certificate.notBefore.toISOString();
        const detail = `certificate of '${certificate.subjectText}' is valid from ${from} only`;
        return failed('NOT_YET_VALID', detail);
      }
      if (at > certificate.notAfter) {
        const until = certificate.notAfter.toISOString();
        const detail = `certificate of '${certificate.subjectText}' expired at ${until}`;
        expired ??= indeterminate('OUT_OF_BOUNDS_NO_POE', detail);
      }
    }
    return this.checkRevocations(chain, evidence, expired);
  }

  private checkRevocations(
    chain: readonly Certificate[],
    evidence: RevocationEvidence[],
    expired: Objection | undefined,
  ): Objection | undefined {
    const { at, revocation = 'when-expected' } = this.options;
    let unknown: Objection | undefined;
    const anchor = chain.at(-1);
    // From the anchor down: what a revoked CA says about others does not count.
    for (let index = chain.length - 2; index >= 0; index -= 1) {
      const certificate = chain[index];
      const issuer = chain[index + 1];
      if (certificate === undefined || issuer === undefined || anchor === undefined) break;
      const result = checkRevocation(certificate, at, this.contextOf(issuer, anchor));
      if (result.state === 'revoked') {
        const since = result.since.toISOString();
        const detail = `certificate of '${certificate.subjectText}' is revoked since ${since} (${result.reason})`;
        return failed('REVOKED', detail);
      }
      if (result.state === 'good') evidence.push(...result.evidence);
      else if (revocation === 'require' || (revocation === 'when-expected' && result.isExpected)) {
        unknown ??= indeterminate('TRY_LATER', result.detail);
      }
    }
    return expired ?? unknown;
  }

  private contextOf(issuer: Certificate, anchor: Certificate): RevocationContext {
    const { trust } = this.options;
    return {
      crlsByIssuer: trust.crlsByIssuer,
      signersOf: (crl: CertificateList) => {
        const others = [
          ...(trust.bySubject.get(crl.issuer.key) ?? []),
          ...this.extra.filter(({ subject }) => subject.key === crl.issuer.key),
        ];
        return issuer.subject.key === crl.issuer.key ? [...new Set([issuer, ...others])] : others;
      },
      isTrustedCrlSigner: (signer) =>
        signer.sha256 === issuer.sha256 || this.isTrusted(signer, anchor),
    };
  }

  /** §6.3.3 (f): the path of another CRL signer ends at the same anchor. */
  private isTrusted(signer: Certificate, anchor: Certificate): boolean {
    if (signer.sha256 === anchor.sha256 || this.pending.has(signer.sha256)) return true;
    this.pending.add(signer.sha256);
    try {
      return this.validate(signer, anchor).indication === 'TOTAL-PASSED';
    } finally {
      this.pending.delete(signer.sha256);
    }
  }
}

function severity({ subIndication }: Objection): number {
  const rank = SEVERITY.indexOf(subIndication);
  return rank < 0 ? SEVERITY.length : rank;
}
