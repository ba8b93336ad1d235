import type { AgencyCode } from '../agency/code.ts';
import {
  type DirectoryEntry,
  type ListedCertificate,
  certificatesOf,
  isOpenAt,
} from '../directory/entry.ts';
import { BusError } from '../errors.ts';
import { type RecordPayload, parsePayload } from './codec.ts';
import type { Finding } from './finding.ts';
import type { RawRecord } from './frame.ts';

/** Indications of ETSI EN 319 102-1 §5.1.3. */
export type Indication = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED';

/** What a verifier says about a detached CMS signature over `content`. */
export interface VerifyVerdict {
  readonly indication: Indication;
  readonly subIndication: string | null;
  /** Lower hex; `null` when no signing certificate was found. */
  readonly certificateSha256: string | null;
  readonly detail: string;
  /** What it was judged with; left out by a verifier that does not tell. */
  readonly basis?: VerificationBasis;
}

/**
 * What a signature was judged with, by SHA-256 in lower hex: enough to give the same verdict again
 * when certificates have expired and lists were replaced.
 */
export interface VerificationBasis {
  /** The chain from the signer to the anchor. */
  readonly certificates: readonly string[];
  /** CRLs and OCSP responses. */
  readonly revocation: readonly string[];
}

/** Verifies signature and certificate at a time; `certificates` are candidates in DER. */
export type VerifySignature = (input: {
  content: Uint8Array;
  signature: Uint8Array;
  certificates: readonly Uint8Array[];
  at: Date;
}) => VerifyVerdict;

export interface AuthenticateOptions {
  /** The sender that the subject names; the broker lets no other agency use it. */
  readonly from: AgencyCode;
  readonly lookup: (code: AgencyCode) => DirectoryEntry | undefined;
  /** Entries that held at a time and were replaced since; see `DirectoryCopy.earlier`. */
  readonly earlier?: (code: AgencyCode, at: Date) => readonly DirectoryEntry[];
  /** Whether an entry agrees with what the subject says; the default is that any does. */
  readonly fits?: (entry: DirectoryEntry) => boolean;
  readonly verify: VerifySignature;
  /** The time-stamp of the record, else the time at which the broker stored it. */
  readonly at: Date;
  /** The payload of this very record, where it has been read. */
  readonly content?: RecordPayload;
}

export interface Refused {
  readonly authentic: false;
  readonly finding: Finding;
  readonly detail: string;
}

export type Authentication =
  | {
      readonly authentic: true;
      /** The entry that lists the certificate, of the time of the record. */
      readonly entry: DirectoryEntry;
      readonly content: RecordPayload;
      readonly basis: VerificationBasis | null;
    }
  | Refused;

/**
 * Decides whether a record really comes from the agency that its subject names.
 *
 * Subject, payload, directory and certificate must all name the same agency (design rule 4). The
 * certificate need not be in the signature: the entry's node certificates are the candidates, so
 * a signer outside the list shows as `SIGNER_NOT_LISTED` and not as a broken signature.
 */
export function authenticateRecord(raw: RawRecord, options: AuthenticateOptions): Authentication {
  const content = options.content ?? tryParsePayload(raw);
  if (typeof content === 'string') return refuse('RECORD_MALFORMED', content);
  const named = originOf(content);
  if (named !== options.from) {
    return refuse('SUBJECT_MISMATCH', `the subject names ${options.from}, the record ${named}`);
  }
  const entry = options.lookup(options.from);
  if (entry === undefined || entry.code !== options.from) {
    return refuse('SENDER_UNKNOWN', `the directory has no agency ${options.from}`);
  }
  if (!isOpenAt(entry, options.at)) return refuse('SENDER_CLOSED', describeClosed(entry));
  const { fits = () => true } = options;
  const judged = judgeByEntry(raw, entry, options);
  if (judged.authentic && fits(entry)) return { ...judged, entry, content };
  // A report signed just before a change of certificate or site is judged by the directory of its time.
  if (judged.authentic || judged.finding === 'SIGNER_NOT_LISTED') {
    for (const then of options.earlier?.(options.from, options.at) ?? []) {
      const before = fits(then) ? judgeByEntry(raw, then, options) : judged;
      if (before !== judged && before.authentic) return { ...before, entry: then, content };
    }
  }
  return judged.authentic ? { ...judged, entry, content } : judged;
}

/** A signature that holds, and what it was judged with where the verifier tells. */
interface Proven {
  readonly authentic: true;
  readonly basis: VerificationBasis | null;
}

function judgeByEntry(
  raw: RawRecord,
  entry: DirectoryEntry,
  options: AuthenticateOptions,
): Proven | Refused {
  const certificates = certificatesOf(entry, 'node');
  if (certificates.length > 0) return prove(raw, certificates, options);
  return refuse('SIGNER_NOT_LISTED', `the directory lists no node certificate of ${entry.code}`);
}

/** The agency that a record says it comes from. */
function originOf(content: RecordPayload): AgencyCode {
  return content.type === 'directory' ? content.payload.registrar : content.payload.from;
}

/**
 * Verifies the signature of a record against the certificates that may have made it.
 *
 * @returns `undefined` when it holds, else the finding.
 */
export function judgeSignature(
  raw: RawRecord,
  candidates: readonly ListedCertificate[],
  options: { readonly verify: VerifySignature; readonly at: Date },
): Refused | undefined {
  const judged = prove(raw, candidates, options);
  return judged.authentic ? undefined : judged;
}

/** As {@link judgeSignature}, for any bytes with a detached signature. */
export function prove(
  { signedBytes: content, signature }: Pick<RawRecord, 'signedBytes' | 'signature'>,
  candidates: readonly ListedCertificate[],
  options: { readonly verify: VerifySignature; readonly at: Date },
): Proven | Refused {
  const verdict = options.verify({
    content,
    signature,
    certificates: candidates.map((candidate) => candidate.der),
    at: options.at,
  });
  const used = verdict.certificateSha256;
  const listed = candidates.some((candidate) => candidate.sha256 === used);
  if (verdict.indication === 'TOTAL-PASSED') {
    if (listed) return { authentic: true, basis: verdict.basis ?? null };
    return refuse('SIGNER_NOT_LISTED', `certificate ${used ?? '(none)'} is not listed`);
  }
  if (used !== null && !listed) {
    return refuse('SIGNER_NOT_LISTED', `certificate ${used} is not listed; ${verdict.detail}`);
  }
  return refuse(findingOfVerdict(verdict), verdict.detail);
}

/** The finding that a verdict other than `TOTAL-PASSED` amounts to. */
export function findingOfVerdict(
  verdict: Pick<VerifyVerdict, 'indication' | 'subIndication'>,
): Finding {
  switch (verdict.subIndication) {
    case 'REVOKED':
    case 'REVOKED_NO_POE':
    case 'REVOKED_CA_NO_POE':
      return 'CERTIFICATE_REVOKED';
    case 'EXPIRED':
    case 'NOT_YET_VALID':
    case 'OUT_OF_BOUNDS_NO_POE':
    case 'OUT_OF_BOUNDS_NOT_REVOKED':
      return 'CERTIFICATE_EXPIRED';
    case 'NO_SIGNING_CERTIFICATE_FOUND':
      return 'SIGNER_NOT_LISTED';
    case 'HASH_FAILURE':
    case 'SIG_CRYPTO_FAILURE':
    case 'FORMAT_FAILURE':
    case 'SIG_CONSTRAINTS_FAILURE':
    case 'SIGNED_DATA_NOT_FOUND':
      return 'SIGNATURE_BROKEN';
    case 'NO_CERTIFICATE_CHAIN_FOUND':
    case 'CHAIN_CONSTRAINTS_FAILURE':
    case 'CERTIFICATE_CHAIN_GENERAL_FAILURE':
    case 'CRYPTO_CONSTRAINTS_FAILURE':
      return 'CERTIFICATE_UNTRUSTED';
    case 'TRY_LATER':
      return 'REVOCATION_UNKNOWN';
    default:
      return verdict.indication === 'TOTAL-FAILED' ? 'SIGNATURE_BROKEN' : 'CERTIFICATE_UNTRUSTED';
  }
}

/** As `parsePayload`, with the fault in words for a payload that cannot be read. */
export function tryParsePayload(raw: RawRecord): RecordPayload | string {
  try {
    return parsePayload(raw);
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}

function describeClosed(entry: DirectoryEntry): string {
  const until = entry.validTo === null ? '' : ` to ${entry.validTo}`;
  const after = entry.successors.length > 0 ? `, succeeded by ${entry.successors.join(', ')}` : '';
  return `agency ${entry.code} is open from ${entry.validFrom}${until}${after}`;
}

function refuse(finding: Finding, detail: string): Refused {
  return { authentic: false, finding, detail };
}
