import { type AgencyCode, parseAgencyCode, parseSite, type Site } from '@congvan/bus';

/** The cast's codes are texts in the scenario; here they become what the bus checks and takes. */
export function agencyCode(code: string): AgencyCode {
  return parseAgencyCode(code);
}

export function siteCode(site: string): Site {
  return parseSite(site);
}
