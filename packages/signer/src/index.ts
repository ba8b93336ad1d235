export { certificatesOfCms } from './cms/certificates.ts';
export {
  ASIC_E_MEDIA_TYPE,
  type AsicFile,
  type BuiltAsicE,
  type OpenedAsicE,
  buildAsicE,
  openAsicE,
} from './asic/container.ts';
export { type AsicSourceFile, type WrittenAsicE, writeAsicEFile } from './asic/write-file.ts';
export { AsicEFile, type AsicFileEntry, openAsicEFile, verifyAsicEFile } from './asic/open-file.ts';
export { buildAsicS } from './asic/asic-s.ts';
export { addAsicSignature, addAsicTimeStamp, timeStampAsicSignatures } from './asic/extend.ts';
export { type AsicLimits, DEFAULT_ASIC_LIMITS, FILE_ASIC_LIMITS } from './asic/limits.ts';
export {
  MAX_OPEN_PART_BYTES,
  type OpenPart,
  matchesOpenPart,
  readOpenPart,
  verifyOpenPart,
  writeOpenPart,
} from './asic/open-part.ts';
export { ASIC_S_MEDIA_TYPE, type AsicAssertion, type OpenedAsic, openAsic } from './asic/open.ts';
export {
  type AsicAssertionReport,
  type AsicContainerReport,
  type AsicFileReport,
  type VerifyAsicOptions,
  verifyAsic,
} from './asic/verify-container.ts';
export { type AsicReport, type VerifyAsicEOptions, verifyAsicE } from './asic/verify.ts';
export { type ZipDeviation, findZipDeviation } from './asic/whole-zip.ts';
export type { CertificateUrls, ServerNames } from './authority/addresses.ts';
export type { AuditEvent, AuditLog } from './authority/audit-log.ts';
export { type Authority, type AuthorityOptions, openAuthority } from './authority/authority.ts';
export type { IssuingCa } from './authority/ca-keys.ts';
export { type CreateAuthorityOptions, createAuthority } from './authority/create.ts';
export {
  type CertificateRequest,
  buildCertificateRequest,
  parseCertificateRequest,
  readSubjectName,
} from './authority/csr.ts';
export type { IssuedCertificate, RevokedState } from './authority/index-file.ts';
export type {
  GrantOptions,
  Granted,
  IssueRequest,
  Issued,
  RenewOptions,
} from './authority/issue.ts';
export {
  type OcspResponder,
  type OcspResponderOptions,
  createOcspResponder,
  ocspHandler,
} from './authority/ocsp-responder.ts';
export { CERTIFICATE_USES, type CertificateUse, type SubjectName } from './authority/profile.ts';
export type { RevokeOptions } from './authority/revoke.ts';
export { type AuthorityServiceOptions, startAuthorityService } from './authority/service.ts';
export { AUTHORITY_FILES } from './authority/store.ts';
export type { CmsContent, DetachedContent } from './cms/content.ts';
export { type CmsCertificates, type SignCmsOptions, hashOfSigner, signCms } from './cms/sign.ts';
export { addSignatureTimeStamp } from './cms/time-stamp.ts';
export {
  type JudgeOptions,
  type PlainSignatureVerdict,
  type SignatureInput,
  type SignatureVerdict,
  createSignatureVerifier,
  verifyAttached,
  verifyDetached,
} from './cms/verify-detached.ts';
export { type CmsMode, type CmsVerdict, verifyCms } from './cms/verify.ts';
export {
  SIGNER_ERRORS,
  SignerError,
  type SignerErrorCode,
  type SignerErrorDetails,
} from './errors.ts';
export type { RunningService, ServiceHandler } from './http/server.ts';
export { type KeyAlgorithm, type KeyPair, generateKeys } from './keys/generate.ts';
export { type KeyDescription, type OpenedSigner, openSigner } from './keys/open.ts';
export { encryptPrivateKeyInfo } from './keys/pbes2.ts';
export { type ListedToken, listTokens } from './keys/pkcs11/list.ts';
export type { AskPin, PinRequest } from './keys/pkcs11/login.ts';
export type { TokenCertificate } from './keys/pkcs11/objects.ts';
export type { PinState, TokenDescription } from './keys/pkcs11/slots.ts';
export { type OpenTokenOptions, type TokenSigner, openToken } from './keys/pkcs11/token.ts';
export type { Pkcs12Choice } from './keys/pkcs12/pick.ts';
export { type OpenPkcs12Options, openPkcs12, openPkcs12Decryptor } from './keys/pkcs12/read.ts';
export type {
  AuthorizationRequest,
  RemoteProgress,
  SecretRequest,
} from './keys/remote/authorize.ts';
export type { AccessTokenRequest, GetAccessToken } from './keys/remote/client.ts';
export {
  type ListedCredential,
  type OpenRemoteSignerOptions,
  type RemoteServiceOptions,
  type RemoteSigner,
  listRemoteCredentials,
  openRemoteSigner,
} from './keys/remote/signer.ts';
export { endOfPkcs12 } from './keys/pkcs12/ends.ts';
export { writePkcs12 } from './keys/pkcs12/write.ts';
export {
  type SignOptions,
  type SignatureAlgorithm,
  type Signer,
  createKeySigner,
} from './keys/signer.ts';
export type { ByteRange } from './pades/byte-range.ts';
export { addDocumentTimeStamp } from './pades/document-time-stamp.ts';
export { type ExtendPdfOptions, extendPdf } from './pades/extend.ts';
export { certificatesOf } from './pades/certificates.ts';
export { type ExtractedSignature, listPdfSignatures } from './pades/extract.ts';
export { extractRevision } from './pades/revision.ts';
export { PDF_LEVELS, type PdfLevel, type ValidationDataSource } from './pades/level.ts';
export type { CertificationLevel, FieldLock } from './pades/mdp.ts';
export { type PreparedPdf, preparePdf } from './pades/prepare.ts';
export { repairPdf } from './pades/repair.ts';
export { requireSignablePdf } from './pades/signable.ts';
export { type SignPdfOptions, signPdf } from './pades/sign.ts';
export { type VerifyPdfOptions, verifyPdf } from './pades/verify.ts';
export type { ChangeKind, LaterChange } from './pades/verify/comparison.ts';
export type {
  PdfReport,
  PdfSecurityStoreReport,
  PdfSignatureReport,
  PdfTimeStampReport,
} from './pades/verify/report.ts';
export type { WidgetReport } from './pades/widget.ts';
export type { PolicyOptions } from './path/policy-tree.ts';
export type { Purpose } from './path/purpose.ts';
export { keepLists, knownLists } from './path/received-lists.ts';
export { TrustFolder } from './path/trust-folder.ts';
export {
  type EndOfLists,
  type TrustStore,
  createTrustStore,
  endsOfLists,
  loadTrustStore,
} from './path/trust-store.ts';
export type { CertificateReport, CertificateState } from './path/report.ts';
export { type PathOptions, type PathVerdict, validatePath } from './path/validate.ts';
export { DEFAULT_PDF_LIMITS, type PdfLimits } from './pdf/limits.ts';
export {
  type OcspContent,
  type OcspStatement,
  buildOcspResponse,
  encodeOcspError,
} from './revocation/ocsp-build.ts';
export { MAX_AGE_WITHOUT_NEXT_UPDATE_MS } from './revocation/ocsp-check.ts';
export {
  type OcspRequest,
  certIdOf,
  encodeOcspRequest,
  parseOcspRequest,
} from './revocation/ocsp-request.ts';
export {
  type CertId,
  type CertIdHash,
  type OcspErrorStatus,
  type OcspResponse,
  type ResponderId,
  type SingleResponse,
  parseBasicOcspResponse,
  parseOcspResponse,
} from './revocation/ocsp.ts';
export {
  EMPTY_VALIDATION_DATA,
  type ValidationData,
  mergeValidationData,
} from './revocation/validation-data.ts';
export { type CollectOptions, collectValidationData } from './revocation/collect.ts';
export { DEFAULT_FETCH_LIMITS, type FetchLimits } from './revocation/fetch.ts';
export type {
  CrlEvidence,
  OcspEvidence,
  RevocationEvidence,
  RevocationMode,
} from './revocation/evidence.ts';
export type { Appearance } from './stamp/appearance.ts';
export type { Corner, Rect, StampPlace } from './stamp/geometry.ts';
export { DEFAULT_PICTURE_LIMITS, type PictureLimits } from './stamp/png.ts';
export {
  type AgencyStamp,
  type AppendixStamp,
  type CopyStamp,
  type PersonalStamp,
  type PreparedStamp,
  type StampPicture,
  type StampTemplate,
  type StampUse,
  prepareStamp,
} from './stamp/prepare.ts';
export {
  type TimeStampAuthority,
  type TimeStampAuthorityOptions,
  createTimeStampAuthority,
  tsaHandler,
} from './tsp/authority.ts';
export { type TsaClientOptions, createTsaClient } from './tsp/client.ts';
export type { TimeStampSource } from './tsp/source.ts';
export { type TimeStampToken, parseTimeStampToken } from './tsp/token.ts';
export type { MessageImprint, TstInfo } from './tsp/tst-info.ts';
export { type TimeStampVerdict, type VerifyTimeStampInput, verifyTimeStamp } from './tsp/verify.ts';
export { type Decryptor, createKeyDecryptor } from './seal/decryptor.ts';
export { type ExpectedFile, sealFile, unsealFile } from './seal/file.ts';
export {
  type FileSurvey,
  type LongWork,
  discard,
  readPieces,
  surveyBytes,
  surveyFile,
} from './disk/pieces.ts';
export { type WriteTarget, type WrittenFile, saveStream } from './disk/write-whole.ts';
export { MAX_MESSAGE_CONTENT_BYTES } from './seal/message.ts';
export type { RecipientName } from './seal/recipient-read.ts';
export { MAX_RECIPIENTS } from './seal/recipient.ts';
export {
  type ByteSource,
  type OpenedSeal,
  type SealOptions,
  type SealStreamOptions,
  type SealedInfo,
  type StreamOptions,
  type UnsealOptions,
  type UnsealStreamOptions,
  openSealed,
  readSealedInfo,
  sealBytes,
  sealStream,
  unsealBytes,
  unsealStream,
} from './seal/seal.ts';
export type { Indication, Judgement, SubIndication } from './verdict.ts';
export type { HashName } from './x509/algorithm.ts';
export { type Certificate, parseCertificate, parseCertificates } from './x509/certificate.ts';
export {
  type CertificateList,
  type RevocationReason,
  type RevokedEntry,
  parseCrl,
} from './x509/crl.ts';
export { isCrlSignedBy } from './revocation/crl-signature.ts';
export { parseCertificateFile } from './x509/certificate-file.ts';
export { decodePem, encodePem } from './x509/pem.ts';
