import type { Indication } from '@congvan/signer';

import type { EvidenceFacts } from '../facts.ts';
import type { EntryKind, EvidenceStatement, Lacking } from '../statement.ts';

/** How the time at which something was judged is known. */
export type TimeFrom =
  /** An RFC 3161 time-stamp proves it. */
  | 'time-stamp'
  /** The broker stored the record then, as the exporter states under its signature. */
  | 'broker'
  /** The exporter signed the record itself, and states when. */
  | 'signer'
  /** The exporter states when it wrote the file. */
  | 'exporter'
  /** Nothing proves a time: judged at the time of this check. */
  | 'now';

/** What was found of one entry. */
export interface EvidenceCheck {
  readonly entry: string;
  readonly kind: EntryKind | 'container';
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly detail: string;
  /** Of a signature: the agency that the directory lists its certificate for. */
  readonly signedBy: string | null;
  readonly certificateSha256: string | null;
  readonly at: Date | null;
  readonly timeFrom: TimeFrom | null;
}

/** A place where the file is not what was signed. */
export interface EvidenceDamage {
  readonly entry: string | null;
  /** In bytes from the start of the file, where it can be told. */
  readonly offset: number | null;
  readonly detail: string;
}

/** What `verifyEvidence` found. */
export interface EvidenceReport {
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly detail: string;
  readonly at: Date;
  readonly exporter: EvidenceStatement['exportedBy'] | null;
  readonly exportedAt: string | null;
  /** What a valid time-stamp over the exporter's signature proves; else null. */
  readonly provenAt: Date | null;
  readonly facts: EvidenceFacts | null;
  readonly lacking: readonly Lacking[];
  readonly checks: readonly EvidenceCheck[];
  readonly damages: readonly EvidenceDamage[];
}

/** A check that found nothing wrong, or the fault. */
export function checkOf(
  entry: string,
  kind: EvidenceCheck['kind'],
  found: Pick<EvidenceCheck, 'indication' | 'subIndication' | 'detail'> & Partial<EvidenceCheck>,
): EvidenceCheck {
  return {
    signedBy: null,
    certificateSha256: null,
    at: null,
    timeFrom: null,
    ...found,
    entry,
    kind,
  };
}

export function failedCheck(
  entry: string,
  kind: EvidenceCheck['kind'],
  subIndication: string,
  detail: string,
): EvidenceCheck {
  return checkOf(entry, kind, { indication: 'TOTAL-FAILED', subIndication, detail });
}

export function passedCheck(
  entry: string,
  kind: EvidenceCheck['kind'],
  detail: string,
): EvidenceCheck {
  return checkOf(entry, kind, { indication: 'TOTAL-PASSED', subIndication: null, detail });
}
