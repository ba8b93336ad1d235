import { hash } from 'node:crypto';

import {
  type AsicAssertion,
  type Certificate,
  type SignatureVerdict,
  type TimeStampVerdict,
  type TrustStore,
  validatePath,
  verifyCms,
  verifyDetached,
  verifyTimeStamp,
} from '@congvan/signer';

import type { OpenedEvidence } from './open.ts';
import { type EvidenceCheck, checkOf, failedCheck } from './report.ts';

/** Time-stamps of the exporter's signature that are looked at. */
const MAX_TIME_STAMPS = 4;

/** What became of the signature over the whole file. */
export interface ContainerVerdict {
  readonly checks: readonly EvidenceCheck[];
  readonly certificate: Certificate | null;
  /** What a valid time-stamp proves. */
  readonly provenAt: Date | null;
  /** That time is when the file was written: the time-stamp stands in the exporter's own signature. */
  readonly isOwnStamp: boolean;
}

/**
 * Verifies the exporter's signature over the manifest of the file: at the time that its time-stamp
 * proves, or an archive time-stamp over the whole file, else now. From the newest archive time-stamp
 * on, each is judged at the time that the one after it proves (ETSI EN 319 162-1 §A.7).
 *
 * Offline and years later no fresh word on the authority of the time-stamp can be had. What the file,
 * the trust folder and the token say of it counts, an old list does not stop; its certificate must not
 * have run out.
 */
export function verifyExporterSignature(
  opened: OpenedEvidence,
  options: { readonly trust: TrustStore; readonly now: Date },
): ContainerVerdict {
  const { asic, statement, data } = opened;
  const assertion = asic.assertions.find(({ kind }) => kind === 'signature');
  if (assertion === undefined) throw new TypeError('opened without a signature');
  const { name, bytes: cms, signed: content } = assertion;
  const { trust, now } = options;
  const archives = judgeArchives(asic.assertions, options);
  const archivedAt = archives.provenAt;
  const read = verifyCms({ cms, content, candidates: data.certificates });
  const stamps = stampsOf(read.signature, read.timeStampTokens, trust, archivedAt ?? now);
  const isOwnStamp = stamps.length > 0;
  const provenAt = isOwnStamp ? earliest(stamps) : archivedAt;
  const verdict = verifyDetached({
    cms,
    content,
    candidates: data.certificates,
    trust,
    at: provenAt ?? now,
    isProven: provenAt !== null,
  });
  const { indication, subIndication, detail, certificate } = verdict;
  const checks = [
    checkOf(name, 'container', {
      indication,
      subIndication,
      detail,
      certificateSha256: certificate?.sha256 ?? null,
      at: provenAt ?? now,
      timeFrom: provenAt === null ? 'now' : 'time-stamp',
    }),
    ...stamps.map((stamp) => checkOfStamp(name, stamp)),
    ...archives.stamps.map(([entry, stamp]) => checkOfStamp(entry, stamp)),
  ];
  if (statement.timeStamped && stamps.length === 0) {
    const reason = 'it was time-stamped when it was written, and has no time-stamp now';
    checks.push(failedCheck(name, 'container', 'FORMAT_FAILURE', reason));
  }
  // The exporter put its chain in; one that was changed may be unreadable, and left out without a word.
  const chain = (verdict.path?.chain ?? []).filter((one) => !trust.isAnchor(one));
  const bytes = Buffer.from(cms);
  // Behind the signature value stands the time-stamp, which may hold the same certificate.
  const ownPart = bytes.subarray(0, bytes.indexOf(Buffer.from(verdict.cms.signature ?? [])));
  const left = chain.find(({ der }) => !ownPart.includes(Buffer.from(der)));
  if (left !== undefined) {
    const reason = `the certificate of ${left.subjectText} does not stand in it as it should`;
    checks.push(failedCheck(name, 'container', 'FORMAT_FAILURE', reason));
  }
  const allStamps = [...stamps, ...archives.stamps.map(([, stamp]) => stamp)];
  const stranger = strangerAmong(verdict, allStamps, trust, provenAt ?? now);
  if (stranger !== undefined) {
    const reason = `a certificate inside leads nowhere: ${stranger.subjectText}`;
    checks.push(failedCheck(name, 'container', 'FORMAT_FAILURE', reason));
  }
  return { checks, certificate, provenAt, isOwnStamp };
}

/** The archive time-stamps, newest first, with their entries; and the time that the oldest proves. */
function judgeArchives(
  assertions: readonly AsicAssertion[],
  { trust, now }: { readonly trust: TrustStore; readonly now: Date },
): {
  readonly stamps: readonly (readonly [entry: string, stamp: TimeStampVerdict])[];
  readonly provenAt: Date | null;
} {
  const stamps: [string, TimeStampVerdict][] = [];
  let provenAt: Date | null = null;
  for (const { kind, name, bytes, signed } of assertions.toReversed()) {
    if (kind !== 'timestamp') continue;
    const stamp = judgeStamp(bytes, signed, trust, provenAt ?? now);
    if (stamp.indication === 'TOTAL-PASSED') provenAt = stamp.time;
    stamps.push([name, stamp]);
  }
  return { stamps, provenAt };
}

function stampsOf(
  signature: Uint8Array | null,
  tokens: readonly Uint8Array[],
  trust: TrustStore,
  at: Date,
): readonly TimeStampVerdict[] {
  if (signature === null) return [];
  return tokens.slice(0, MAX_TIME_STAMPS).map((token) => judgeStamp(token, signature, trust, at));
}

function judgeStamp(
  token: Uint8Array,
  stamped: Uint8Array,
  trust: TrustStore,
  at: Date,
): TimeStampVerdict {
  const digest = (algorithm: string): Uint8Array => hash(algorithm, stamped, 'buffer');
  return verifyTimeStamp({ token, digest, trust, at, revocation: 'if-available' });
}

function checkOfStamp(name: string, stamp: TimeStampVerdict): EvidenceCheck {
  return checkOf(name, 'container', {
    indication: stamp.indication,
    subIndication: stamp.subIndication,
    detail: `time-stamp: ${stamp.detail}`,
    certificateSha256: stamp.certificate?.sha256 ?? null,
    at: stamp.time,
    timeFrom: 'time-stamp',
  });
}

function earliest(stamps: readonly TimeStampVerdict[]): Date | null {
  const times = stamps.flatMap(({ indication, time }) =>
    indication === 'TOTAL-PASSED' && time !== null ? [Number(time)] : [],
  );
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** Certificates that ride along in a signature are covered by nothing: each must lead to an anchor. */
function strangerAmong(
  verdict: SignatureVerdict,
  stamps: readonly TimeStampVerdict[],
  trust: TrustStore,
  at: Date,
): Certificate | undefined {
  if (verdict.indication !== 'TOTAL-PASSED') return undefined;
  const inside = [
    ...verdict.cms.embedded,
    ...stamps.flatMap(({ token }) => token?.certificates ?? []),
  ];
  return inside.find((certificate) => {
    const { subIndication } = validatePath(certificate, {
      trust,
      at,
      purpose: 'any',
      revocation: 'if-available',
    });
    return subIndication !== null && LEADS_NOWHERE.has(subIndication);
  });
}

/** A certificate that was changed is not what its issuer signed; one that ran out still is. */
const LEADS_NOWHERE: ReadonlySet<string> = new Set([
  'NO_CERTIFICATE_CHAIN_FOUND',
  'CHAIN_CONSTRAINTS_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'SIG_CRYPTO_FAILURE',
]);
