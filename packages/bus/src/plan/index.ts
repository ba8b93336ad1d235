export { type Applied, type ApplyOptions, applyPlace } from './apply.ts';
export {
  type BusPlan,
  type Place,
  type PlanRelay,
  type PlanServer,
  clientAddresses,
  placeOfSite,
} from './bus-plan.ts';
export {
  CENTRE_CREDENTIALS_FILE,
  CENTRE_PLAN_FILE,
  type CentrePlan,
  readCentrePlan,
} from './centre-plan.ts';
export {
  type HealthCode,
  type HealthFinding,
  type HealthState,
  judgePresence,
  judgeVersion,
} from './health.ts';
export {
  type InspectOptions,
  type PlaceStatus,
  type ServerStatus,
  connectPlace,
  inspectPlan,
} from './inspect.ts';
export type { LineDifference } from './line-difference.ts';
export { pushPlaceAccounts } from './push-accounts.ts';
export {
  type ChangedAccount,
  type PlanWithKeys,
  type ReplacedCredentials,
  replaceSiteCredentials,
  revokePlannedRelay,
} from './replace-credentials.ts';
export { SITE_PLAN_FILE, type SitePlan, readSitePlan } from './site-plan.ts';
export {
  PLAN_FILE,
  type WrittenFile,
  type WrittenPlan,
  openPlan,
  writePlan,
  writeServerConfigs,
  writeSiteSigner,
} from './write-plan.ts';
