export { UNPACKED_PAGE_BYTES, createDirectoryDesk } from './directory/desk.ts';
export { type CentreOptions, type CentreService, openCentre } from './centre.ts';
export {
  mintAgencyCredentials,
  mintCentreCredentials,
  mintSiteCredentials,
} from './credentials.ts';
export {
  type AgencyInput,
  type Enrolled,
  type Enrolment,
  type EnrolledWithKey,
  type EnrolmentOptions,
  openEnrolment,
} from './enrolment.ts';
export {
  type EnrolmentDesk,
  type EnrolmentDeskOptions,
  createEnrolmentDesk,
} from './enrolment/desk.ts';
export type { PresenceDesk } from './presence-desk.ts';
export { PRESENCE_FILE, type SitePresence, readSitePresence } from './presence-file.ts';
export { MAX_GOOD_CERTIFICATES } from './enrolment/grant.ts';
export {
  type EnrolmentHttp,
  type EnrolmentHttpOptions,
  serveEnrolmentDesk,
} from './enrolment/http.ts';
export {
  type PendingEnrolment,
  type PendingEnrolments,
  type PendingMember,
  openPendingEnrolments,
} from './enrolment/pending.ts';
export {
  type EntryDraft,
  type RegisteredEntry,
  type Registry,
  type RegistryOptions,
  draftOf,
  openRegistry,
} from './registry.ts';
export { type SiteOptions, type SiteService, openSite } from './service.ts';
export { type TakenKey, revokeTakenKeys } from './taken-keys.ts';
