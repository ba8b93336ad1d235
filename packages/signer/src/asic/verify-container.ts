import { hash } from 'node:crypto';

import { verifyDetached } from '../cms/verify-detached.ts';
import { SignerError } from '../errors.ts';
import type { TrustStore } from '../path/trust-store.ts';
import type { PathVerdict } from '../path/validate.ts';
import type { ValidationData } from '../revocation/validation-data.ts';
import { type TimeStampVerdict, verifyTimeStamp } from '../tsp/verify.ts';
import { type Indication, type Judgement, type SubIndication, failed } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type DigestCache, matchEntries } from './container.ts';
import type { AsicLimits } from './limits.ts';
import { type AsicAssertion, type OpenedAsic, openAsic } from './open.ts';

/** One signature or time-stamp of a container. */
export interface AsicAssertionReport extends Judgement {
  readonly kind: AsicAssertion['kind'];
  /** Its entry in the container. */
  readonly name: string;
  /** Its manifest; null in ASiC-S. */
  readonly manifestName: string | null;
  /** It also covers signatures and time-stamps that were there before. */
  readonly isArchive: boolean;
  readonly certificate: Certificate | null;
  readonly signerText: string | null;
  readonly certificateSha256: string | null;
  /** What the signer claims, no proof. */
  readonly claimedAt: Date | null;
  /**
   * Of a signature, the earliest time that valid time-stamps over it prove; of a time-stamp, the
   * time it proves itself. Null when nothing is proven.
   */
  readonly provenAt: Date | null;
  /** How the certificate was judged, and by which evidence; null when it did not come to that. */
  readonly path: PathVerdict | null;
  /** Time-stamps inside a CAdES signature. */
  readonly timeStamps: readonly TimeStampVerdict[];
  /** Names of the entries it covers. */
  readonly covers: readonly string[];
}

/** A file of a container and the valid or invalid assertions over it. */
export interface AsicFileReport {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Entries of the signatures and time-stamps that cover it. */
  readonly coveredBy: readonly string[];
}

/** What {@link verifyAsic} found. */
export interface AsicContainerReport {
  /** Null when the container could not be opened. */
  readonly form: OpenedAsic['form'] | null;
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  readonly detail: string;
  readonly assertions: readonly AsicAssertionReport[];
  readonly files: readonly AsicFileReport[];
}

/** What a container is judged by. */
export interface VerifyAsicOptions {
  readonly trust: TrustStore;
  readonly at: Date;
  /** Where to look for signing certificates that are not in the signatures. */
  readonly candidates?: readonly Certificate[];
  /** Certificates, CRLs and OCSP responses that may help; not trusted. */
  readonly data?: ValidationData;
  readonly limits?: AsicLimits;
}

const SEVERITY: Readonly<Record<Indication, number>> = {
  'TOTAL-PASSED': 0,
  INDETERMINATE: 1,
  'TOTAL-FAILED': 2,
};

/**
 * Verifies an ASiC-E or ASiC-S container with any number of CAdES signatures and time-stamps (ETSI EN
 * 319 162-1; EN 319 102-1). A signature is judged at the earliest time that a valid time-stamp over
 * it proves: one of its own, or one of an archive manifest.
 *
 * The indication of the container is the worst of its assertions'. A file that no signature
 * covers makes it fail (no time-stamp, where there are only those): nobody vouches for it. What is wrong with the container is a result too.
 */
export function verifyAsic(container: Uint8Array, options: VerifyAsicOptions): AsicContainerReport {
  let opened: OpenedAsic;
  try {
    opened = openAsic(container, options.limits);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const objection = failed('FORMAT_FAILURE', error.message);
    return { ...objection, form: null, assertions: [], files: [] };
  }
  const assertions = new ContainerVerification(opened, options).run();
  const files = Array.from(opened.files, ([name, bytes]) => ({
    name,
    mediaType: opened.mediaTypes.get(name) ?? 'application/octet-stream',
    bytes: bytes.length,
    coveredBy: assertions.filter(({ covers }) => covers.includes(name)).map((one) => one.name),
  }));
  // Anybody gets a time-stamp for anything: where there are signatures, they must cover the files.
  const isSigned = assertions.some(({ kind }) => kind === 'signature');
  const vouching = assertions.filter(({ kind }) => !isSigned || kind === 'signature');
  const uncovered = files.find(({ name }) => !vouching.some(({ covers }) => covers.includes(name)));
  const judgements: Judgement[] = [...assertions];
  if (uncovered !== undefined) {
    judgements.push(failed('FORMAT_FAILURE', `no signature covers "${uncovered.name}"`));
  }
  const { indication, subIndication, detail } = judgements.reduce((worst, one) =>
    SEVERITY[one.indication] > SEVERITY[worst.indication] ? one : worst,
  );
  return { form: opened.form, indication, subIndication, detail, assertions, files };
}

/** One run over the assertions of a container: time-stamps first, as signatures profit from them. */
class ContainerVerification {
  private readonly opened: OpenedAsic;
  private readonly options: VerifyAsicOptions;
  private readonly reports = new Map<AsicAssertion, AsicAssertionReport>();
  private readonly pending = new Set<AsicAssertion>();
  private readonly digests: DigestCache = new Map();

  constructor(opened: OpenedAsic, options: VerifyAsicOptions) {
    this.opened = opened;
    this.options = options;
  }

  run(): readonly AsicAssertionReport[] {
    return this.opened.assertions.map((assertion) => this.reportOn(assertion));
  }

  private reportOn(assertion: AsicAssertion): AsicAssertionReport {
    const known = this.reports.get(assertion);
    if (known !== undefined) return known;
    this.pending.add(assertion);
    const report = this.judge(assertion);
    this.pending.delete(assertion);
    this.reports.set(assertion, report);
    return report;
  }

  private judge(assertion: AsicAssertion): AsicAssertionReport {
    const { kind, name, signedName, manifest, isArchive } = assertion;
    const base = {
      kind,
      name,
      manifestName: manifest === null ? null : signedName,
      isArchive,
      certificate: null,
      signerText: null,
      certificateSha256: null,
      claimedAt: null,
      provenAt: null,
      path: null,
      timeStamps: [],
      covers: manifest === null ? [signedName] : manifest.entries.map((entry) => entry.name),
    };
    try {
      if (manifest !== null) matchEntries(manifest, this.opened.entries, this.digests);
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      const isDigest = error.code === 'SIGNER_ASIC_DIGEST_MISMATCH';
      return { ...base, ...failed(isDigest ? 'HASH_FAILURE' : 'FORMAT_FAILURE', error.message) };
    }
    const earlier = this.provenBefore(assertion);
    return {
      ...base,
      ...(kind === 'signature' ? this.judgeSignature : this.judgeTimeStamp).call(
        this,
        assertion,
        earlier,
      ),
    };
  }

  /** The earliest time that valid time-stamps over the assertion's own entry prove. */
  private provenBefore(assertion: AsicAssertion): Date | null {
    let earliest: Date | null = null;
    for (const other of this.opened.assertions) {
      const covers = other.manifest?.entries.some(({ name }) => name === assertion.name) === true;
      if (other.kind !== 'timestamp' || !covers || this.pending.has(other)) continue;
      const { indication, provenAt } = this.reportOn(other);
      if (indication !== 'TOTAL-PASSED' || provenAt === null) continue;
      if (earliest === null || provenAt < earliest) earliest = provenAt;
    }
    return earliest;
  }

  private judgeSignature(
    { bytes, signed }: AsicAssertion,
    earlier: Date | null,
  ): Partial<AsicAssertionReport> & Judgement {
    const { trust, candidates, data } = this.options;
    const verdict = verifyDetached({
      cms: bytes,
      content: signed,
      trust,
      at: earlier ?? this.options.at,
      isProven: earlier !== null,
      ...(candidates && { candidates }),
      ...(data && { data }),
    });
    const { indication, subIndication, detail, certificate, path, timeStamps } = verdict;
    const times = [verdict.provenAt, earlier].filter((time) => time !== null);
    const provenAt = times.length === 0 ? null : new Date(Math.min(...times.map(Number)));
    const judgement = { indication, subIndication, detail };
    const { claimedAt } = verdict.cms;
    return { ...judgement, ...describe(certificate), path, timeStamps, claimedAt, provenAt };
  }

  private judgeTimeStamp(
    { bytes, signed }: AsicAssertion,
    earlier: Date | null,
  ): Partial<AsicAssertionReport> & Judgement {
    const { trust, data } = this.options;
    const verdict = verifyTimeStamp({
      token: bytes,
      digest: (name) => hash(name, signed, 'buffer'),
      trust,
      at: earlier ?? this.options.at,
      ...(data && { data }),
    });
    const { indication, subIndication, detail, certificate, path, time } = verdict;
    const provenAt = indication === 'TOTAL-PASSED' ? time : null;
    return { indication, subIndication, detail, ...describe(certificate), path, provenAt };
  }
}

function describe(
  certificate: Certificate | null,
): Pick<AsicAssertionReport, 'certificate' | 'signerText' | 'certificateSha256'> {
  const signerText = certificate?.subjectText ?? null;
  return { certificate, signerText, certificateSha256: certificate?.sha256 ?? null };
}
