/** What becomes of a record or document that a finding was made on. */
export interface FindingRule {
  /**
   * `quarantine`: kept and shown, never handed over. `warning`: accepted, the clerk sees it.
   * `hold`: left with the broker and judged again, because this side lacks what it needs to judge.
   */
  readonly severity: 'quarantine' | 'warning' | 'hold';
  /**
   * Whether a signed refusal with this code goes to the agency that the subject names, when the
   * directory knows it. Where a forger used that name, the refusal is how its owner hears
   * of it; it lands in that agency's quarantine as `RECEIPT_UNEXPECTED`.
   */
  readonly refusal: boolean;
}

/** Every finding on what arrives; codes are stable and travel in receipts as `reasonCode`. */
export const FINDINGS = {
  RECORD_MALFORMED: { severity: 'quarantine', refusal: false },
  SENDER_UNKNOWN: { severity: 'quarantine', refusal: false },
  SENDER_CLOSED: { severity: 'quarantine', refusal: true },
  SUBJECT_MISMATCH: { severity: 'quarantine', refusal: false },
  WRONG_RECIPIENT: { severity: 'quarantine', refusal: true },
  SIGNATURE_BROKEN: { severity: 'quarantine', refusal: true },
  SIGNER_NOT_LISTED: { severity: 'quarantine', refusal: true },
  CERTIFICATE_EXPIRED: { severity: 'quarantine', refusal: true },
  CERTIFICATE_REVOKED: { severity: 'quarantine', refusal: true },
  CERTIFICATE_UNTRUSTED: { severity: 'quarantine', refusal: true },
  /** No fresh CRL here: refusing would blame the sender for our own gap. */
  REVOCATION_UNKNOWN: { severity: 'hold', refusal: false },
  /** What was held for as long as the streams keep a message, and still cannot be judged. */
  HELD_TOO_LONG: { severity: 'quarantine', refusal: true },
  PACKAGE_MALFORMED: { severity: 'quarantine', refusal: true },
  PACKAGE_DIGEST_MISMATCH: { severity: 'quarantine', refusal: true },
  /** What is sealed cannot be opened: for another key, damaged, or bound to another package. */
  SEAL_UNREADABLE: { severity: 'quarantine', refusal: true },
  /** The bytes that the record names are not what the site holds under that name. */
  CONTENT_CORRUPT: { severity: 'quarantine', refusal: true },
  /** The bytes that the record names did not come for so long that they will not come any more. */
  CONTENT_MISSING: { severity: 'quarantine', refusal: true },
  HEADER_MISMATCH: { severity: 'quarantine', refusal: true },
  DOCUMENT_TAMPERED: { severity: 'quarantine', refusal: true },
  DOCUMENT_CONFLICT: { severity: 'quarantine', refusal: true },
  /** Accepted for information only (QĐ 28 Art. 5); an agency's setting may refuse it instead. */
  DOCUMENT_UNSIGNED: { severity: 'warning', refusal: true },
  DOCUMENT_UNCERTAIN: { severity: 'warning', refusal: false },
  /** Well signed, but not with a seal that the directory lists for the sender. */
  DOCUMENT_SEAL_OTHER: { severity: 'warning', refusal: false },
  /** A receipt for a delivery that this agency did not make, or for another package. */
  RECEIPT_UNEXPECTED: { severity: 'quarantine', refusal: false },
  /** The check ended with an error of its own, time and again: for a person to look at. */
  CHECK_FAILED: { severity: 'quarantine', refusal: false },
} as const satisfies Record<string, FindingRule>;

export type Finding = keyof typeof FINDINGS;

export function isFinding(code: string): code is Finding {
  return Object.hasOwn(FINDINGS, code);
}
