export {
  CREDENTIALS_VALID_DAYS,
  mintAgencyCredentials,
  mintAgencyJwt,
  mintCentreCredentials,
  mintLeafCredentials,
  mintRelayCredentials,
  mintSiteCredentials,
} from './credentials.ts';
export {
  type AgencyInput,
  type Enrolled,
  type Enrolment,
  type EnrolmentOptions,
  openEnrolment,
} from './enrolment.ts';
export {
  type EntryDraft,
  type RegisteredEntry,
  type Registry,
  type RegistryOptions,
  openRegistry,
} from './registry.ts';
export { type SiteOptions, type SiteService, openSite } from './service.ts';
