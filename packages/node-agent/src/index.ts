export { Agent } from './agent.ts';
export {
  CONDITIONS,
  CONDITION_CODES,
  type Condition,
  type ConditionCode,
  type ConditionFacts,
} from './condition/condition.ts';
export { AGENT_LIMITS } from './limits.ts';
export type {
  AgentStatus,
  AssignedNumber,
  Attachment,
  DeliveryTrack,
  HeldLack,
  HeldRow,
  InboxFilter,
  InboxRow,
  IncomingDocument,
  IncomingFile,
  IncomingState,
  OutboxRow,
  PaperReason,
  PaperRequest,
  Place,
  Priority,
  QuarantineRow,
  RegisterEntry,
  RegisterState,
  SendRequest,
  Sending,
  SentDocument,
  TrackedDocument,
  Transfer,
  TransferWait,
} from './documents.ts';
export { AGENT_ERRORS, AgentError, type AgentErrorCode, type AgentErrorDetails } from './errors.ts';
export { type AgentBackupOptions, backupAgent } from './home/backup.ts';
export { type AgentConfig, type AgentConfigInput, THIN_LINE } from './home/config.ts';
export { type InitAgentOptions, initAgent } from './home/init.ts';
export { type EnrolAgentOptions, type EnrolledAgent, enrolAgent } from './enrolment/enrol.ts';
export type { KeyPassphrases, PassphraseSource } from './home/keys.ts';
export { type HomeLayout, layoutOf } from './home/layout.ts';
export type { AcceptOptions, CompleteOptions, RefuseOptions } from './inbox/answer.ts';
export { type Log, SILENT_LOG } from './log.ts';
export type { EvidenceRequest } from './evidence/export.ts';
export { type OpenAgentOptions, openAgent } from './open-agent.ts';
export { AGENT_STEPS, type AgentStep } from './step.ts';
