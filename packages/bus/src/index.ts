export {
  type AgencyCode,
  MAX_AGENCY_CODE_LENGTH,
  MAX_AGENCY_LEVELS,
  codeToToken,
  isAgencyCode,
  levelOfCode,
  parseAgencyCode,
  tokenToCode,
} from './agency/code.ts';
export { convertOldAgencyCode, suggestAgencyCode } from './agency/old-code.ts';
export {
  MAX_SITE_LENGTH,
  type Site,
  TIERS,
  type Tier,
  isSite,
  isTier,
  parseSite,
} from './agency/tier.ts';
export {
  type AgencyConnectOptions,
  type AgencyConnection,
  type BatchOptions,
  connectAgency,
} from './broker/agency-connection.ts';
export type { BusMessage } from './broker/bus-message.ts';
export type { ConnectionTrouble } from './broker/connection-trouble.ts';
export {
  type CredentialsInfo,
  composeCredentials,
  readCredentials,
  renewCredentials,
} from './broker/jwt.ts';
export { type NatsKey, createNatsKey, readNatsKey, signWithNatsKey } from './broker/keys.ts';
export type { ConnectOptions, ConnectionStatus, StatusListener } from './broker/connection.ts';
export { type TlsFault, tlsFaultOf } from './broker/tls-fault.ts';
export type { TlsMaterial } from './broker/tls-material.ts';
export type { FileClient, LocateRequest, OwnChunk } from './broker/file-client.ts';
export type { PublishOptions, Published } from './broker/publish.ts';
export type { PutChunkResult } from './broker/put-chunk.ts';
export {
  type RelayConnectOptions,
  type RelayConnection,
  connectRelay,
} from './broker/relay-connection.ts';
export { SILENT_AFTER_MS, type Seen } from './presence/last-seen.ts';
export {
  type Presence,
  type PresenceAnswer,
  encodePresence,
  parsePresenceAnswer,
} from './presence/presence.ts';
export { dateInVietnam, yearInVietnam } from './calendar/vietnam-time.ts';
export type { DirectoryClient, DirectoryHead, DirectoryPage } from './directory/client.ts';
export {
  DirectoryCopy,
  type DirectoryCopyOptions,
  type RefusedEntry,
  type TakenIn,
} from './directory/copy.ts';
export type { DelegatedRegistrar, Delegation } from './directory/delegation.ts';
export {
  type CertificateUse,
  type DirectoryEntry,
  type ListedCertificate,
  certificatesOf,
  isOpenAt,
} from './directory/entry.ts';
export type {
  DirectoryLedger,
  EntryKey,
  EntryStanding,
  VerifiedEntry,
} from './directory/ledger.ts';
export {
  MAX_DIRECTORY_PAGE_BYTES,
  MAX_PAGE_RATIO,
  MAX_UNPACKED_PAGE_BYTES,
  type PageEncoding,
  packPage,
  readPage,
} from './directory/page.ts';
export { DirectoryReader, type ReadOnOptions, describeRefusals } from './directory/read-on.ts';
export {
  ENROLMENT_PATH,
  ENROLMENT_USES,
  type EnrolmentAnswer,
  type EnrolmentRefusal,
  type EnrolmentRequest,
  type EnrolmentUse,
  MAX_ENROLMENT_ANSWER_BYTES,
  type RenewalAnswer,
  type RenewalRequest,
  encodeRenewalFrame,
  encodeRenewalRequest,
  enrolmentProofInput,
  fromBase64,
  parseEnrolmentAnswer,
  parseEnrolmentRefusal,
  parseRenewalAnswer,
  renewalSigningInput,
  toBase64,
} from './enrolment/protocol.ts';
export {
  type EnrolmentToken,
  decodeEnrolmentToken,
  encodeEnrolmentToken,
} from './enrolment/token.ts';
export {
  REFUSAL_REASONS,
  type ReasonText,
  type RefusalReason,
  isRefusalReason,
} from './document-status/refusal-reason.ts';
export {
  type DeliveryState,
  type FollowOptions,
  type ProcessingStatus,
  mayFollow,
  stateOfStatuses,
} from './document-status/state.ts';
export {
  DOCUMENT_STATUSES,
  type DocumentStatus,
  type StatusGiver,
  type StatusName,
  isDocumentStatus,
  nameOfStatus,
} from './document-status/status.ts';
export {
  COUNTED_DOCUMENT_TYPES,
  DOCUMENT_TYPE_ABBREVIATIONS,
  OTHER_DOCUMENT_TYPES,
  notationFits,
} from './edxml/document-type.ts';
export { EDXML_LIMITS, type EdxmlLimits } from './edxml/limits.ts';
export type {
  EdxmlAgency,
  EdxmlAttachment,
  EdxmlBusiness,
  EdxmlCode,
  EdxmlDocument,
  EdxmlDocumentInfo,
  EdxmlDocumentType,
  EdxmlMessageHeader,
  EdxmlOtherElement,
  EdxmlOtherInfo,
  EdxmlPromulgation,
  EdxmlReceiverChange,
  EdxmlReplacement,
  EdxmlResponseFor,
  EdxmlSignatory,
  EdxmlStaff,
  EdxmlStatus,
  EdxmlStatusHeader,
  EdxmlTraceHeader,
  EdxmlTransferredAs,
} from './edxml/model.ts';
export { readEdxml } from './edxml/read.ts';
export {
  type EdxmlProblem,
  type EdxmlSeverity,
  type ValidateOptions,
  changedDocumentId,
  validateEdxml,
} from './edxml/validate.ts';
export { writeEdxml } from './edxml/write.ts';
export type { XmlElement } from './edxml/xml-tree.ts';
export { BUS_ERRORS, BusError, type BusErrorCode, type BusErrorDetails } from './errors.ts';
export {
  type BlobGeometry,
  DEFAULT_CHUNK_BYTES,
  MAX_BLOB_BYTES,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MIN_CHUNK_BYTES,
  chunkCountOf,
  chunkLengthOf,
} from './file/blob.ts';
export { type DownloadOptions, type DownloadResult, downloadFile } from './file/download.ts';
export type { FileLocation, FileQuota } from './file/location.ts';
export type { ProgressListener, TransferProgress } from './file/progress.ts';
export { MAX_TRANSFER_WINDOW, type TransferOptions, type TransferResult } from './file/transfer.ts';
export { type UploadOptions, uploadFile } from './file/upload.ts';
export { type FoundServer, findNatsServer } from './local-server/find.ts';
export type { AccountJwt } from './operator/account-jwt.ts';
export {
  type LocalOperator,
  type MintInput,
  type ServiceAccount,
  openOperator,
} from './operator/operator.ts';
export {
  type PushResult,
  type PushTargets,
  pushAccount,
  replaceSiteSigner,
  revokeUser,
} from './operator/push.ts';
export {
  type KeyFile,
  type SiteKeyFiles,
  holdsOperatorKeys,
  openSiteKeys,
} from './operator/site-folder.ts';
export type { RelayUser, SiteKeys } from './operator/site-keys.ts';
export type { AgencyUser, SiteSigner } from './operator/site-signer.ts';
export {
  type LocalServer,
  type LocalServerOptions,
  findLocalServer,
  startLocalServer,
  stopLocalServer,
} from './local-server/start.ts';
export {
  type AuthenticateOptions,
  type Authentication,
  type Indication,
  type Refused,
  type VerifySignature,
  type VerifyVerdict,
  authenticateRecord,
  tryParsePayload,
  findingOfVerdict,
  type VerificationBasis,
} from './record/authenticate.ts';
export {
  type DeliveryKey,
  type RecordPayload,
  deliveryId,
  encodePayload,
  parsePayload,
  parsePayloadAs,
} from './record/codec.ts';
export { FINDINGS, type Finding, type FindingRule, isFinding } from './record/finding.ts';
export {
  RECORD_TYPE_NUMBERS,
  RECORD_VERSION,
  type RawRecord,
  type SignBytes,
  decodeMessage,
  decodeRecord,
  encodeMessage,
  payloadHash,
  recordSigningInput,
  signRecord,
} from './record/frame.ts';
export {
  MAX_DOCUMENT_ID_LENGTH,
  MAX_INLINE_PACKAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_OPEN_PART_BYTES,
  MAX_RECIPIENT_COUNT,
  MAX_RECORD_PAYLOAD_BYTES,
  MAX_RECORD_SIGNATURE_BYTES,
  MAX_SEALED_BYTES,
} from './record/limits.ts';
export { MAX_OPEN_PART_RATIO, packOpenPart, unpackOpenPart } from './record/open-part-body.ts';
export type {
  DeliveryPayload,
  DirectoryPayload,
  DispatchEntry,
  DispatchRecipient,
  PaperEntry,
  Payloads,
  ReceiptEntry,
  ReceiptPayload,
  RecordType,
  RegisterNumber,
  ReportEntry,
  ReportPayload,
  VoidEntry,
  WatermarkPayload,
  WithdrawnEntry,
} from './record/payload.ts';
export { REFERENCE_BYTES, decodeReference, encodeReference } from './record/reference.ts';
export {
  type BlobName,
  type BlobScope,
  type ChunkSubject,
  blobFilter,
  chunkSubject,
  fileDropSubject,
  fileLocateSubject,
  parseChunkSubject,
  parseFileDropSubject,
  parseFileLocateSubject,
} from './subject/blob-subject.ts';
export {
  DIRECTORY_HEADS_SUBJECT,
  type EntryPlace,
  directoryChangedSubject,
  directoryEntrySubject,
  directoryGetSubject,
  directorySinceSubject,
  parseDirectoryChangedSubject,
  parseDirectoryEntrySubject,
  parseDirectoryGetSubject,
  parseDirectorySinceSubject,
} from './subject/directory-subject.ts';
export { LANES, type Lane, type Priority, laneOfPriority } from './subject/lane.ts';
export {
  type AliveSubject,
  MESSAGE_KINDS,
  type MessageKind,
  type MessageSubject,
  type ReportSubject,
  type Scope,
  aliveSubject,
  messageSubject,
  parseAliveSubject,
  parseMessageSubject,
  parseReportSubject,
  reportSubject,
  scopeOf,
} from './subject/subject.ts';
