import { type Site, parseSite } from '../agency/tier.ts';
import { agencyAccount } from '../permission/account.ts';

/** Names of the files in a folder of keys. */
export const OPERATOR_SEED = 'operator.seed';
export const AGENCY_SEED = /^AGENCY_([A-Z0-9]+)\.seed$/;
export const SIGNER_FILE = /^AGENCY_([A-Z0-9]+)\.signer\.json$/;

export function signerFileName(site: Site): string {
  return `${agencyAccount(parseSite(site))}.signer.json`;
}
