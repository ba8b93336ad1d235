export { type ExportAuditOptions, type ExportedAudit, exportAudit } from './audit/export.ts';
export type { AuditFinding, AuditFindingKind } from './audit/finding.ts';
export type { PublicationHead, Section as PublicationSection } from './audit/publication.ts';
export type { Publication, PublicationRow, RelayPublications } from './audit/publications.ts';
export { type PublishMonthOptions, publishMonth } from './audit/publish-month.ts';
export {
  type AuditReport,
  type RecomputeOptions,
  type RecomputedPublication,
  recomputeAudit,
} from './audit/recompute.ts';
export { type RelayBackupOptions, backupRelay } from './backup.ts';
export type { DeliveryState } from './delivery-state.ts';
export { type ExportEvidenceOptions, exportEvidence } from './evidence/export.ts';
export { type RelayConfig, type RelayHomeContent, initRelay, readRelayConfig } from './home.ts';
export { type Account, type Accounts, type NewAccount, openAccounts } from './http/accounts.ts';
export { readAlerts } from './alerts/read.ts';
export type { AlertCode, AlertRow, AlertsRequest } from './alerts/types.ts';
export { type MakeEvidence, NOT_RUNNING, type RelayState } from './http/link.ts';
export type { HttpSide } from './http/open.ts';
export { type StartHttpOptions, startHttpThread } from './http/start.ts';
export type {
  AgencyRow,
  AgencyStanding,
  AsOf,
  BreakdownKey,
  BreakdownRequest,
  BreakdownRow,
  DeliveriesRequest,
  DeliveryRow,
  Figures,
  FiguresAnswer,
  FiguresRequest,
  FiguresScope,
  GapRow,
  Page,
  PageRequest,
  RelayFigures,
  TimeFigures,
  Urgency,
} from './figures/types.ts';
export type { RelayLog } from './log.ts';
export type {
  ContradictionRow,
  ContradictoryReceipt,
  LateReportRow,
  RejectedReportRow,
  RelayQueries,
  TrackedDelivery,
  TrackedDispatch,
  TrackedReceipt,
} from './queries.ts';
export { type RelayReader, openRelayReader } from './reader.ts';
export type { BrokerLine } from './connections.ts';
export { type OpenRelayOptions, openRelay } from './open-relay.ts';
export type { Relay, RelayStatus } from './relay.ts';
export type { ShareClass } from './figures/share-class.ts';
export { BATCH_STEPS, BUILD_STEPS, DAY_STEPS, type RelayStep } from './step.ts';
export type { ContradictionKind } from './storage/contradiction-store.ts';
export type { ChainRecord, RelayCounts } from './storage/track-queries.ts';
