export {
  type BuiltEvidence,
  type CoverInput,
  type GatheredEvidence,
  type GatheredRecord,
  type SealEvidenceOptions,
} from './build.ts';
export type { DeliveryFacts, EvidenceFacts, ReceiptFacts } from './facts.ts';
export { codesOf, gatherDirectory, gatherValidation } from './gather.ts';
export {
  EVIDENCE_LIMITS,
  MAX_EVIDENCE_CONTENT_BYTES,
  MAX_EVIDENCE_DIRECTORY,
  MAX_EVIDENCE_RECORDS,
  MAX_RECEIPTS_OF_ONE,
} from './limits.ts';
export { sealEvidence } from './seal.ts';
export {
  ENTRY_KINDS,
  EVIDENCE_FORMAT,
  type EntryKind,
  type EvidenceDocument,
  type EvidenceStatement,
  type ExporterRole,
  LACKING,
  type Lacking,
  STATEMENT_NAME,
} from './statement.ts';
export { trustObjects } from './trust-objects.ts';
export { type TimeFrom } from './verify/report.ts';
export type { EvidenceCheck, EvidenceDamage, EvidenceReport } from './verify/report.ts';
export { type VerifyEvidenceOptions, verifyEvidence } from './verify/verify-evidence.ts';
