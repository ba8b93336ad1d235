import { type AgencyCode, codeToToken, tokenToCodeOrUndefined } from '../agency/code.ts';
import { type Site, isSite, parseSite } from '../agency/tier.ts';

/** Asks the site service for revocation lists. */
export const REVOCATION_LISTS_SUBJECT = 'vb.directory.crls';
const PREFIX = 'vb.renew.';

/** `vb.renew.<site>.<code>`: an agency asks for its next certificates and broker rights. */
export function renewalSubject(from: { readonly code: AgencyCode; readonly site: Site }): string {
  return `${PREFIX}${parseSite(from.site)}.${codeToToken(from.code)}`;
}

/** Reads what {@link renewalSubject} writes; `undefined` for any other subject. */
export function parseRenewalSubject(
  subject: string,
): { readonly code: AgencyCode; readonly site: Site } | undefined {
  if (!subject.startsWith(PREFIX)) return undefined;
  const [site, token, ...more] = subject.slice(PREFIX.length).split('.');
  const code = token === undefined ? undefined : tokenToCodeOrUndefined(token);
  if (site === undefined || !isSite(site) || code === undefined || more.length > 0)
    return undefined;
  return { code, site };
}
